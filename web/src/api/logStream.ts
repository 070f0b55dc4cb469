// SPDX-License-Identifier: MIT
// Follows the log of one job to its end, whatever happens on the way: WebSocket first, SSE when that does not get
// through (some proxies damage its frames), polling when nothing else does. All three go on where the last one stopped,
// by the cursor of the last line, and lines that come twice are dropped by their number. See transports.ts for the wires.
import type { JobFigures, JobState } from './jobs.ts'
import type { Cursor, Frame, LogEntry } from './logFrames.ts'

/** One open wire. Its owner calls `close` once, at any time; nothing is told after that. */
export interface Wire {
  close(): void
}

export interface WireEvents {
  frame(frame: Frame): void
  /** It ended or never began. */
  down(): void
}

/** A way to the log: opens a wire that tells everything since the cursor. */
export interface Transport {
  name: 'websocket' | 'sse' | 'polling'
  open(jobId: string, since: Cursor, events: WireEvents): Wire
}

export type StreamState =
  | { at: 'connecting' }
  | { at: 'live'; by: Transport['name'] }
  | { at: 'waiting'; tries: number }
  /** The job has ended and all of its log is here. */
  | { at: 'ended' }
  /** The server has no such log. */
  | { at: 'refused'; message: string }

export interface StreamEvents {
  lines(entries: LogEntry[]): void
  figures(figures: JobFigures, status?: JobState): void
  state(state: StreamState): void
}

// A wire that is silent this long is dead: the server sends a heartbeat at least every 15 s, and a first frame at once.
const FIRST_FRAME_MS = 4_000
const SILENCE_MS = 40_000
const RETRY_MS = [250, 1_000, 2_000, 5_000, 10_000]
const FRUITLESS_TRIES = 2 // of one transport that never brought a frame, before the next one is tried

export class LogStream {
  private cursor: Cursor = 0
  private lastSeq = -1
  private rung = 0 // index of the transport in use
  private fruitless = 0 // tries of it without a frame
  private tries = 0 // since the last frame
  private proven = false // this transport has brought frames: failures are the server's or the network's, not its own
  private wire: Wire | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private readonly jobId: string
  private readonly transports: Transport[]
  private readonly events: StreamEvents

  constructor(jobId: string, transports: Transport[], events: StreamEvents) {
    this.jobId = jobId
    this.transports = transports
    this.events = events
  }

  start(): void {
    this.events.state({ at: 'connecting' })
    this.open()
  }

  stop(): void {
    clearTimeout(this.timer)
    this.wire?.close()
    this.wire = null
  }

  private open(): void {
    const transport = this.transports[this.rung]!
    let heard = false
    const alive = (): void => {
      if (!heard) {
        heard = true
        this.proven = true
        this.tries = 0
        this.events.state({ at: 'live', by: transport.name })
      }
      this.arm(SILENCE_MS)
    }
    this.arm(FIRST_FRAME_MS)
    this.wire = transport.open(this.jobId, this.cursor, {
      frame: (frame) => {
        if (frame.type === 'refused') return this.end({ at: 'refused', message: frame.message })
        alive()
        this.take(frame)
      },
      down: () => this.down(heard),
    })
  }

  private arm(ms: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.down(ms === SILENCE_MS), ms)
  }

  private take(frame: Frame): void {
    switch (frame.type) {
      case 'log': {
        if (frame.next !== null) this.cursor = frame.next
        const { seq } = frame.entry
        if (seq !== undefined && seq <= this.lastSeq) return
        if (seq !== undefined) this.lastSeq = seq
        return this.events.lines([frame.entry])
      }
      case 'status':
        return this.events.figures(frame.figures, frame.status)
      case 'progress':
        return this.events.figures(frame.figures)
      case 'complete':
        if (frame.status) this.events.figures({}, frame.status)
        return this.end({ at: 'ended' })
      case 'heartbeat':
      case 'refused':
        return
    }
  }

  private down(heard: boolean): void {
    this.stop()
    if (
      !heard &&
      !this.proven &&
      ++this.fruitless >= FRUITLESS_TRIES &&
      this.rung < this.transports.length - 1
    ) {
      this.rung++
      this.fruitless = 0
      return this.open()
    }
    this.events.state({ at: 'waiting', tries: ++this.tries })
    this.timer = setTimeout(() => this.open(), RETRY_MS[Math.min(this.tries, RETRY_MS.length) - 1])
  }

  private end(state: StreamState): void {
    this.stop()
    this.events.state(state)
  }
}
