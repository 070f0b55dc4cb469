// SPDX-License-Identifier: MIT
// What the server says about a running job, the same over WebSocket, SSE and polling. A frame is one JSON object; fields
// that are not named here are left alone, and so are frames of an unknown type.
import { readFigures, type JobFigures, type JobState } from './jobs.ts'

export type Level = 'error' | 'warn' | 'info' | 'debug' | 'progress'

/** One line of the log. */
export interface LogEntry {
  /** Milliseconds. */
  timestamp: number
  level: Level
  message: string
  /** The line as it is in the file; `message` when missing. */
  raw?: string
  /** Number of the line, rising. The same line never has another. */
  seq?: number
  /** Byte in the file behind the line: reading goes on there. */
  end?: number
}

/** Where to go on: a byte in the log file. */
export type Cursor = number

export type Frame =
  | { type: 'log'; entry: LogEntry }
  | { type: 'status'; status: JobState; figures: JobFigures }
  | { type: 'progress'; figures: JobFigures }
  | { type: 'complete'; status: JobState | null }
  | { type: 'heartbeat' }
  | { type: 'refused'; message: string }

const LEVELS: Record<string, Level> = {
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
  progress: 'progress',
}

const STATES: readonly string[] = [
  'pending',
  'running',
  'completed',
  'failed',
  'cancelled',
] satisfies JobState[]

type Fields = Record<string, unknown>

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const numberOr = <T>(value: unknown, other: T) =>
  typeof value === 'number' && Number.isFinite(value) ? value : other

// KNX's rule, which the server follows, counts warnings as errors. Who reads a log wants them apart.
const WARNING = /\bWARN(ING)?\b/
const ERROR = /\bERROR\b/

function readLevel(given: unknown, text: string): Level {
  const level = LEVELS[String(given)] ?? 'info'
  return level === 'error' && WARNING.test(text) && !ERROR.test(text) ? 'warn' : level
}

/** A line as the server gives it, or null when it is none. */
export function readEntry(value: unknown): LogEntry | null {
  if (!isFields(value)) return null
  const text = value.raw ?? value.message
  if (typeof text !== 'string') return null
  return {
    timestamp: numberOr(value.timestamp, 0),
    level: readLevel(value.level, text),
    message: typeof value.message === 'string' ? value.message : text,
    raw: text,
    seq: numberOr(value.seq, undefined),
    end: numberOr(value.end, undefined),
  }
}

const readState = (value: unknown): JobState | null =>
  STATES.includes(String(value)) ? (value as JobState) : null

/** Text of one WebSocket message or SSE `data:` as a frame; null for what we do not know. */
export function parseFrame(text: string): Frame | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isFields(value)) return null
  switch (value.type) {
    case 'log': {
      const entry = readEntry(value.log ?? value)
      return entry && { type: 'log', entry }
    }
    case 'status': {
      const status = readState(value.status)
      return status && { type: 'status', status, figures: readFigures(value) }
    }
    case 'progress':
      return { type: 'progress', figures: readFigures(value) }
    case 'complete':
      return { type: 'complete', status: readState(value.status) }
    case 'heartbeat':
    case 'connected':
      return { type: 'heartbeat' }
    default:
      return typeof value.error === 'string' ? { type: 'refused', message: value.error } : null
  }
}

/** GET /api/jobs/{id}/logs. */
export interface LogPage {
  logs: unknown[]
  total_logs: number
  /** The byte to go on with. */
  next_offset: number
  status: JobState
  progress?: number
}

/** A page of the polling route as the frames that a stream would have sent. */
export function framesOfPage(page: LogPage): Frame[] {
  const entries = page.logs.map(readEntry).filter((entry) => entry !== null)
  const frames: Frame[] = entries.map((entry) => ({ type: 'log', entry }))
  const status = readState(page.status)
  if (status) frames.push({ type: 'status', status, figures: readFigures({ progress: page.progress }) })
  return frames
}
