// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planUpload } from './uploadPlan.ts'

const file = (name: string, size = 10) => ({ name, size })
const MB = 1024 * 1024

test('pictures and captions are sent, the rest is named with its reason', () => {
  const plan = planUpload(
    [file('b.PNG'), file('a.txt'), file('c.psd'), file('.DS_Store'), file('d.jpg', 0)],
    [],
  )
  assert.deepEqual(plan.batches, [[file('a.txt'), file('b.PNG')]])
  assert.deepEqual(
    plan.left.map((f) => f.name),
    ['c.psd', '.DS_Store', 'd.jpg'],
  )
  assert.equal(plan.files, 2)
  assert.equal(plan.bytes, 20)
})

test('a caption travels with its picture, even past the limit', () => {
  const files = Array.from({ length: 30 }, (_, i) => [
    file(`p${100 + i}.png`),
    file(`p${100 + i}.txt`),
  ]).flat()
  const { batches } = planUpload(files.reverse(), [])
  assert.ok(batches.every((batch) => batch.length % 2 === 0))
  assert.equal(batches.flat().length, 60)
  assert.equal(batches[0]!.length, 24)
})

test('requests stay small, but a large file goes alone', () => {
  const { batches } = planUpload([file('a.png', 20 * MB), file('b.png', 20 * MB), file('c.png', 90 * MB)], [])
  assert.deepEqual(
    batches.map((batch) => batch.map((f) => f.name)),
    [['a.png'], ['b.png'], ['c.png']],
  )
})

test('clashes are found under both spellings', () => {
  const { clashes } = planUpload([file('ä 1.png'), file('new.png'), file('old.png')], ['__1.png', 'old.png'])
  assert.deepEqual(clashes.sort(), ['old.png', 'ä 1.png'])
})
