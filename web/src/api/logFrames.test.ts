// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { framesOfPage, parseFrame, readEntry } from './logFrames.ts'

const frame = (value: unknown) => parseFrame(JSON.stringify(value))

test('log frames: the cursor is next_since, else the number of the line', () => {
  const log = {
    timestamp: 5,
    level: 'info',
    message: 'hi',
    raw: '[INFO] hi',
    seq: 7,
    offset: 90,
    unknown: true,
  }
  const entry = { timestamp: 5, level: 'info', message: 'hi', raw: '[INFO] hi', seq: 7, offset: 90 }
  assert.deepEqual(frame({ type: 'log', log, message: 'hi', next_since: 100 }), {
    type: 'log',
    entry,
    next: 100,
  })
  assert.deepEqual(frame({ type: 'log', log: { ...log, next_since: 100 } }), {
    type: 'log',
    entry,
    next: 100,
  })
  assert.deepEqual(frame({ type: 'log', log }), { type: 'log', entry, next: 7 })
})

test('both dialects of KNX are read', () => {
  const node = frame({ type: 'log', log: { timestamp: 5, level: 'warning', message: 'm', raw: 'm' } })
  assert.equal(node?.type === 'log' && node.entry.level, 'warn')
  const fastapi = frame({ type: 'log', message: 'plain line' })
  assert.equal(fastapi?.type === 'log' && fastapi.entry.raw, 'plain line')
  assert.deepEqual(frame({ type: 'connected', job_id: 'x' }), { type: 'heartbeat' })
  assert.deepEqual(frame({ error: 'Job x not found' }), { type: 'refused', message: 'Job x not found' })
})

test('figures hold only what was sent', () => {
  assert.deepEqual(frame({ type: 'progress', progress: 41, loss: 0.08, eta_seconds: null, extra: 1 }), {
    type: 'progress',
    figures: { progress: 41, loss: 0.08 },
  })
  assert.deepEqual(frame({ type: 'status', status: 'running' }), {
    type: 'status',
    status: 'running',
    figures: {},
  })
})

test('what is not known is left alone', () => {
  for (const text of ['', '{', 'null', '[]', '"x"', '{"type":"news"}', '{"type":"status","status":"odd"}'])
    assert.equal(parseFrame(text), null, text)
  assert.equal(readEntry({ level: 'info' }), null)
})

test('a page gives its cursor with its last line', () => {
  const page = {
    logs: [
      { timestamp: 10, level: 'info', message: 'a', seq: 0 },
      { timestamp: 11, level: 'info', message: 'b', seq: 1 },
    ],
    total_logs: 2,
    status: 'running' as const,
    progress: 3,
  }
  const nexts = (p: typeof page & { next_since?: number }) =>
    framesOfPage(p).map((f) => (f.type === 'log' ? f.next : f.type))
  assert.deepEqual(nexts({ ...page, next_since: 640 }), [null, 640, 'status'])
  assert.deepEqual(nexts(page), [null, 11, 'status'], 'KNX: the time of the last line')
})
