#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes tests/golden/engine/ with PyTorch (Debian: python3-torch python3-numpy).

ops.safetensors  every operation: result and gradient of sum(g * y), inputs made by made_number() below
net.safetensors  a small text encoder and UNet with random weights: outputs, one LoRA step, weights after AdamW
rng.tsv          what PyTorch's and Python's generators give
"""
import json
import math
import pathlib
import random
import struct

import numpy as np
import torch
import torch.nn.functional as F

OUT = pathlib.Path(__file__).parent.parent / "tests/golden/engine"
torch.set_num_threads(1)


def made(seed, n):
    """The same numbers as made_number() in src/engine/testing.h."""
    h = (np.arange(n, dtype=np.uint64) * 0x9E3779B1 + (seed * 0x85EBCA77 & 0xFFFFFFFF)) & 0xFFFFFFFF
    h ^= h >> np.uint64(15)
    h = h * 0x2C1B3C6D & 0xFFFFFFFF
    h ^= h >> np.uint64(12)
    h = h * 0x297A2D39 & 0xFFFFFFFF
    h ^= h >> np.uint64(15)
    return (h / 2147483648.0 - 1.0).astype(np.float32)


def save(path, tensors):
    header, blob = {}, b""
    for name, t in tensors.items():
        a = np.ascontiguousarray(t.detach().numpy() if torch.is_tensor(t) else t, dtype=np.float32)
        header[name] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": [len(blob), len(blob) + a.nbytes]}
        blob += a.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


# ---- Operations (the cases of src/engine/test_ops.c, in its order) ---------------------------------------------------


def take(x, *shapes):
    parts, at = [], 0
    for s in shapes:
        n = math.prod(s)
        parts.append(x[at:at + n].view(*s))
        at += n
    assert at == x.numel()
    return parts


def conv(x, b, h, w, ci, co, stride):
    i, k, bias = take(x, (b, h, w, ci), (co, ci, 3, 3), (co,))
    return F.conv2d(i.permute(0, 3, 1, 2), k, bias, stride, 1).permute(0, 2, 3, 1)


def group_norm(x, silu):
    i, g, b = take(x, (2, 6, 8), (8,), (8,))
    y = F.group_norm(i.permute(0, 2, 1), 4, g, b, 1e-5).permute(0, 2, 1)
    return F.silu(y) if silu else y


def attention(x, b, h, q, k, d, causal):
    qq, kk, vv = (t.transpose(1, 2) for t in take(x, (b, q, h, d), (b, k, h, d), (b, k, h, d)))
    s = qq @ kk.transpose(-1, -2) / math.sqrt(d)
    if causal:
        s = s.masked_fill(torch.ones(q, k, dtype=bool).triu(1), -math.inf)
    return (s.softmax(-1) @ vv).transpose(1, 2)


def linear(x):
    i, w, b = take(x, (3, 5), (4, 5), (4,))
    return F.linear(i, w, b)


def layer_norm(x):
    i, g, b = take(x, (5, 12), (12,), (12,))
    return F.layer_norm(i, (12,), g, b)


def geglu(x):
    a, g = x.view(4, 12).chunk(2, -1)
    return a * F.gelu(g)


def add_row(x):
    i, e = take(x, (2, 3, 4), (2, 4))
    return i + e[:, None]


def upsample(x):
    return F.interpolate(x.view(2, 2, 3, 2).permute(0, 3, 1, 2), scale_factor=2.0).permute(0, 2, 3, 1)


def embed(x):
    table, pos = take(x, (4, 5), (3, 5))
    return F.embedding(torch.tensor([[2, 0, 2], [3, 3, 1]]), table) + pos


def concat(x):
    return torch.cat(take(x, (4, 3), (4, 2)), 1)


OPS = [
    ("linear", 39, linear),
    ("conv", 284, lambda x: conv(x, 2, 4, 6, 3, 5, 1)),
    ("conv_stride2", 340, lambda x: conv(x, 2, 6, 4, 4, 4, 2)),
    ("group_norm", 112, lambda x: group_norm(x, False)),
    ("group_norm_silu", 112, lambda x: group_norm(x, True)),
    ("layer_norm", 84, layer_norm),
    ("silu", 40, lambda x: F.silu(5 * x)),
    ("gelu", 40, lambda x: F.gelu(5 * x)),
    ("quick_gelu", 40, lambda x: 5 * x * torch.sigmoid(1.702 * 5 * x)),
    ("geglu", 48, geglu),
    ("attention_self", 1680, lambda x: attention(x, 1, 2, 70, 70, 4, False)),
    ("attention_cross", 176, lambda x: attention(x, 2, 2, 5, 3, 4, False)),
    ("attention_causal", 216, lambda x: attention(x, 2, 3, 6, 6, 2, True)),
    ("add_row", 32, add_row),
    ("concat", 20, concat),
    ("upsample", 24, upsample),
    ("embed", 35, embed),
]


def ops():
    out = {}
    for i, (name, n, fn) in enumerate(OPS):
        x = torch.from_numpy(made(2 * i + 1, n)).requires_grad_()
        y = fn(x).reshape(-1)
        (y * torch.from_numpy(made(2 * i + 2, y.numel()))).sum().backward()
        out[name + ".y"], out[name + ".dx"] = y, x.grad
    save(OUT / "ops.safetensors", out)


# ---- A small network (the arch of src/engine/test_net.c) -------------------------------------------------------------

CH, MULT, DEPTH, RES, HEADS, FF, GROUPS, CTX, TOKENS, VOCAB = 16, (1, 2), (0, 1), 1, 2, 2, 4, 16, 6, 12
BATCH, SIZE, CHANNELS, RANK, ALPHA, CONV_RANK, CONV_ALPHA = 3, 8, 4, 4, 2.0, 2, 1.0


def fnv(name):
    h = 0x811C9DC5
    for c in name.encode():
        h = (h ^ c) * 0x01000193 & 0xFFFFFFFF
    return h


class Net:
    """Forward over weights made from their names; `lora` maps a layer's kohya name to (down, up, scale)."""

    def __init__(self):
        self.lora = {}
        self.ranks = {}

    def param(self, name, *shape):
        x = torch.from_numpy(made(fnv(name), math.prod(shape))).view(*shape)
        if "norm" in name or ".in_layers.0" in name or ".out_layers.0" in name or ".out.0" in name:
            return 1 + 0.1 * x if name.endswith("weight") else 0.1 * x
        return x * (1.7 / math.sqrt(shape[1] * (shape[2] * shape[3] if len(shape) == 4 else 1)) if len(shape) > 1 else 0.1)

    def adapter(self, lora, shape, conv):
        name = lora.replace(".", "_")
        if name not in self.lora:
            rank, alpha = (CONV_RANK, CONV_ALPHA) if conv else (RANK, ALPHA)
            down_shape = (rank,) + shape[1:]
            up_shape = (shape[0], rank) + ((1, 1) if len(shape) == 4 else ())
            down = self.param(name + ".lora_down.weight", *down_shape).clone().requires_grad_()
            up = (0.5 * self.param(name + ".lora_up.weight", *up_shape)).clone().requires_grad_()
            self.lora[name] = (down, up, alpha / rank)
        return self.lora[name]

    def linear(self, x, path, lora, out, bias=True):
        w = self.param(path + ".weight", out, x.shape[-1])
        y = F.linear(x, w, self.param(path + ".bias", out) if bias else None)
        if lora:
            down, up, s = self.adapter(lora, tuple(w.shape), False)
            y = y + F.linear(F.linear(x, down), up) * s
        return y

    def conv(self, x, path, lora, out, k, stride=1):
        w = self.param(path + ".weight", out, x.shape[1], k, k)
        y = F.conv2d(x, w, self.param(path + ".bias", out), stride, k // 2)
        if lora:
            down, up, s = self.adapter(lora, tuple(w.shape), k > 1)
            y = y + F.conv2d(F.conv2d(x, down, None, stride, k // 2), up) * s
        return y

    def gn(self, x, path):
        c = x.shape[1]
        return F.group_norm(x, GROUPS, self.param(path + ".weight", c), self.param(path + ".bias", c), 1e-5)

    def ln(self, x, path):
        c = x.shape[-1]
        return F.layer_norm(x, (c,), self.param(path + ".weight", c), self.param(path + ".bias", c))

    def heads(self, q, k, v, causal=False):
        b, n, c = q.shape
        q, k, v = (t.view(b, -1, HEADS, c // HEADS).transpose(1, 2) for t in (q, k, v))
        s = q @ k.transpose(-1, -2) / math.sqrt(c // HEADS)
        if causal:
            s = s.masked_fill(torch.ones(n, n, dtype=bool).triu(1), -math.inf)
        return (s.softmax(-1) @ v).transpose(1, 2).reshape(b, n, c)

    def text(self, ids):
        p = "cond_stage_model.transformer.text_model"
        x = self.param(p + ".embeddings.token_embedding.weight", VOCAB, CTX)[ids]
        x = x + self.param(p + ".embeddings.position_embedding.weight", TOKENS, CTX)
        layer, lora = p + ".encoder.layers.0", "lora_te.text_model.encoder.layers.0"
        n = self.ln(x, layer + ".layer_norm1")
        q, k, v = (self.linear(n, f"{layer}.self_attn.{c}_proj", f"{lora}.self_attn.{c}_proj", CTX) for c in "qkv")
        x = x + self.linear(self.heads(q, k, v, True), layer + ".self_attn.out_proj", lora + ".self_attn.out_proj", CTX)
        h = self.linear(self.ln(x, layer + ".layer_norm2"), layer + ".mlp.fc1", lora + ".mlp.fc1", 2 * CTX)
        x = x + self.linear(h * torch.sigmoid(1.702 * h), layer + ".mlp.fc2", lora + ".mlp.fc2", CTX)
        return self.ln(x, p + ".final_layer_norm")

    def res(self, x, p, lora, out, t):
        h = self.conv(F.silu(self.gn(x, p + ".in_layers.0")), p + ".in_layers.2", lora + ".conv1", out, 3)
        h = h + self.linear(t, p + ".emb_layers.1", lora + ".time_emb_proj", out)[:, :, None, None]
        h = self.conv(F.silu(self.gn(h, p + ".out_layers.0")), p + ".out_layers.3", lora + ".conv2", out, 3)
        if x.shape[1] != out:
            x = self.conv(x, p + ".skip_connection", lora + ".conv_shortcut", out, 1)
        return x + h

    def transformer(self, x, p, lora, ctx):
        b, c, hh, ww = x.shape
        h = self.gn(x, p + ".norm").flatten(2).transpose(1, 2)
        h = self.linear(h, p + ".proj_in", lora + ".proj_in", c)
        blk, lo = p + ".transformer_blocks.0", lora + ".transformer_blocks.0"
        for i in (1, 2):
            n = self.ln(h, f"{blk}.norm{i}")
            s = n if i == 1 else ctx
            a, l = f"{blk}.attn{i}", f"{lo}.attn{i}"
            q = self.linear(n, a + ".to_q", l + ".to_q", c, False)
            k = self.linear(s, a + ".to_k", l + ".to_k", c, False)
            v = self.linear(s, a + ".to_v", l + ".to_v", c, False)
            h = h + self.linear(self.heads(q, k, v), a + ".to_out.0", l + ".to_out.0", c)
        a, g = self.linear(self.ln(h, blk + ".norm3"), blk + ".ff.net.0.proj", lo + ".ff.net.0.proj", 2 * FF * c).chunk(2, -1)
        h = h + self.linear(a * F.gelu(g), blk + ".ff.net.2", lo + ".ff.net.2", c)
        return x + self.linear(h, p + ".proj_out", lora + ".proj_out", c).transpose(1, 2).view(b, c, hh, ww)

    def unet(self, x, t, ctx):
        u = "model.diffusion_model."
        f = torch.exp(-math.log(10000) * torch.arange(CH // 2) / (CH // 2))
        a = t[:, None].float() * f
        e = self.linear(torch.cat([a.cos(), a.sin()], 1), u + "time_embed.0", None, 4 * CH)
        e = F.silu(self.linear(F.silu(e), u + "time_embed.2", None, 4 * CH))
        x = self.conv(x, u + "input_blocks.0.0", None, CH, 3)
        skips = [x]
        for i, m in enumerate(MULT):
            x = self.res(x, f"{u}input_blocks.{1 + 2 * i}.0", f"lora_unet.down_blocks.{i}.resnets.0", CH * m, e)
            if DEPTH[i]:
                x = self.transformer(x, f"{u}input_blocks.{1 + 2 * i}.1", f"lora_unet.down_blocks.{i}.attentions.0", ctx)
            skips.append(x)
            if i + 1 < len(MULT):
                x = self.conv(x, f"{u}input_blocks.{2 * (i + 1)}.0.op", f"lora_unet.down_blocks.{i}.downsamplers.0.conv", CH * m, 3, 2)
                skips.append(x)
        x = self.res(x, u + "middle_block.0", "lora_unet.mid_block.resnets.0", x.shape[1], e)
        x = self.transformer(x, u + "middle_block.1", "lora_unet.mid_block.attentions.0", ctx)
        x = self.res(x, u + "middle_block.2", "lora_unet.mid_block.resnets.1", x.shape[1], e)
        for n, i in enumerate(reversed(range(len(MULT)))):
            for j in range(RES + 1):
                k = 2 * n + j
                x = torch.cat([x, skips.pop()], 1)
                x = self.res(x, f"{u}output_blocks.{k}.0", f"lora_unet.up_blocks.{n}.resnets.{j}", CH * MULT[i], e)
                if DEPTH[i]:
                    x = self.transformer(x, f"{u}output_blocks.{k}.1", f"lora_unet.up_blocks.{n}.attentions.{j}", ctx)
            if i:
                x = F.interpolate(x, scale_factor=2.0)
                x = self.conv(x, f"{u}output_blocks.{2 * n + 1}.{2 if DEPTH[i] else 1}.conv", f"lora_unet.up_blocks.{n}.upsamplers.0.conv", CH * MULT[i], 3)
        x = F.silu(self.gn(x, u + "out.0"))
        return self.conv(x, u + "out.2", None, CHANNELS, 3)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def net():
    n, out = Net(), {}
    ids = torch.tensor([[1, 3, 4, 2, 2, 2], [1, 7, 11, 5, 2, 2], [1, 9, 2, 2, 2, 2]])
    t = torch.tensor([0, 481, 999])
    shape = (BATCH, SIZE, SIZE, CHANNELS)
    x = torch.from_numpy(made(1, math.prod(shape))).view(*shape).permute(0, 3, 1, 2)
    noise = torch.from_numpy(made(2, math.prod(shape))).view(*shape).permute(0, 3, 1, 2)
    weight = torch.tensor([1.0, 0.5, 2.0])
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    ac = torch.cumprod(1 - betas, 0).double().sqrt()
    ac = ((ac - ac[-1]) * ac[0] / (ac[0] - ac[-1])) ** 2
    a, s = ac[t].sqrt().float().view(-1, 1, 1, 1), (1 - ac[t]).sqrt().float().view(-1, 1, 1, 1)

    def loss():
        pred = n.unet(a * x + s * noise, t, n.text(ids))
        per = ((pred - (a * noise - s * x)) ** 2).mean((1, 2, 3))
        return pred, (per * weight).mean()

    with torch.no_grad():
        out["predict"] = nhwc(n.unet(x, t, n.text(ids)))
    params = [p for d, u, _ in n.lora.values() for p in (d, u)]
    opt = torch.optim.AdamW(params, 1e-3, weight_decay=0.01)
    for step in range(3):
        pred, l = loss()
        opt.zero_grad()
        l.backward()
        out[f"loss.{step}"] = l.reshape(1)
        if step == 0:
            for name, (d, u, _) in n.lora.items():
                out[name + ".lora_down.grad"], out[name + ".lora_up.grad"] = d.grad.clone(), u.grad.clone()
            out["norm"] = torch.stack([p.grad.norm() for p in params]).norm().reshape(1)
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()
        if step == 0:
            for name, (d, u, _) in n.lora.items():
                out[name + ".lora_down.weight"], out[name + ".lora_up.weight"] = d.detach().clone(), u.detach().clone()
    save(OUT / "net.safetensors", out)
    print(len(n.lora), "modules, loss", [float(out[f"loss.{i}"]) for i in range(3)], "norm", float(out["norm"]))


# ---- Random numbers --------------------------------------------------------------------------------------------------


def rng():
    lines = ["# made by tools/golden-engine.py: seed, what, values"]

    def row(seed, what, values):
        lines.append(f"{seed}\t{what}\t" + " ".join(str(v) for v in values))

    for seed in (42, 1234567):
        torch.manual_seed(seed)
        row(seed, "uniform", torch.empty(20).uniform_(-0.3, 0.3).double().tolist())
        row(seed, "randint", torch.randint(0, 1000, (8,)).tolist())
        row(seed, "normal", torch.randn(48).double().tolist())
        row(seed, "normal_tail", torch.randn(37).double().tolist())
        s = int(torch.empty((), dtype=torch.int64).random_().item())
        row(seed, "i63", [s])
        g = torch.Generator()
        g.manual_seed(s)
        row(s, "permutation", torch.randperm(20, generator=g).tolist())
    for seed in (0, 7, 2**31 + 12345, 2**33 + 5):
        r = random.Random(seed)
        row(seed, "py_random", [repr(r.random()) for _ in range(5)])
        x = list(range(30))
        r.shuffle(x)
        row(seed, "py_shuffle", x)
        row(seed, "py_below", [r.randrange(10**k) for k in range(1, 16)])
    (OUT / "rng.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    ops()
    net()
    rng()
