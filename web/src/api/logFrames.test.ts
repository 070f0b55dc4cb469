// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { framesOfPage, parseFrame, readEntry } from './logFrames.ts'

const frame = (value: unknown) => parseFrame(JSON.stringify(value))

test('log frames tell where to go on', () => {
  const log = { timestamp: 5, level: 'info', message: 'hi', raw: '[INFO] hi', seq: 7, end: 100 }
  const sent = { ...log, offset: 90, unknown: true }
  assert.deepEqual(frame({ type: 'log', log: sent, message: 'hi' }), { type: 'log', entry: log })
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
  const sent = { type: 'progress', status: 'running', progress: 41, loss: 0.08, eta_seconds: null, extra: 1 }
  assert.deepEqual(frame(sent), { type: 'progress', figures: { percent: 41, loss: 0.08 } })
  assert.deepEqual(frame({ type: 'status', status: 'running' }), {
    ...{ type: 'status', status: 'running', figures: {} },
  })
})

test('warnings are told from errors, which the server does not do', () => {
  const level = (raw: string) => readEntry({ level: 'error', raw })?.level
  assert.equal(level('[WARN] 7 pictures have no caption'), 'warn')
  assert.equal(level('2026-11-24 WARNING  no metadata'), 'warn')
  assert.equal(level('RuntimeError: warn me'), 'error')
  assert.equal(level('[ERROR] WARNING was ignored'), 'error')
})

test('what is not known is left alone', () => {
  for (const text of ['', '{', 'null', '[]', '"x"', '{"type":"news"}', '{"type":"status","status":"odd"}'])
    assert.equal(parseFrame(text), null, text)
  assert.equal(readEntry({ level: 'info' }), null)
})

test('a page is read as frames', () => {
  const logs = [{ timestamp: 10, level: 'info', message: 'a', seq: 0, end: 2 }, { level: 'no text' }]
  const frames = framesOfPage({ logs, total_logs: 1, next_offset: 2, status: 'running', progress: 3 })
  assert.deepEqual(
    frames.map((f) => f.type),
    ['log', 'status'],
  )
})
