// SPDX-License-Identifier: MIT
import { ScrollText } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { ApiError } from '@/api/client.ts'
import type { Level } from '@/api/logFrames.ts'
import { EmptyState, ErrorState, Notice } from '@/components/States.tsx'
import { count } from '@/lib/format.ts'
import { findInLines, linesOfLevels } from '@/lib/logBuffer.ts'
import { PHONE, useMedia } from '@/lib/media.ts'
import { useRemembered } from '@/lib/remembered.ts'
import { useShortcuts } from '@/lib/shortcuts.ts'
import { LogLines, type LogLinesHandle } from './LogLines.tsx'
import { ALL_LEVELS, LogToolbar } from './LogToolbar.tsx'
import type { JobLog } from './useJobLog.ts'

interface Props {
  jobId: string
  log: JobLog
  /** What is searched for, from the address. */
  find: string
  onFind(text: string): void
}

/** The log as it comes, with search and levels. */
export function LogView({ jobId, log, find, onFind }: Props) {
  const { buffer, version, stream } = log
  const phone = useMedia(PHONE)
  const [wrap, setWrap] = useRemembered('wrap', phone)
  const [follow, setFollow] = useState(true)
  const [levels, setLevels] = useState<ReadonlySet<Level> | null>(null) // null: all
  const [match, setMatch] = useState(0)
  const field = useRef<HTMLInputElement>(null)
  const lines = useRef<LogLinesHandle>(null)

  // `version` stands for what is in the buffer, which is always the same object.
  const shown = useMemo(() => linesOfLevels(buffer.lines, levels), [buffer, version, levels])
  const found = useMemo(() => findInLines(buffer.lines, shown, find), [buffer, version, shown, find])
  const current = Math.min(match, found.length - 1)
  const length = shown?.length ?? buffer.lines.length

  const goTo = (n: number) => {
    if (found.length === 0) return
    const next = (n + found.length) % found.length
    setMatch(next)
    setFollow(false)
    lines.current?.show(found[next]!)
  }
  const searched = useRef('')
  useEffect(() => {
    // A new search begins at its last match: what went wrong stands at the end.
    if (searched.current === find || (find && found.length === 0)) return
    searched.current = find
    if (find) goTo(found.length - 1)
  })
  useShortcuts({ '/': () => field.current?.focus(), End: () => setFollow(true) })

  const toggleLevel = (level: Level) => {
    const next = new Set(levels ?? ALL_LEVELS)
    if (!next.delete(level)) next.add(level)
    setLevels(next.size === ALL_LEVELS.length ? null : next)
  }

  if (stream.at === 'refused')
    return <ErrorState what="There is no log." error={new ApiError(404, stream.message)} />
  return (
    <div className="flex h-full flex-col">
      <LogToolbar
        jobId={jobId}
        stream={stream}
        counts={buffer.counts}
        levels={levels}
        onLevel={toggleLevel}
        find={find}
        onFind={onFind}
        found={found.length}
        current={current}
        onMatch={goTo}
        onLeave={() => lines.current?.focus()}
        field={field}
        wrap={wrap}
        onWrap={setWrap}
        follow={follow}
        onFollow={setFollow}
      />
      {buffer.dropped > 0 && (
        <Notice>
          The first {count(buffer.dropped)} lines are not shown here. The raw log has all of them.
        </Notice>
      )}
      {length > 0 ? (
        <LogLines
          ref={lines}
          buffer={buffer}
          shown={shown}
          marked={find}
          current={found[current] ?? -1}
          wrap={wrap}
          follow={follow}
          onFollow={setFollow}
        />
      ) : levels ? (
        <EmptyState icon={ScrollText} title="No such lines">
          No line has one of the chosen levels.
        </EmptyState>
      ) : (
        <EmptyState icon={ScrollText} title="Nothing yet">
          {stream.at === 'ended'
            ? 'The job ended without a word.'
            : 'Lines appear here as the job writes them.'}
        </EmptyState>
      )}
    </div>
  )
}
