// SPDX-License-Identifier: MIT
// The three wires of LogStream, in the order to try them. They differ only in how frames arrive.
import { ApiError, get, url } from './client.ts'
import { framesOfPage, parseFrame, type Cursor, type LogPage } from './logFrames.ts'
import type { Transport } from './logStream.ts'

const UNKNOWN_JOB = 4004 // WebSocket close code
const POLL_MS = 1_000
const PAGE_LINES = 2_000

const path = (jobId: string, what: string, since: Cursor, more = {}) =>
  url(`/api/jobs/${encodeURIComponent(jobId)}/${what}`, { since, ...more })

export const webSocket: Transport = {
  name: 'websocket',
  open(jobId, since, events) {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(
      `${scheme}://${location.host}${url(`/ws/jobs/${encodeURIComponent(jobId)}/logs`, { since })}`,
    )
    let open = true
    const tell = (act: () => void) => open && act()
    socket.onmessage = (message) =>
      tell(() => {
        const frame = typeof message.data === 'string' ? parseFrame(message.data) : null
        if (frame) events.frame(frame)
      })
    socket.onclose = (event) =>
      tell(() =>
        event.code === UNKNOWN_JOB ? events.frame({ type: 'refused', message: event.reason }) : events.down(),
      )
    return {
      close() {
        open = false
        socket.close()
      },
    }
  },
}

export const eventSource: Transport = {
  name: 'sse',
  open(jobId, since, events) {
    const source = new EventSource(path(jobId, 'events', since))
    let open = true
    source.onmessage = (message) => {
      const frame = open && parseFrame(message.data)
      if (frame) events.frame(frame)
    }
    // EventSource would try again by itself, with the old cursor in its address. LogStream does it with the right one.
    source.onerror = () => {
      source.close()
      if (open) events.down()
    }
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
        const page = await get<LogPage>(path(jobId, 'logs', from, { limit: PAGE_LINES }), {}, stopped.signal)
        if (stopped.signal.aborted) return
        for (const frame of framesOfPage(page)) events.frame(frame)
        const next = page.next_since ?? from
        const full = page.logs.length >= PAGE_LINES
        const ended = page.status !== 'pending' && page.status !== 'running'
        if (ended && page.logs.length === 0) return events.frame({ type: 'complete', status: page.status })
        timer = setTimeout(() => void poll(next), full || ended ? 0 : POLL_MS)
      } catch (error) {
        if (stopped.signal.aborted) return
        const refused = error instanceof ApiError && [401, 403, 404].includes(error.status)
        if (refused) events.frame({ type: 'refused', message: error.message })
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
