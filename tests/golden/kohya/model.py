#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A second, independent statement of the trainer's file rule, buckets and step counts, and what plans.txt is made of.

    model.py > plans.txt            1,000 random datasets and settings, and what comes of them
    model.py --against SD_SCRIPTS   the same 1,000 through the functions of a copy of kohya's sd-scripts: its own
                                    BucketManager, make_bucket_resolutions, glob_images and DreamBoothDataset's limits are
                                    cut out of the source and run without importing torch

Only Python's standard library (numpy is used by --against, because sd-scripts' code calls it).
Lines of plans.txt (src/kohya/test_plans.c reads them; numbers are decimal):
    plan enable no_upscale width height min max steps batch accumulation epochs max_steps
    dir repeats                                    one image folder; the files that follow lie in it
    file width height name                         as it lies on the disk; the name may hold blanks
    seen bucket_w bucket_h resized_w resized_h name   what the trainer makes of it, in its order
    thin name                                      seen, and nothing of a side is left: the trainer fails
    bucket width height pictures samples batches
    end batches steps_per_epoch steps epochs
    stops key                                      instead of dir … end: the trainer refuses these settings
"""
import ast
import math
import os
import random
import sys
import tempfile

PLANS = 1000
SEEN = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SUFFIXES = SEEN + tuple(s.upper() for s in SEEN) + (".Png", ".JPg", ".gif", ".tif", ".jfif", ".avif", ".txt", ".PNG", "")
STEMS = ("a", "b c", "Ü", "猫", "x.y", "1", "z_1_2_3_4", "[k]", "~", ".h", "é")


class Stops(Exception):
    """The trainer refuses the settings."""


class Thin(Exception):
    """A side of nothing: the trainer divides by zero, or fails at encoding it."""


def sizes(plan):
    """Resolutions to choose from; None with no_upscale."""
    area = plan["width"] * plan["height"]
    if not plan["enable"]:
        return [(plan["width"], plan["height"])]
    step = plan["steps"]
    low = plan["min"] // step * step
    high = -(-plan["max"] // step) * step
    if min(plan["width"], plan["height"]) < low:
        raise Stops("min_bucket_reso")
    if max(plan["width"], plan["height"]) > high:
        raise Stops("max_bucket_reso")
    if plan["no_upscale"]:
        return None
    if low == 0 or min(plan["width"], plan["height"]) < step:
        raise Stops("bucket_reso_steps")
    side = int(math.sqrt(area) // step) * step
    found = {(side, side)}
    for a in range(low, high + 1, step):
        b = min(high, area // a // step * step)
        if b >= low:
            found |= {(a, b), (b, a)}
    return sorted(found)


def fit(plan, choices, w, h):
    ratio = w / h
    if choices is None:
        step, area = plan["steps"], plan["width"] * plan["height"]
        down = lambda x: int(x + 0.5) // step * step
        if w * h > area:
            fw = math.sqrt(area * ratio)
            fh = area / fw
            a, b = down(fw), down(fh)
            a_other, b_other = down(a / ratio), down(b * ratio)
            if not a_other or not b:
                raise Thin
            if abs(a / a_other - ratio) < abs(b_other / b - ratio):
                rw, rh = a, int(a / ratio + 0.5)
            else:
                rw, rh = int(b * ratio + 0.5), b
        else:
            rw, rh = w, h
        bw, bh = rw - rw % step, rh - rh % step
        if not bw or not bh:
            raise Thin
        return bw, bh, rw, rh
    if (w, h) in choices:
        bw, bh = w, h
    else:
        bw, bh = min(choices, key=lambda c: abs(c[0] / c[1] - ratio))
    scale = bh / h if ratio > bw / bh else bw / w
    return bw, bh, int(w * scale + 0.5), int(h * scale + 0.5)


def sees(name):
    suffix = os.path.splitext(name)[1]
    return not name.startswith(".") and suffix.lower() in SEEN and suffix in (suffix.lower(), suffix.upper())


def random_plan(r):
    p = {"enable": int(r.random() < 0.85), "no_upscale": int(r.random() < 0.35)}
    p["width"] = r.choice((64, 256, 512, 640, 768, 1024, 1024, 1280, 2048, r.randrange(64, 2049)))
    p["height"] = p["width"] if r.random() < 0.8 else r.randrange(64, 2049)
    p["min"] = r.choice((64, 128, 256, 320, 512, r.randrange(64, 1025)))
    p["max"] = r.choice((1024, 1536, 2048, 4096, r.randrange(512, 4097)))
    p["steps"] = r.choice((64, 64, 32, 16, 8, 128, 1, r.randrange(1, 200)))
    p["batch"] = r.choice((1, 1, 2, 3, 4, 8, r.randrange(1, 65)))
    p["accumulation"] = r.choice((1, 1, 1, 2, 4, r.randrange(1, 17)))
    p["epochs"] = r.randrange(1, 40)
    p["max_steps"] = r.choice((0, 0, 1, r.randrange(1, 5000)))
    p["dirs"] = []
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        files = {}
        for _ in range(r.choice((0, 1, 2, 5, 12, 30)) if p["dirs"] or r.random() < 0.9 else 60):
            shape = r.random()
            if shape < 0.15:
                w, h = p["width"], p["height"]
            elif shape < 0.25:
                w, h = r.randrange(1, 100), r.randrange(1, 4000)
            else:
                w, h = r.randrange(100, 4001), r.randrange(100, 4001)
            name = r.choice(STEMS) + (str(r.randrange(100)) if r.random() < 0.8 else "") + r.choice(SUFFIXES)
            files[name] = (w, h)
        p["dirs"].append((r.choice((1, 1, 2, 5, 10, r.randrange(1, 100))), files))
    return p


def plans():
    r = random.Random(20261125)
    return [random_plan(r) for _ in range(PLANS)]


def solve(p):
    """Lines after the first, without dir and file lines' own input; the model's answer."""
    try:
        choices = sizes(p)
    except Stops as why:
        return [f"stops {why}"]
    out, buckets = [], {}
    for repeats, files in p["dirs"]:
        out.append(f"dir {repeats}")
        out += [f"file {w} {h} {n}" for n, (w, h) in sorted(files.items())]
        for name in sorted(filter(sees, files)):
            try:
                bw, bh, rw, rh = fit(p, choices, *files[name])
            except Thin:
                out.append(f"thin {name}")
                continue
            out.append(f"seen {bw} {bh} {rw} {rh} {name}")
            pictures, samples = buckets.get((bw, bh), (0, 0))
            buckets[bw, bh] = pictures + 1, samples + repeats
    batches = 0
    for (w, h), (pictures, samples) in sorted(buckets.items()):
        n = -(-samples // p["batch"])
        batches += n
        out.append(f"bucket {w} {h} {pictures} {samples} {n}")
    per_epoch = -(-batches // p["accumulation"])
    steps = p["max_steps"] or p["epochs"] * per_epoch
    epochs = -(-p["max_steps"] // per_epoch) if p["max_steps"] and per_epoch else p["epochs"]
    out.append(f"end {batches} {per_epoch} {steps if batches else 0} {epochs if batches else 0}")
    return out


def show(p):
    keys = ("enable", "no_upscale", "width", "height", "min", "max", "steps", "batch", "accumulation", "epochs", "max_steps")
    return ["plan " + " ".join(str(p[k]) for k in keys)] + solve(p)


# ---- sd-scripts' own code ---------------------------------------------------------------------------------------------


def cut(path, names, space):
    """Run these classes, functions and assignments of a source file in `space`; the rest of it is not looked at."""
    tree = ast.parse(open(path, encoding="utf-8").read())
    for node in tree.body:
        name = getattr(node, "name", None)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        if name in names:
            exec(compile(ast.Module([node], []), path, "exec"), space)
    for node in ast.walk(tree):  # a method, as a function
        if isinstance(node, ast.FunctionDef) and node.name in names and node.name not in space:
            exec(compile(ast.Module([node], []), path, "exec"), space)


class Quiet:
    def __getattr__(self, _):
        return lambda *a, **k: None


def their_plan(p, t, root):
    """The lines of solve(), made by sd-scripts' functions."""
    reso = (p["width"], p["height"])
    try:
        if p["enable"]:
            low, high = t["adjust_min_max_bucket_reso_by_steps"](None, reso, p["min"], p["max"], p["steps"])
            m = t["BucketManager"](bool(p["no_upscale"]), reso, low, high, p["steps"])
            if not p["no_upscale"]:
                m.make_buckets()
        else:
            m = t["BucketManager"](False, reso, None, None, None)
            m.set_predefined_resos([reso])
    except (AssertionError, ZeroDivisionError) as why:
        text = str(why)
        return ["stops " + ("min_bucket_reso" if text.startswith("min_b") else "max_bucket_reso" if text.startswith("max_b")
                            else "bucket_reso_steps")]
    out = []
    for i, (repeats, files) in enumerate(p["dirs"]):
        folder = os.path.join(root, f"d{i}")
        os.mkdir(folder)
        for n in files:
            open(os.path.join(folder, n), "w").close()
        out.append(f"dir {repeats}")
        out += [f"file {w} {h} {n}" for n, (w, h) in sorted(files.items())]
        for path in t["glob_images"](folder, "*"):
            name = os.path.basename(path)
            try:
                bucket, resized, _ = m.select_bucket(*files[name])
                if bucket[0] == 0:  # goes through here, and fails later: no VAE encodes nothing
                    raise ZeroDivisionError
            except ZeroDivisionError:
                out.append(f"thin {name}")
                continue
            out.append("seen %d %d %d %d %s" % (*bucket, *resized, name))
            for _ in range(repeats):
                m.add_image(bucket, name)
            m.pictures = getattr(m, "pictures", {})
            m.pictures[bucket] = m.pictures.get(bucket, 0) + 1
    m.sort()
    batches = 0
    for reso, bucket in zip(m.resos, m.buckets):
        if not bucket:
            continue
        n = int(math.ceil(len(bucket) / p["batch"]))  # BaseDataset.make_buckets
        batches += n
        out.append("bucket %d %d %d %d %d" % (*reso, m.pictures[reso], len(bucket), n))
    per_epoch = math.ceil(batches / p["accumulation"])  # train_network.py
    steps = p["max_steps"] or p["epochs"] * math.ceil(batches / 1 / p["accumulation"])
    epochs = (math.ceil(steps / per_epoch) if p["max_steps"] else p["epochs"]) if batches else 0
    out.append(f"end {batches} {per_epoch} {steps if batches else 0} {epochs}")
    return out


def against(folder):
    import glob
    import typing

    import numpy

    model_util = type("model_util", (), {})
    t = {"math": math, "np": numpy, "random": random, "glob": glob, "os": os, "Tuple": typing.Tuple, "logger": Quiet(),
         "model_util": model_util}
    cut(os.path.join(folder, "library/model_util.py"), {"make_bucket_resolutions"}, t)
    model_util.make_bucket_resolutions = staticmethod(t["make_bucket_resolutions"])
    cut(os.path.join(folder, "library/train_util.py"),
        {"BucketManager", "glob_images", "IMAGE_EXTENSIONS", "adjust_min_max_bucket_reso_by_steps"}, t)
    different = 0
    for i, p in enumerate(plans()):
        with tempfile.TemporaryDirectory() as root:
            ours, theirs = solve(p), their_plan(p, t, root)
        if ours != theirs:
            different += 1
            if different <= 5:
                print(i, p, *(f"\n  {a}\n  {b}" for a, b in zip(ours, theirs) if a != b), sep=" ")
    print(f"{PLANS} plans, {different} different")
    return different


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--against":
        sys.exit(1 if against(sys.argv[2]) else 0)
    for plan in plans():
        print("\n".join(show(plan)))
