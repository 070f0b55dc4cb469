// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ago, baseName, bytes, clock, count, duration, learningRate, plural, rate, suffix } from './format.ts'

const table = <T>(name: string, f: (x: T) => string, rows: [T, string][]) =>
  test(name, () => rows.forEach(([input, want]) => assert.equal(f(input), want)))

table('bytes', bytes, [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 kB'],
  [1536 * 1024, '1.5 MB'],
  [150 * 1024 * 1024, '150 MB'],
  [5 * 1024 ** 4, '5.0 TB'],
])

table('duration', duration, [
  [-5, '0 s'],
  [44_600, '45 s'],
  [60_000, '1 m 00 s'],
  [9 * 60_000 + 59_000, '9 m 59 s'],
  [22 * 60_000 + 31_000, '22 m'],
  [3_600_000 + 4 * 60_000, '1 h 04 m'],
  [26 * 3_600_000, '1 d 2 h'],
])

table('rate changes its unit below one step per second', (perSecond: number) => rate(perSecond), [
  [1.324, '1.32 it/s'],
  [1, '1.00 it/s'],
  [0.4, '2.50 s/it'],
])

table('learningRate', learningRate, [
  [1e-4, '1e-4'],
  [5.5e-5, '5.5e-5'],
  [1.25e-5, '1.25e-5'],
  [0, '0'],
  [1, '1e0'],
])

table('baseName', baseName, [
  ['/w/datasets/demo', 'demo'],
  ['/w/datasets/demo/', 'demo'],
  ['C:\\data\\cats', 'cats'],
  ['demo', 'demo'],
])

table('suffix', suffix, [
  ['a.b.png', 'PNG'],
  ['.hidden', ''],
  ['none', ''],
])

test('counts and plurals', () => {
  assert.equal(count(12345), '12,345')
  assert.equal(plural(1, 'picture'), '1 picture')
  assert.equal(plural(0, 'picture'), '0 pictures')
  assert.equal(plural(2, 'match', 'matches'), '2 matches')
})

test('ago goes from minutes to the date', () => {
  const now = new Date(2026, 10, 24, 12, 0, 0).getTime()
  assert.equal(ago(now - 20_000, now), 'just now')
  assert.equal(ago(now - 5 * 60_000, now), '5 m ago')
  assert.equal(ago(now - 3 * 3_600_000, now), '3 h ago')
  assert.equal(ago(now - 30 * 3_600_000, now), 'yesterday')
  assert.equal(ago(now - 72 * 3_600_000, now), '2026-11-21')
})

test('clock is local and has 24 hours', () => {
  assert.equal(clock(new Date(2026, 0, 2, 15, 4, 5).getTime()), '15:04:05')
})
