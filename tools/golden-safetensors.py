#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/safetensors/mixed.tsv with the reference library (pip install safetensors numpy ml_dtypes).

Columns: what, value. `file` is a whole file in hex that our writer must reproduce; `floats` are pairs bits32:bits16 for
f16 and bf16; f8 tables give the float bits of all 256 codes.
"""
import pathlib
import struct

import ml_dtypes
import numpy as np
from safetensors.numpy import save

out = pathlib.Path(__file__).parent.parent / "tests/golden/safetensors/mixed.tsv"
tensors = {
    "b.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a.weight": np.array([1, -2, 0.5], np.float16),
    "z.alpha": np.array(8, np.float16),
    "count": np.array([-7], np.int64),
    "mask": np.array([1, 0, 1, 1, 0], bool),
    "c\u00e9\"quote": np.zeros((0, 4), np.float32),
}
lines = ["# made by tools/golden-safetensors.py with the safetensors library"]
lines.append("file\t" + save(tensors, {"note": "tab\t\"q\" \\ \u00fc \x01"}).hex())

rng = np.random.default_rng(1)
bits = np.concatenate([
    rng.integers(0, 2**32, 400, dtype=np.uint64).astype(np.uint32),
    ((rng.integers(95, 150, 400) << 23) | rng.integers(0, 2**23, 400)).astype(np.uint32),
    np.array([0, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0x477fefff, 0x477ff000, 0x33000000, 0x33000001,
              0x38800000, 0x387fffff, 0x387fe000, 0x3f801000, 0x3f803000, 0x3f808000, 0x3f818000, 0x7f7fffff, 1], np.uint32),
])
with np.errstate(over="ignore", invalid="ignore"):
    f = bits.view(np.float32)
    lines.append("f16\t" + " ".join(f"{b:08x}:{h:04x}" for b, h in zip(bits, f.astype(np.float16).view(np.uint16))))
    lines.append("bf16\t" + " ".join(f"{b:08x}:{h:04x}" for b, h in zip(bits, f.astype(ml_dtypes.bfloat16).view(np.uint16))))
    for name, dtype in [("F8_E5M2", ml_dtypes.float8_e5m2), ("F8_E4M3", ml_dtypes.float8_e4m3fn),
                        ("F8_E8M0", ml_dtypes.float8_e8m0fnu), ("F8_E4M3FNUZ", ml_dtypes.float8_e4m3fnuz),
                        ("F8_E5M2FNUZ", ml_dtypes.float8_e5m2fnuz)]:
        values = np.arange(256, dtype=np.uint8).view(dtype).astype(np.float32).view(np.uint32)
        lines.append(name + "\t" + " ".join(f"{v:08x}" for v in values))
out.write_text("\n".join(lines) + "\n")
