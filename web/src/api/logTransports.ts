// SPDX-License-Identifier: MIT
// The wires of LogStream, in the order to try them, and the pages behind them. Wires differ only in how frames arrive.
import { ApiError, get, url } from './client.ts'
import { framesOfPage, parseFrame, type Cursor, type LogPage } from './logFrames.ts'
import { LARGE_PAGE, Refused, type FetchPage, type Transport } from './logStream.ts'

const UNKNOWN_JOB = 4004 // WebSocket close code
const POLL_MS = 1_000
const PAGE_LINES = 20_000 // the most that the server gives at once
const FINAL = [401, 403, 404] // asking again will not help

const jobPath = (jobId: string, what: string) => `/api/jobs/${encodeURIComponent(jobId)}/${what}`

/** The first lines behind a byte. (`since` there means lines or times, as KNX's client wants it.) */
export const fetchPage: FetchPage = async (jobId, since, signal) => {
  try {
    const page = await get<LogPage>(jobPath(jobId, 'logs'), { offset: since, limit: PAGE_LINES }, signal)
    return {
      frames: framesOfPage(page),
      next: page.next_offset,
      lines: page.logs.length,
      ended: page.status !== 'pending' && page.status !== 'running',
    }
  } catch (error) {
    if (error instanceof ApiError && FINAL.includes(error.status)) throw new Refused(error.message)
    throw error
  }
}

export const webSocket: Transport = {
  name: 'websocket',
  open(jobId, since, events) {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const path = url(`/ws/jobs/${encodeURIComponent(jobId)}/logs`, { since })
    const socket = new WebSocket(`${scheme}://${location.host}${path}`)
    let open = true
    socket.onmessage = (message) => {
      const frame = open && typeof message.data === 'string' ? parseFrame(message.data) : null
      if (frame) events.frame(frame)
    }
    socket.onclose = (event) => {
      if (!open) return
      if (event.code === UNKNOWN_JOB) events.frame({ type: 'refused', message: event.reason })
      else events.down()
    }
    return {
      close() {
        open = false
        socket.close()
      },
    }
  },
}

const EVENTS = ['message', 'log', 'status', 'progress', 'heartbeat', 'complete', 'error'] // named as their frames

export const eventSource: Transport = {
  name: 'sse',
  open(jobId, since, events) {
    const source = new EventSource(url(jobPath(jobId, 'events'), { since }))
    let open = true
    const take = (event: Event) => {
      if (!open) return
      if (event instanceof MessageEvent) {
        const frame = parseFrame(event.data)
        if (frame) events.frame(frame)
        return
      }
      // An error without data is the connection's. EventSource would try again by itself, with the old cursor in its
      // address; LogStream does it with the right one.
      source.close()
      events.down()
    }
    for (const name of EVENTS) source.addEventListener(name, take)
    return {
      close() {
        open = false
        source.close()
      },
    }
  },
}

export const polling: Transport = {
  name: 'polling',
  open(jobId, since, events) {
    const stopped = new AbortController()
    let timer: ReturnType<typeof setTimeout>
    const poll = async (from: Cursor): Promise<void> => {
      try {
        const page = await fetchPage(jobId, from, stopped.signal)
        for (const frame of page.frames) if (!stopped.signal.aborted) events.frame(frame)
        if (stopped.signal.aborted) return
        if (page.ended && page.lines === 0) return events.frame({ type: 'complete', status: null })
        timer = setTimeout(() => void poll(page.next), page.ended || page.lines >= LARGE_PAGE ? 0 : POLL_MS)
      } catch (error) {
        if (stopped.signal.aborted) return
        if (error instanceof Refused) events.frame({ type: 'refused', message: error.message })
        else events.down()
      }
    }
    void poll(since)
    return {
      close() {
        stopped.abort()
        clearTimeout(timer)
      },
    }
  },
}

export const transports: Transport[] = [webSocket, eventSource, polling]
