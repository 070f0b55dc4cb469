#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write models/demo/model.onnx and selected_tags.csv: a tagger in WD's format, built by hand instead of trained.

Development only: needs the Python package onnx; the files it writes are committed. Usage: tools/make-demo-tagger.py

The graph measures what it is shown and nothing else. Input: NHWC float32, BGR, 0...255, 128 x 128, a white square with
the picture in the middle. Output: one probability per tag.

  padding      rows (columns) of pure white that lie at both opposite edges, the smaller number of both; one more on each
               side is mixed with the picture's edge and left out too. A picture that is all white has no padding.
  luma         0.299 R + 0.587 G + 0.114 B of the rest: mean and standard deviation
  colour       the point of a pixel in the hue plane (red at 0, yellow at 60, ... degrees); its length is how colourful
  hue share    of each theme: colourfulness in its sector, of all colourfulness
  one hue      length of the mean hue vector over the mean length: 1 when all pixels have the same hue

Each tag is a logistic function of one or two of these, steep around a threshold that stands in TAGS below.
"""
import csv
import math
import pathlib

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

SIZE = 128
WHITE = 254.5  # a row whose smallest sample is above this is white

# name, where its sector of hue begins (degrees); it ends where the next one begins
THEMES = [("red_theme", 345), ("orange_theme", 18), ("yellow_theme", 45), ("green_theme", 70), ("aqua_theme", 160),
          ("blue_theme", 200), ("purple_theme", 258), ("pink_theme", 295)]
SHARE, COLOURFUL = (0.5, 20), (0.08, 80)  # threshold and steepness: share of a theme; mean colourfulness it needs
GREY = (0.03, -200)                       # mean colourfulness below which a picture is grey
ONE_HUE = (0.95, 80)
DARK, BRIGHT, CONTRAST = (0.25, -40), (0.75, 40), (0.33, 60)
SQUARE = 6.5  # sides that differ by less than this, of SIZE, are equal

OTHERS_BEFORE = ["monochrome", "greyscale"]
OTHERS_AFTER = ["dark", "bright", "high_contrast", "landscape", "portrait", "square"]
TAGS = OTHERS_BEFORE + [name for name, _ in THEMES] + OTHERS_AFTER

nodes, constants = [], {}


def const(value, dtype=np.float32):
    array = np.asarray(value, dtype)
    key = (array.dtype.str, array.shape, array.tobytes())
    if key not in constants:
        constants[key] = numpy_helper.from_array(array, f"c{len(constants)}")
    return constants[key].name


def op(kind, *inputs, out=None, **attributes):
    name = out or f"v{len(nodes)}"
    nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
    return name


def ints(*values):
    return const(values, np.int64)


def number(condition):
    return op("Cast", condition, to=TensorProto.FLOAT)


def total(x, *axes):
    return op("ReduceSum", x, ints(*axes), keepdims=0)


def steep(x, threshold, steepness):
    """Logistic function around a threshold."""
    return op("Sigmoid", op("Mul", op("Sub", x, const(threshold)), const(steepness)))


def keep_along(smallest):
    """[N, SIZE] smallest sample of each row -> 1 for rows of the picture, 0 for padding; and how many of them."""
    other = number(op("Less", smallest, const(WHITE)))
    first, last = (op("CumSum", other, const(1, np.int64), reverse=r) for r in (0, 1))
    white_before, white_after = (total(number(op("Less", seen, const(0.5))), 1) for seen in (first, last))
    padding = op("Min", white_before, white_after)
    padding = op("Mul", padding, number(op("Less", padding, const(SIZE - 0.5))))  # all white: none of it is padding
    mixed = op("Min", padding, const(1.0))
    edge = op("Unsqueeze", op("Add", padding, mixed), ints(1))
    index = const(np.arange(SIZE)[None, :])
    keep = op("Mul", number(op("GreaterOrEqual", index, edge)),
              number(op("Less", index, op("Sub", const(float(SIZE)), edge))))
    length = op("Sub", const(float(SIZE)), op("Mul", padding, const(2.0)))
    return keep, length


def build():
    x = "input"
    rows, height = keep_along(op("ReduceMin", x, axes=[2, 3], keepdims=0))
    columns, width = keep_along(op("ReduceMin", x, axes=[1, 3], keepdims=0))
    weight = op("Mul", op("Unsqueeze", rows, ints(2)), op("Unsqueeze", columns, ints(1)))  # [N, H, W]
    area = total(weight, 1, 2)

    unit = op("Div", x, const(255.0))
    luma = op("Squeeze", op("MatMul", unit, const([[0.114], [0.587], [0.299]])), ints(3))
    mean = op("Div", total(op("Mul", luma, weight), 1, 2), area)
    off = op("Sub", luma, op("Unsqueeze", mean, ints(1, 2)))
    deviation = op("Sqrt", op("Div", total(op("Mul", op("Mul", off, off), weight), 1, 2), area))

    half = math.sqrt(3) / 2
    hue = op("MatMul", unit, const([[-0.5, -half], [-0.5, half], [1.0, 0.0]]))  # [N, H, W, 2] from B, G, R
    colour = op("Mul", op("ReduceL2", hue, axes=[3], keepdims=0), weight)
    all_colour = total(colour, 1, 2)
    colourful = op("Div", all_colour, area)
    safe = op("Max", all_colour, const(1e-6))
    vector = total(op("Mul", hue, op("Unsqueeze", weight, ints(3))), 1, 2)
    one_hue = op("Div", op("ReduceL2", vector, axes=[1], keepdims=0), safe)

    angles = [math.radians(begin) for _, begin in THEMES]
    side = op("MatMul", hue, const([[-math.sin(a) for a in angles], [math.cos(a) for a in angles]]))
    behind = number(op("GreaterOrEqual", side, const(0.0)))  # at or behind the beginning of each sector
    next_one = op("Gather", behind, ints(*[(i + 1) % len(angles) for i in range(len(angles))]), axis=3)
    inside = op("Mul", behind, op("Sub", const(1.0), next_one))
    shares = op("Div", total(op("Mul", inside, op("Unsqueeze", colour, ints(3))), 1, 2), op("Unsqueeze", safe, ints(1)))
    enough = steep(colourful, *COLOURFUL)
    themes = op("Mul", steep(shares, *SHARE), op("Unsqueeze", enough, ints(1)))

    grey = steep(colourful, *GREY)
    single = op("Max", grey, op("Mul", steep(one_hue, *ONE_HUE), enough))
    wider = op("Sub", width, height)
    before = [single, grey]
    after = [steep(mean, *DARK), steep(mean, *BRIGHT), steep(deviation, *CONTRAST), steep(wider, SQUARE, 2),
             steep(wider, -SQUARE, -2), steep(op("Abs", wider), SQUARE, -2)]
    before, after = ([op("Unsqueeze", v, ints(1)) for v in part] for part in (before, after))
    op("Concat", *before, themes, *after, out="output", axis=1)


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "models" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    build()
    shape = ["batch_size", SIZE, SIZE, 3]
    graph = helper.make_graph(
        nodes, "lorica-demo-tagger", [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch_size", len(TAGS)])],
        list(constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name="tools/make-demo-tagger.py")
    checker.check_model(model, full_check=True)
    save(model, str(folder / "model.onnx"))
    with open(folder / "selected_tags.csv", "w", newline="", encoding="utf-8") as f:
        rows = csv.writer(f, lineterminator="\n")
        rows.writerow(["tag_id", "name", "category", "count"])
        for i, name in enumerate(TAGS):
            rows.writerow([i + 1, name, 0, 0])


if __name__ == "__main__":
    main()
