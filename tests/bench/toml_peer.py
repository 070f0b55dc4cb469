# SPDX-License-Identifier: MIT
"""What Python needs for as much: FOLDER REQUEST.json, as bench_toml has it. Prints "generate N" and "read N" per second.

`generate` reads the request, resolves its paths and writes as many lines as config.toml has, with repr() for the values and
no field judged: less than any generator must do. `read` is tomllib on the config.toml that lies in FOLDER.
"""
import json
import os
import sys
import time

root, request = sys.argv[1:]
text = open(request, encoding="utf-8").read()
toml = open(os.path.join(root, "config.toml"), encoding="utf-8").read()
keys = [line.split(" = ")[0] for line in toml.splitlines()]


def generate():
    given = json.loads(text)
    for name in ("pretrained_model_name_or_path", "train_data_dir", "output_dir", "vae_path"):
        given[name] = os.path.realpath(os.path.join(root, given[name]))
        os.path.exists(given[name])
    for _ in os.scandir(given["train_data_dir"]):
        pass
    return "".join(f"{key} = {given.get(key, 1.0)!r}\n" for key in keys)


def rate(fn, times=400):
    best = 0
    for _ in range(5):
        start = time.process_time()
        for _ in range(times):
            fn()
        best = max(best, times / (time.process_time() - start))
    return best


print(f"generate {rate(generate):.0f}")
try:
    import tomllib
    print(f"read {rate(lambda: tomllib.loads(toml)):.0f}")
except ImportError:  # before 3.11
    pass
