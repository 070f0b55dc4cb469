// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { Cursor, Frame } from './logFrames.ts'
import {
  LARGE_PAGE,
  LogStream,
  Refused,
  type FetchPage,
  type StreamState,
  type Transport,
  type WireEvents,
} from './logStream.ts'

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

const line = (seq: number, end: number | undefined = seq * 10): Frame => ({
  type: 'log',
  entry: { timestamp: 0, level: 'info', message: `${seq}`, seq, end },
})
const running: Frame = { type: 'status', status: 'running', figures: {} }

// What the pages hold: nothing, as when one comes to a job that has just begun, or what the test says.
const nothing: FetchPage = async (_job, since) => ({ frames: [], next: since, lines: 0, ended: false })

/** Lets promises that are ready go on. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}
const tick = async (ms: number) => {
  // In small steps: a timer that is set within a tick counts from that tick's end.
  for (let left = ms; left > 0; left -= 250) {
    mock.timers.tick(Math.min(left, 250))
    await settle()
  }
}

async function follow(transports: Transport[], pages: FetchPage = nothing) {
  const seen: string[] = []
  const states: StreamState[] = []
  const stream = new LogStream('job', pages, transports, {
    lines: (entries) => seen.push(...entries.map((entry) => entry.message)),
    figures: () => {},
    state: (state) => states.push(state),
  })
  stream.start()
  await settle()
  return { stream, seen, states, state: () => states.at(-1)! }
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
afterEach(() => mock.timers.reset())

test('goes on behind the last line after a break, and drops what comes twice', async () => {
  const ws = fake('websocket')
  const { seen, state } = await follow([ws.transport])
  ws.last().events.frame(running)
  assert.deepEqual(state(), { at: 'live', by: 'websocket' })
  for (const n of [1, 2, 3]) ws.last().events.frame(line(n))
  ws.last().events.down()
  assert.deepEqual(state(), { at: 'waiting', tries: 1 })
  await tick(250)
  assert.equal(ws.last().since, 30)
  for (const n of [3, 4]) ws.last().events.frame(line(n))
  assert.deepEqual(seen, ['1', '2', '3', '4'])
})

test('a line without a cursor of its own leaves the cursor where it was', async () => {
  const ws = fake('websocket')
  await follow([ws.transport])
  ws.last().events.frame(line(1, 10))
  ws.last().events.frame({ type: 'log', entry: { timestamp: 0, level: 'info', message: '2', seq: 2 } })
  ws.last().events.down()
  await tick(250)
  assert.equal(ws.last().since, 10, 'rather a line twice than one lost')
})

test('a transport that never brings a frame gives way to the next', async () => {
  const [ws, sse, poll] = [fake('websocket'), fake('sse'), fake('polling')]
  const { state } = await follow([ws.transport, sse.transport, poll.transport])
  ws.last().events.down()
  await tick(250)
  await tick(4_000) // the second socket opens but stays silent, as behind some proxies
  assert.equal(ws.opened.length, 2)
  assert.ok(ws.last().closed)
  await tick(250)
  assert.equal(sse.opened.length, 1)
  sse.last().events.down()
  await tick(250)
  sse.last().events.down()
  await tick(250)
  assert.equal(poll.opened.length, 1)
  poll.last().events.frame(running)
  assert.deepEqual(state(), { at: 'live', by: 'polling' })
})

test('a transport that has worked is kept through a restart of the server', async () => {
  const [ws, poll] = [fake('websocket'), fake('polling')]
  await follow([ws.transport, poll.transport])
  ws.last().events.frame(line(1))
  ws.last().events.down()
  for (const wait of [250, 1_000, 2_000, 5_000, 10_000, 10_000]) {
    await tick(wait)
    ws.last().events.down()
  }
  assert.equal(ws.opened.length, 7)
  assert.equal(poll.opened.length, 0)
})

test('the wait grows and begins anew once frames come', async () => {
  const ws = fake('websocket')
  const { state } = await follow([ws.transport])
  ws.last().events.frame(running)
  ws.last().events.down()
  await tick(250)
  ws.last().events.down()
  await tick(999)
  assert.equal(ws.opened.length, 2)
  await tick(1)
  assert.equal(ws.opened.length, 3)
  ws.last().events.frame(running)
  ws.last().events.down()
  assert.deepEqual(state(), { at: 'waiting', tries: 1 })
})

test('silence is a break; a heartbeat is not silence', async () => {
  const ws = fake('websocket')
  await follow([ws.transport])
  ws.last().events.frame(running)
  await tick(39_000)
  ws.last().events.frame({ type: 'heartbeat' })
  await tick(39_000)
  assert.equal(ws.opened.length, 1)
  await tick(1_000)
  assert.ok(ws.opened[0]!.closed)
  await tick(250)
  assert.equal(ws.opened.length, 2)
})

test('the end is the end', async () => {
  const ws = fake('websocket')
  const { state } = await follow([ws.transport])
  ws.last().events.frame(line(1))
  ws.last().events.frame({ type: 'complete', status: 'completed' })
  assert.deepEqual(state(), { at: 'ended' })
  await tick(100_000)
  assert.equal(ws.opened.length, 1)
})

test('an unknown job is not asked for again', async () => {
  const ws = fake('websocket')
  const { state } = await follow([ws.transport])
  ws.last().events.frame({ type: 'refused', message: 'Job job not found' })
  assert.deepEqual(state(), { at: 'refused', message: 'Job job not found' })
  await tick(100_000)
  assert.equal(ws.opened.length, 1)
})

test('stopping closes the wire and forgets the timers', async () => {
  const ws = fake('websocket')
  const { stream } = await follow([ws.transport])
  ws.last().events.frame(running)
  stream.stop()
  assert.ok(ws.last().closed)
  await tick(100_000)
  assert.equal(ws.opened.length, 1)
})

test('what is there comes in pages, and the wire goes on behind them', async () => {
  const ws = fake('websocket')
  const asked: Cursor[] = []
  const pages: FetchPage = async (_job, since) => {
    asked.push(since)
    const lines = since === 0 ? LARGE_PAGE : since === 900 ? 3 : 0
    const first = since === 0 ? 1 : LARGE_PAGE + 1
    const frames = Array.from({ length: lines }, (_, i) => line(first + i, undefined))
    return { frames, next: since === 0 ? 900 : 950, lines, ended: false }
  }
  const { seen } = await follow([ws.transport], pages)
  assert.deepEqual(asked, [0, 900])
  assert.equal(seen.length, LARGE_PAGE + 3)
  assert.equal(ws.last().since, 950)
})

test('the log of a job that is over needs no wire', async () => {
  const ws = fake('websocket')
  const pages: FetchPage = async (_job, since) =>
    since === 0
      ? { frames: [line(1), line(2)], next: 20, lines: 2, ended: true }
      : { frames: [], next: 20, lines: 0, ended: true }
  const { seen, state } = await follow([ws.transport], pages)
  assert.deepEqual(seen, ['1', '2'])
  assert.deepEqual(state(), { at: 'ended' })
  assert.equal(ws.opened.length, 0)
})

test('a server that is away is waited for, without giving up a transport', async () => {
  const [ws, sse] = [fake('websocket'), fake('sse')]
  let away = true
  const pages: FetchPage = async (job, since, signal) => {
    if (away) throw new Error('connection refused')
    return nothing(job, since, signal)
  }
  const { state } = await follow([ws.transport, sse.transport], pages)
  for (const wait of [250, 1_000, 2_000, 5_000]) await tick(wait)
  assert.deepEqual(state(), { at: 'waiting', tries: 5 })
  away = false
  await tick(10_000)
  assert.equal(ws.opened.length, 1)
  assert.equal(sse.opened.length, 0)
})

test('a page that is refused ends it', async () => {
  const ws = fake('websocket')
  const { state } = await follow([ws.transport], async () => {
    throw new Refused('There is no job')
  })
  assert.deepEqual(state(), { at: 'refused', message: 'There is no job' })
})
