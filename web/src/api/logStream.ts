// SPDX-License-Identifier: MIT
// Follows the log of one job to its end, whatever happens on the way. What is there already comes in pages, which is by
// far the quickest; from then on a live wire tells what is new: WebSocket first, SSE when that does not get through
// (some proxies damage its frames), polling when nothing else does. Pages and wires go on where the last one stopped, by
// the cursor of the last line, and lines that come twice are dropped by their number. logTransports.ts has the wires.
import type { JobFigures, JobState } from './jobs.ts'
import type { Cursor, Frame, LogEntry } from './logFrames.ts'

/** What the server has behind a cursor, now. */
export interface Page {
  frames: Frame[]
  next: Cursor
  lines: number
  /** Whether the job is over. With no lines, that was all. */
  ended: boolean
}

/** Asks for a page; rejects with `Refused` when there is no such log. */
export type FetchPage = (jobId: string, since: Cursor, signal: AbortSignal) => Promise<Page>

export class Refused extends Error {}

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
const FIRST_FRAME_S = 4
const SILENCE_S = 40
const RETRY_MS = [250, 1_000, 2_000, 5_000, 10_000]
const FRUITLESS_TRIES = 2 // of one transport that never brought a frame, before the next one is tried

/** A page of this many lines is likely to be followed by more. */
export const LARGE_PAGE = 500

export class LogStream {
  private cursor: Cursor = 0
  private lastSeq = -1
  private rung = 0 // index of the transport in use
  private proven = false // it has brought frames: failures are the server's or the network's, not its own
  private fruitless = 0 // tries of it without a frame
  private tries = 0 // since the last frame
  private aborter = new AbortController()
  private wire: Wire | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private watch: ReturnType<typeof setTimeout> | undefined
  private readonly jobId: string
  private readonly fetchPage: FetchPage
  private readonly transports: Transport[]
  private readonly events: StreamEvents

  constructor(jobId: string, fetchPage: FetchPage, transports: Transport[], events: StreamEvents) {
    this.jobId = jobId
    this.fetchPage = fetchPage
    this.transports = transports
    this.events = events
  }

  start(): void {
    this.events.state({ at: 'connecting' })
    void this.connect()
  }

  stop(): void {
    clearTimeout(this.retry)
    clearTimeout(this.watch)
    this.aborter.abort()
    this.wire?.close()
    this.wire = null
  }

  private async connect(): Promise<void> {
    this.aborter = new AbortController()
    const { signal } = this.aborter
    try {
      if ((await this.catchUp(signal)) === 'ended') return this.end({ at: 'ended' })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Refused) return this.end({ at: 'refused', message: error.message })
      return this.wait()
    }
    if (!signal.aborted) this.open()
  }

  /** Takes pages until they are small; 'ended' when the job is over and nothing is left. */
  private async catchUp(signal: AbortSignal): Promise<'ended' | 'goes on'> {
    for (;;) {
      const page = await this.fetchPage(this.jobId, this.cursor, signal)
      if (signal.aborted) return 'goes on'
      this.takeAll(page.frames)
      this.cursor = page.next
      if (page.ended && page.lines === 0) return 'ended'
      if (!page.ended && page.lines < LARGE_PAGE) return 'goes on'
    }
  }

  private open(): void {
    const transport = this.transports[this.rung]!
    let heard = false
    let quiet = 0 // seconds since the last frame
    const look = () => {
      if (++quiet >= (heard ? SILENCE_S : FIRST_FRAME_S)) this.down(heard)
      else this.watch = setTimeout(look, 1_000)
    }
    this.watch = setTimeout(look, 1_000)
    this.wire = transport.open(this.jobId, this.cursor, {
      frame: (frame) => {
        quiet = 0
        if (frame.type === 'refused') return this.end({ at: 'refused', message: frame.message })
        if (!heard) {
          heard = true
          this.proven = true
          this.fruitless = 0
          this.tries = 0
          this.events.state({ at: 'live', by: transport.name })
        }
        this.takeAll([frame])
        if (frame.type === 'complete') this.end({ at: 'ended' })
      },
      down: () => this.down(heard),
    })
  }

  private takeAll(frames: Frame[]): void {
    const fresh: LogEntry[] = []
    for (const frame of frames) {
      if (frame.type === 'log') {
        const { seq, end } = frame.entry
        if (end !== undefined) this.cursor = end
        if (seq !== undefined && seq <= this.lastSeq) continue
        if (seq !== undefined) this.lastSeq = seq
        fresh.push(frame.entry)
      } else if (frame.type === 'status') this.events.figures(frame.figures, frame.status)
      else if (frame.type === 'progress') this.events.figures(frame.figures)
      else if (frame.type === 'complete' && frame.status) this.events.figures({}, frame.status)
    }
    if (fresh.length > 0) this.events.lines(fresh)
  }

  private down(heard: boolean): void {
    this.stop()
    const nextOne = this.rung < this.transports.length - 1
    if (heard || this.proven || !nextOne) return this.wait()
    // This transport may never get through, though the server is there: it has just sent a page. So no long waits.
    if (++this.fruitless >= FRUITLESS_TRIES) {
      this.rung++
      this.fruitless = 0
    }
    this.retry = setTimeout(() => void this.connect(), RETRY_MS[0])
  }

  private wait(): void {
    this.events.state({ at: 'waiting', tries: ++this.tries })
    this.retry = setTimeout(() => void this.connect(), RETRY_MS[Math.min(this.tries, RETRY_MS.length) - 1])
  }

  private end(state: StreamState): void {
    this.stop()
    this.events.state(state)
  }
}
