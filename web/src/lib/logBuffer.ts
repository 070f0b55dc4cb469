// SPDX-License-Identifier: MIT
// The lines of a log as they are shown: colours of terminals taken out, and a progress bar that rewrites itself kept as
// its last state. Holds the newest MAX_LINES; the file on the server has all of them.
import type { Level, LogEntry } from '../api/logFrames.ts'

export interface LogLine {
  /** Number that stays with the line while it is here; rises by one or more. */
  key: number
  time: number
  level: Level
  text: string
}

const MAX_LINES = 200_000
const DROP_AT_ONCE = 20_000

const ESCAPES = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g

/** The text without escape sequences and without what other control characters would do. */
export function plainText(raw: string): string {
  const text = raw.includes('\x1b') ? raw.replace(ESCAPES, '') : raw
  return text.trimEnd()
}

const BAR = /^(.*?)\s*(\d{1,3})%\|/

/** What a tqdm bar is of, and where it stands; null for any other line. */
export function progressBar(text: string): { label: string; percent: number } | null {
  const found = BAR.exec(text)
  return found && { label: found[1]!, percent: Number(found[2]) }
}

export class LogBuffer {
  readonly lines: LogLine[] = []
  /** Lines that were let go because there were too many. */
  dropped = 0
  /** Characters of the longest line so far. */
  widest = 0
  readonly counts: Record<Level, number> = { error: 0, warn: 0, info: 0, debug: 0, progress: 0 }
  private nextKey = 0
  private lastBar: { label: string; percent: number } | null = null

  append(entries: LogEntry[]): void {
    for (const entry of entries) this.add(entry)
    if (this.lines.length > MAX_LINES) this.drop(this.lines.length - MAX_LINES + DROP_AT_ONCE)
  }

  private add(entry: LogEntry): void {
    const text = plainText(entry.raw ?? entry.message)
    const bar = progressBar(text)
    const rewrites =
      bar !== null &&
      this.lastBar !== null &&
      bar.label === this.lastBar.label &&
      bar.percent >= this.lastBar.percent
    this.lastBar = bar
    if (rewrites) this.counts[this.lines.pop()!.level]--
    this.lines.push({ key: this.nextKey++, time: entry.timestamp, level: entry.level, text })
    this.counts[entry.level]++
    this.widest = Math.max(this.widest, text.length)
  }

  private drop(howMany: number): void {
    for (const line of this.lines.splice(0, howMany)) this.counts[line.level]--
    this.dropped += howMany
  }
}

/** Indices of the lines of these levels; null means every level. */
export function linesOfLevels(lines: readonly LogLine[], levels: ReadonlySet<Level> | null): number[] | null {
  if (levels === null) return null
  const shown: number[] = []
  lines.forEach((line, i) => levels.has(line.level) && shown.push(i))
  return shown
}

/** Positions within `shown` (or within all lines) of the lines that hold the text, whatever its case. */
export function findInLines(lines: readonly LogLine[], shown: number[] | null, query: string): number[] {
  const wanted = query.toLowerCase()
  if (wanted === '') return []
  const found: number[] = []
  const length = shown?.length ?? lines.length
  for (let i = 0; i < length; i++)
    if (lines[shown ? shown[i]! : i]!.text.toLowerCase().includes(wanted)) found.push(i)
  return found
}
