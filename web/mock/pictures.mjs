// SPDX-License-Identifier: MIT
// Pictures out of nothing: landscapes drawn from a name, at any size, as PNG. Varied enough to judge a gallery by.
import { deflateSync } from 'node:zlib'

function hash(text) {
  let h = 2166136261
  for (const c of text) h = Math.imul(h ^ c.codePointAt(0), 16777619)
  return h >>> 0
}

function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function hsl(h, s, l) {
  const f = (n) => {
    const k = (n + h / 30) % 12
    return 255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1)))
  }
  return [f(0), f(8), f(4)]
}

const mix = (a, b, t) => a.map((x, i) => x + (b[i] - x) * t)

function scene(name) {
  const r = random(hash(name))
  const hue = r() * 360
  const night = r() < 0.3
  const sky = [
    hsl(hue, 0.45 + r() * 0.3, night ? 0.1 : 0.42),
    hsl((hue + 40 + r() * 60) % 360, 0.6, night ? 0.3 : 0.78),
  ]
  const ground = (hue + 120 + r() * 120) % 360
  const layers = Array.from({ length: 4 }, (_, i) => ({
    base: 0.5 + i * 0.13 + r() * 0.05,
    waves: Array.from({ length: 3 }, (_, k) => ({
      f: (2 + r() * 3) * 2 ** k,
      a: 0.07 / 1.8 ** k,
      p: r() * 7,
    })),
    colour: hsl(ground, 0.35, (night ? 0.22 : 0.5) - i * (night ? 0.05 : 0.1)),
  }))
  const sun = {
    x: 0.2 + r() * 0.6,
    y: 0.14 + r() * 0.24,
    r: 0.05 + r() * 0.07,
    colour: hsl((hue + 60) % 360, 0.8, 0.88),
  }
  return { sky, layers, sun }
}

/** Size of the picture of that name. */
export function dimensions(name) {
  const sizes = [
    [832, 1216],
    [1024, 1024],
    [1216, 832],
    [896, 1152],
    [512, 768],
    [1344, 768],
  ]
  return sizes[hash(`${name}#size`) % sizes.length]
}

/** The whole picture at width x height, or its centred square when `square`. */
export function draw(name, width, height, square = false) {
  const { sky, layers, sun } = scene(name)
  const [w, h] = dimensions(name)
  const aspect = w / h
  const raw = Buffer.alloc((width * 3 + 1) * height)
  const crop = square ? Math.min(w, h) : 0
  for (let x = 0; x < width; x++) {
    const u = square ? (w / 2 - crop / 2 + ((x + 0.5) / width) * crop) / w : (x + 0.5) / width
    const tops = layers.map(
      (l) => l.base + l.waves.reduce((s, wave) => s + wave.a * Math.sin(u * wave.f + wave.p), 0),
    )
    for (let y = 0; y < height; y++) {
      const v = square ? (h / 2 - crop / 2 + ((y + 0.5) / height) * crop) / h : (y + 0.5) / height
      let colour = mix(sky[0], sky[1], Math.min(1, v / 0.6))
      const d = Math.hypot((u - sun.x) * aspect, v - sun.y)
      colour = mix(sun.colour, colour, Math.min(1, Math.max(0, (d - sun.r) * 60)))
      layers.forEach((layer, i) => {
        if (v > tops[i]) colour = mix(layer.colour, sky[1], 0.35 - i * 0.09)
      })
      const at = y * (width * 3 + 1) + 1 + x * 3
      for (let k = 0; k < 3; k++) raw[at + k] = colour[k]
    }
  }
  return png(width, height, raw)
}

function chunk(type, body) {
  const data = Buffer.concat([Buffer.from(type), body])
  const out = Buffer.alloc(data.length + 8)
  out.writeUInt32BE(body.length, 0)
  data.copy(out, 4)
  out.writeUInt32BE(crc32(data), data.length + 4)
  return out
}

const crcs = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n >>> 0
})

function crc32(data) {
  let c = 0xffffffff
  for (const byte of data) c = crcs[(c ^ byte) & 255] ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

function png(width, height, raw) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw, { level: 3 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const DRAWN_MAX = 2_000
const drawn = new Map()

/** draw(), which takes longer than anything else that the mock does, once per picture. */
export function drawOnce(...picture) {
  const key = picture.join('\n')
  if (!drawn.has(key)) {
    if (drawn.size >= DRAWN_MAX) drawn.clear()
    drawn.set(key, draw(...picture))
  }
  return drawn.get(key)
}
