// SPDX-License-Identifier: MIT
// The two live wires of a job's log: WebSocket (the few bytes of RFC 6455 that a server of text frames needs) and SSE.
import { createHash } from 'node:crypto'

const HEARTBEAT_MS = 5_000

function textFrame(text) {
  const body = Buffer.from(text)
  const head =
    body.length < 126
      ? Buffer.from([0x81, body.length])
      : body.length < 65536
        ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255])
        : Buffer.concat([Buffer.from([0x81, 127, 0, 0, 0, 0]), u32(body.length)])
  return Buffer.concat([head, body])
}

function u32(n) {
  const out = Buffer.alloc(4)
  out.writeUInt32BE(n)
  return out
}

function closeFrame(code, reason) {
  const body = Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
  return Buffer.concat([Buffer.from([0x88, body.length]), body])
}

/** Tells `send` all frames since the cursor, then what comes; returns the way to stop. `end` when the job is over. */
function follow(job, since, send, end) {
  send(job.stateFrame('status'))
  for (const line of job.since(since)) send(job.frameOf(line))
  if (!job.active) {
    send(job.stateFrame('complete'))
    end()
    return () => {}
  }
  const tell = (frame) => {
    send(frame)
    if (frame.type === 'complete') end()
  }
  job.on('frame', tell)
  const heart = setInterval(() => send({ type: 'heartbeat', ts: Date.now() }), HEARTBEAT_MS)
  return () => {
    job.off('frame', tell)
    clearInterval(heart)
  }
}

export function webSocket(request, socket, job, since) {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.setNoDelay(true)
  const send = (frame) => socket.write(textFrame(JSON.stringify(frame)))
  const bye = (code, reason) => {
    socket.write(closeFrame(code, reason))
    socket.end()
  }
  if (!job) {
    send({ error: 'Job not found' })
    return bye(4004, 'Job not found')
  }
  const stop = follow(job, since, send, () => bye(1000, ''))
  socket.on('data', (data) => (data[0] & 15) === 8 && socket.end()) // the client's close; the rest is ignored
  socket.on('close', stop)
  socket.on('error', () => socket.destroy())
}

export function eventStream(response, job, since) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  const stop = follow(
    job,
    since,
    (frame) => {
      const id = frame.log
        ? `id: ${frame.log.end}
`
        : ''
      response.write(`${id}event: ${frame.type}
data: ${JSON.stringify(frame)}

`)
    },
    () => response.end(),
  )
  response.on('close', stop)
}
