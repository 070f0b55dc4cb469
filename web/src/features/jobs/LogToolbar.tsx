// SPDX-License-Identifier: MIT
import { ArrowDownToLine, ChevronDown, ChevronUp, Download, Search, WrapText } from 'lucide-react'
import type { RefObject } from 'react'
import { rawLogUrl } from '@/api/jobs.ts'
import type { Level } from '@/api/logFrames.ts'
import type { StreamState } from '@/api/logStream.ts'
import { buttonLook, IconButton } from '@/components/Button.tsx'
import { Input } from '@/components/Field.tsx'
import { cx } from '@/lib/cx.ts'
import { count } from '@/lib/format.ts'
import { levelTone } from './levelTone.ts'
import { StreamSign } from './StreamSign.tsx'

const LEVELS: { level: Level; label: string }[] = [
  { level: 'error', label: 'Errors' },
  { level: 'warn', label: 'Warnings' },
  { level: 'info', label: 'Info' },
  { level: 'progress', label: 'Progress' },
  { level: 'debug', label: 'Debug' },
]
export const ALL_LEVELS = LEVELS.map(({ level }) => level)

interface Props extends SearchProps, LevelsProps {
  jobId: string
  stream: StreamState
  wrap: boolean
  onWrap(wrap: boolean): void
  follow: boolean
  onFollow(follow: boolean): void
}

export function LogToolbar(props: Props) {
  const { jobId, stream, wrap, onWrap, follow, onFollow } = props
  return (
    <div className="num flex min-h-10 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-3 py-1">
      <SearchField {...props} />
      <Levels {...props} />
      <div className="max-md:order-3 md:ml-auto">
        <StreamSign stream={stream} />
      </div>
      <div className="flex items-center gap-0.5 max-md:order-1">
        <IconButton
          icon={WrapText}
          label="Wrap long lines"
          aria-pressed={wrap}
          onClick={() => onWrap(!wrap)}
        />
        <IconButton
          icon={ArrowDownToLine}
          label="Follow the end"
          keys="End"
          aria-pressed={follow}
          onClick={() => onFollow(!follow)}
        />
        <a href={rawLogUrl(jobId)} download={`${jobId}.log`} className={buttonLook('quiet')}>
          <Download size={14} aria-hidden />
          <span className="max-md:sr-only">Raw</span>
        </a>
      </div>
    </div>
  )
}

interface SearchProps {
  find: string
  onFind(text: string): void
  /** How many lines match, and which of them is in hand. */
  found: number
  current: number
  onMatch(index: number): void
  /** Escape: on to the lines. */
  onLeave(): void
  field: RefObject<HTMLInputElement | null>
}

function SearchField({ find, onFind, found, current, onMatch, onLeave, field }: SearchProps) {
  return (
    <div className="relative flex items-center max-md:min-w-0 max-md:flex-1 max-md:basis-40">
      <Search size={14} aria-hidden className="pointer-events-none absolute left-2 text-ink-3" />
      <Input
        ref={field}
        type="search"
        aria-label="Search the log"
        placeholder="Search"
        value={find}
        onChange={(event) => onFind(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onMatch(current + (event.shiftKey ? -1 : 1))
          else if (event.key === 'Escape') onLeave()
        }}
        className="w-52 pl-7 max-md:w-full max-md:min-w-0"
      />
      {find && (
        <>
          <span role="status" className="ml-2 text-sm whitespace-nowrap text-ink-3">
            {found === 0 ? 'nothing' : `${count(current + 1)} of ${count(found)}`}
          </span>
          <IconButton
            icon={ChevronUp}
            label="Match before"
            keys="Shift Enter"
            onClick={() => onMatch(current - 1)}
          />
          <IconButton
            icon={ChevronDown}
            label="Next match"
            keys="Enter"
            onClick={() => onMatch(current + 1)}
          />
        </>
      )}
    </div>
  )
}

interface LevelsProps {
  counts: Record<Level, number>
  levels: ReadonlySet<Level> | null
  onLevel(level: Level): void
}

/** Which lines are shown; only levels that occur can be switched. */
function Levels({ counts, levels, onLevel }: LevelsProps) {
  return (
    <div
      role="group"
      aria-label="Levels"
      className="no-scrollbar flex gap-0.5 overflow-x-auto max-md:order-2 max-md:flex-1 max-md:basis-3/5"
    >
      {LEVELS.filter(({ level }) => counts[level] > 0).map(({ level, label }) => (
        <button
          key={level}
          type="button"
          aria-pressed={levels === null || levels.has(level)}
          onClick={() => onLevel(level)}
          className="flex h-6 items-center gap-1.5 rounded-sm px-1.5 text-sm text-ink-3 not-aria-pressed:line-through hover:bg-hover focus-visible:outline-offset-[-2px] aria-pressed:text-ink-2 pointer-coarse:h-9"
        >
          <span aria-hidden className={cx('size-1.5 rounded-full bg-current', levelTone[level])} />
          {label} <span className="text-ink-3">{count(counts[level])}</span>
        </button>
      ))}
    </div>
  )
}
