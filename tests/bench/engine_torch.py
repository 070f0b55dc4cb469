#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The training of bench_engine in PyTorch: engine_torch.py STEPS THREADS prints version, images/s, CPU ms per image, MiB.

The network of models/tiny with random weights (speed does not depend on them), LoRA of rank 8 on the same 84 layers,
batch 16, AdamW, gradient clipping. Written the way that PyTorch is fast at: channels first, F.* functions, no hooks.
"""
import math
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

CH, MULT, DEPTH, HEADS, CTX, TOKENS, VOCAB, BATCH, RANK = 32, (1, 2, 4), (0, 1, 1), 4, 64, 16, 64, 16, 8


class Adapted(nn.Module):
    def __init__(self, i, o, bias=True):
        super().__init__()
        self.base = nn.Linear(i, o, bias=bias).requires_grad_(False)
        self.down = nn.Linear(i, RANK, bias=False)
        self.up = nn.Linear(RANK, o, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.base(x) + self.up(self.down(x))


def frozen(m):
    return m.requires_grad_(False)


class Attention(nn.Module):
    def __init__(self, c, ctx, make, bias):
        super().__init__()
        self.q, self.k, self.v = make(c, c, bias), make(ctx, c, bias), make(ctx, c, bias)
        self.out = make(c, c, True)

    def forward(self, x, s, causal=False):
        b, n, c = x.shape
        q, k, v = (t.view(b, -1, HEADS, c // HEADS).transpose(1, 2) for t in (self.q(x), self.k(s), self.v(s)))
        if hasattr(F, "scaled_dot_product_attention"):
            o = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        else:
            a = q @ k.transpose(-1, -2) / math.sqrt(c // HEADS)
            if causal:
                a = a.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), -math.inf)
            o = a.softmax(-1) @ v
        return self.out(o.transpose(1, 2).reshape(b, n, c))


class Res(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.n1, self.c1 = nn.GroupNorm(16, i), nn.Conv2d(i, o, 3, padding=1)
        self.t, self.n2, self.c2 = nn.Linear(4 * CH, o), nn.GroupNorm(16, o), nn.Conv2d(o, o, 3, padding=1)
        self.skip = nn.Conv2d(i, o, 1) if i != o else nn.Identity()
        frozen(self)

    def forward(self, x, t):
        h = self.c1(F.silu(self.n1(x))) + self.t(t)[:, :, None, None]
        return self.c2(F.silu(self.n2(h))) + self.skip(x)


class Transformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = frozen(nn.GroupNorm(16, c))
        self.n = nn.ModuleList(frozen(nn.LayerNorm(c)) for _ in range(3))
        self.i, self.o = Adapted(c, c), Adapted(c, c)
        self.a1, self.a2 = Attention(c, c, Adapted, False), Attention(c, CTX, Adapted, False)
        self.f1, self.f2 = Adapted(c, 4 * c), Adapted(2 * c, c)

    def forward(self, x, ctx):
        b, c, hh, ww = x.shape
        h = self.i(self.norm(x).flatten(2).transpose(1, 2))
        n = self.n[0](h)
        h = h + self.a1(n, n)
        h = h + self.a2(self.n[1](h), ctx)
        a, g = self.f1(self.n[2](h)).chunk(2, -1)
        h = h + self.f2(a * F.gelu(g))
        return x + self.o(h).transpose(1, 2).view(b, c, hh, ww)


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.pos = nn.Embedding(VOCAB, CTX), nn.Parameter(torch.randn(TOKENS, CTX) * 0.02)
        plain = lambda i, o, bias: nn.Linear(i, o, bias=bias)
        self.layers = nn.ModuleList(
            nn.ModuleList([nn.LayerNorm(CTX), Attention(CTX, CTX, plain, True), nn.LayerNorm(CTX),
                           nn.Linear(CTX, 4 * CTX), nn.Linear(4 * CTX, CTX)]) for _ in range(2))
        self.last = nn.LayerNorm(CTX)
        frozen(self)

    def forward(self, ids):
        x = self.table(ids) + self.pos
        for n1, attention, n2, f1, f2 in self.layers:
            n = n1(x)
            x = x + attention(n, n, True)
            h = f1(n2(x))
            x = x + f2(h * torch.sigmoid(1.702 * h))
        return self.last(x)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.t1, self.t2 = frozen(nn.Linear(CH, 4 * CH)), frozen(nn.Linear(4 * CH, 4 * CH))
        self.first = frozen(nn.Conv2d(12, CH, 3, padding=1))
        self.down, self.up, skips, c = nn.ModuleList(), nn.ModuleList(), [CH], CH
        for i, m in enumerate(MULT):
            self.down.append(nn.ModuleList([Res(c, CH * m)] + ([Transformer(CH * m)] if DEPTH[i] else [])))
            c = CH * m
            skips.append(c)
            if i + 1 < len(MULT):
                self.down.append(nn.ModuleList([frozen(nn.Conv2d(c, c, 3, 2, 1))]))
                skips.append(c)
        self.mid = nn.ModuleList([Res(c, c), Transformer(c), Res(c, c)])
        for i, m in reversed(list(enumerate(MULT))):
            for j in range(2):
                block = [Res(c + skips.pop(), CH * m)] + ([Transformer(CH * m)] if DEPTH[i] else [])
                c = CH * m
                if j == 1 and i:
                    block.append(frozen(nn.Conv2d(c, c, 3, padding=1)))
                self.up.append(nn.ModuleList(block))
        self.norm, self.last = frozen(nn.GroupNorm(16, c)), frozen(nn.Conv2d(c, 12, 3, padding=1))

    def run(self, block, x, t, ctx, up=False):
        for m in block:
            if isinstance(m, Res):
                x = m(x, t)
            elif isinstance(m, Transformer):
                x = m(x, ctx)
            else:
                x = m(F.interpolate(x, scale_factor=2.0) if up else x)
        return x

    def forward(self, x, t, ctx):
        f = torch.exp(-math.log(10000) * torch.arange(CH // 2) / (CH // 2))
        a = t[:, None].float() * f
        e = F.silu(self.t2(F.silu(self.t1(torch.cat([a.cos(), a.sin()], 1)))))
        x = self.first(x)
        skips = [x]
        for block in self.down:
            x = self.run(block, x, e, ctx)
            skips.append(x)
        x = self.run(self.mid, x, e, ctx)
        for block in self.up:
            x = self.run(block, torch.cat([x, skips.pop()], 1), e, ctx, True)
        return self.last(F.silu(self.norm(x)))


def main():
    steps, threads = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    text, unet = Text(), UNet()
    params = [p for p in unet.parameters() if p.requires_grad]
    assert sum(isinstance(m, Adapted) for m in unet.modules()) == 84
    opt = torch.optim.AdamW(params, 1e-3)
    ac = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2, 0)
    latents = torch.randn(12, 12, 16, 16)
    ids = torch.randint(3, VOCAB, (12, TOKENS))

    def step():
        i = torch.randint(0, 12, (BATCH,))
        x, noise, t = latents[i], torch.randn(BATCH, 12, 16, 16), torch.randint(0, 1000, (BATCH,))
        a, s = ac[t].sqrt().view(-1, 1, 1, 1), (1 - ac[t]).sqrt().view(-1, 1, 1, 1)
        loss = F.mse_loss(unet(a * x + s * noise, t, text(ids[i])), a * noise - s * x)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        opt.step()

    for _ in range(5):
        step()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    n = steps * BATCH
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{torch.__version__} {n / wall:.1f} {1000 * cpu / n:.2f} {rss}")


main()
