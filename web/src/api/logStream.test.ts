// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { Cursor, Frame } from './logFrames.ts'
import { LogStream, type StreamState, type Transport, type WireEvents } from './logStream.ts'

// A transport whose wires the test holds in its hands.
function fake(name: Transport['name']) {
  const opened: { since: Cursor; events: WireEvents; closed: boolean }[] = []
  const transport: Transport = {
    name,
    open(_job, since, events) {
      const wire = { since, events, closed: false }
      opened.push(wire)
      return { close: () => (wire.closed = true) }
    },
  }
  const last = () => opened.at(-1)!
  return { transport, opened, last }
}

const line = (seq: number, next: number | null = seq * 10): Frame => ({
  type: 'log',
  entry: { timestamp: 0, level: 'info', message: `${seq}`, seq },
  next,
})
const running: Frame = { type: 'status', status: 'running', figures: {} }

function follow(...transports: Transport[]) {
  const seen: string[] = []
  const states: StreamState[] = []
  const stream = new LogStream('job', transports, {
    lines: (entries) => seen.push(...entries.map((entry) => entry.message)),
    figures: () => {},
    state: (state) => states.push(state),
  })
  stream.start()
  return { stream, seen, states, state: () => states.at(-1)! }
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
afterEach(() => mock.timers.reset())

test('goes on behind the last line after a break, and drops what comes twice', () => {
  const ws = fake('websocket')
  const { seen, state } = follow(ws.transport)
  ws.last().events.frame(running)
  assert.deepEqual(state(), { at: 'live', by: 'websocket' })
  for (const n of [1, 2, 3]) ws.last().events.frame(line(n))
  ws.last().events.down()
  assert.deepEqual(state(), { at: 'waiting', tries: 1 })
  mock.timers.tick(250)
  assert.equal(ws.last().since, 30)
  for (const n of [3, 4]) ws.last().events.frame(line(n))
  assert.deepEqual(seen, ['1', '2', '3', '4'])
})

test('a line without a cursor of its own leaves the cursor where it was', () => {
  const ws = fake('websocket')
  follow(ws.transport)
  ws.last().events.frame(line(1, 10))
  ws.last().events.frame(line(2, null))
  ws.last().events.down()
  mock.timers.tick(250)
  assert.equal(ws.last().since, 10, 'rather a line twice than one lost')
})

test('a transport that never brings a frame gives way to the next', () => {
  const [ws, sse, poll] = [fake('websocket'), fake('sse'), fake('polling')]
  const { state } = follow(ws.transport, sse.transport, poll.transport)
  ws.last().events.down()
  mock.timers.tick(250)
  mock.timers.tick(4_000) // the second socket opens but stays silent, as behind some proxies
  assert.equal(ws.opened.length, 2)
  assert.ok(ws.last().closed)
  assert.equal(sse.opened.length, 1)
  sse.last().events.down()
  mock.timers.tick(250)
  sse.last().events.down()
  assert.equal(poll.opened.length, 1)
  poll.last().events.frame(running)
  assert.deepEqual(state(), { at: 'live', by: 'polling' })
})

test('a transport that has worked is kept through a restart of the server', () => {
  const [ws, poll] = [fake('websocket'), fake('polling')]
  follow(ws.transport, poll.transport)
  ws.last().events.frame(line(1))
  ws.last().events.down()
  for (const wait of [250, 1_000, 2_000, 5_000, 10_000, 10_000]) {
    mock.timers.tick(wait)
    ws.last().events.down()
  }
  assert.equal(ws.opened.length, 7)
  assert.equal(poll.opened.length, 0)
})

test('the wait grows and begins anew once frames come', () => {
  const ws = fake('websocket')
  const { state } = follow(ws.transport)
  ws.last().events.frame(running)
  ws.last().events.down()
  mock.timers.tick(250)
  ws.last().events.down()
  mock.timers.tick(999)
  assert.equal(ws.opened.length, 2)
  mock.timers.tick(1)
  assert.equal(ws.opened.length, 3)
  ws.last().events.frame(running)
  ws.last().events.down()
  assert.deepEqual(state(), { at: 'waiting', tries: 1 })
})

test('silence is a break; a heartbeat is not silence', () => {
  const ws = fake('websocket')
  follow(ws.transport)
  ws.last().events.frame(running)
  mock.timers.tick(39_000)
  ws.last().events.frame({ type: 'heartbeat' })
  mock.timers.tick(39_000)
  assert.equal(ws.opened.length, 1)
  mock.timers.tick(1_000)
  assert.ok(ws.opened[0]!.closed)
  mock.timers.tick(250)
  assert.equal(ws.opened.length, 2)
})

test('the end is the end', () => {
  const ws = fake('websocket')
  const { state } = follow(ws.transport)
  ws.last().events.frame(line(1))
  ws.last().events.frame({ type: 'complete', status: 'completed' })
  assert.deepEqual(state(), { at: 'ended' })
  mock.timers.tick(100_000)
  assert.equal(ws.opened.length, 1)
})

test('an unknown job is not asked for again', () => {
  const ws = fake('websocket')
  const { state } = follow(ws.transport)
  ws.last().events.frame({ type: 'refused', message: 'Job job not found' })
  assert.deepEqual(state(), { at: 'refused', message: 'Job job not found' })
  mock.timers.tick(100_000)
  assert.equal(ws.opened.length, 1)
})

test('stopping closes the wire and forgets the timers', () => {
  const ws = fake('websocket')
  const { stream } = follow(ws.transport)
  ws.last().events.frame(running)
  stream.stop()
  assert.ok(ws.last().closed)
  mock.timers.tick(100_000)
  assert.equal(ws.opened.length, 1)
})
