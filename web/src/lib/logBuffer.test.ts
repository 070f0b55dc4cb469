// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Level } from '../api/logFrames.ts'
import { findInLines, linesOfLevels, LogBuffer, plainText, progressBar } from './logBuffer.ts'

const entry = (raw: string, level: Level = 'info') => ({ timestamp: 1, level, message: raw, raw })
const texts = (buffer: LogBuffer) => buffer.lines.map((line) => line.text)

test('escape sequences and trailing blanks go, letters stay', () => {
  for (const [raw, want] of [
    ['\x1b[1;31mERROR\x1b[0m: no', 'ERROR: no'],
    ['\x1b]0;title\x07text', 'text'],
    ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['  indented \r', '  indented'],
    ['日本語 ✓ █▌', '日本語 ✓ █▌'],
  ] as const)
    assert.equal(plainText(raw), want)
})

test('tqdm bars are known by their label', () => {
  assert.deepEqual(progressBar('steps:  41%|████  | 812/2000 [10:12<14:55, 1.32it/s]'), {
    label: 'steps:',
    percent: 41,
  })
  assert.deepEqual(progressBar('  5%|▌   | 1/20'), { label: '', percent: 5 })
  assert.equal(progressBar('loss fell by 41% | good'), null)
})

test('a bar is shown as its last state, and a new round is a new line', () => {
  const buffer = new LogBuffer()
  buffer.append(['steps:   0%|   | 0/2', 'steps:  50%|█  | 1/2'].map((raw) => entry(raw, 'progress')))
  buffer.append([entry('steps: 100%|██ | 2/2', 'progress')])
  buffer.append([
    entry('saved'),
    entry('steps:   0%|   | 0/2', 'progress'),
    entry('other:   0%| | 0/9', 'progress'),
  ])
  assert.deepEqual(texts(buffer), [
    'steps: 100%|██ | 2/2',
    'saved',
    'steps:   0%|   | 0/2',
    'other:   0%| | 0/9',
  ])
  assert.equal(buffer.counts.progress, 3)
  buffer.append([entry('other:  50%| | 4/9'), entry('other:   0%| | 0/9')])
  assert.equal(buffer.lines.length, 5, 'going back to 0 % is another bar')
})

test('keys rise, so that a rewritten line is drawn anew', () => {
  const buffer = new LogBuffer()
  buffer.append([entry('a: 1%|'), entry('a: 2%|'), entry('b')])
  assert.deepEqual(
    buffer.lines.map((line) => line.key),
    [1, 2],
  )
})

test('the oldest lines go when there are too many, and are counted', () => {
  const buffer = new LogBuffer()
  buffer.append(Array.from({ length: 200_001 }, (_, i) => entry(`line ${i}`)))
  assert.equal(buffer.dropped, 20_001)
  assert.equal(buffer.lines.length, 180_000)
  assert.equal(buffer.lines[0]!.text, 'line 20001')
  assert.equal(buffer.counts.info, 180_000)
})

test('levels and search work together', () => {
  const buffer = new LogBuffer()
  buffer.append([entry('Loading model'), entry('CUDA out of memory', 'error'), entry('out of luck', 'error')])
  assert.equal(linesOfLevels(buffer.lines, null), null)
  const errors = linesOfLevels(buffer.lines, new Set<Level>(['error']))
  assert.deepEqual(errors, [1, 2])
  assert.deepEqual(findInLines(buffer.lines, null, 'OUT OF'), [1, 2])
  assert.deepEqual(findInLines(buffer.lines, errors, 'luck'), [1], 'a position within what is shown')
  assert.deepEqual(findInLines(buffer.lines, null, ''), [])
})
