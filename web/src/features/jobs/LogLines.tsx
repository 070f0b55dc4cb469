// SPDX-License-Identifier: MIT
import { useVirtualizer } from '@tanstack/react-virtual'
import { useImperativeHandle, useLayoutEffect, useRef, type ReactNode, type Ref } from 'react'
import { cx } from '@/lib/cx.ts'
import { clock } from '@/lib/format.ts'
import type { LogBuffer, LogLine } from '@/lib/logBuffer.ts'
import { levelTone } from './levelTone.ts'

const LINE = 20
const PAD = 6
const GUTTER = 14 // characters that the time and the edges take
const AT_END = 24 // pixels from the end that still count as the end

export interface LogLinesHandle {
  /** Brings the line with this place in `shown` into the middle. */
  show(index: number): void
  focus(): void
}

interface Props {
  ref: Ref<LogLinesHandle>
  buffer: LogBuffer
  /** Indices of the lines to show; null for all. */
  shown: number[] | null
  /** Text to mark. */
  marked: string
  /** Place in `shown` of the match in hand; -1 for none. */
  current: number
  wrap: boolean
  /** Stays at the end while the log grows, until one scrolls up; goes on once one is at the end again. */
  follow: boolean
  onFollow(follow: boolean): void
}

/** The lines; only those that are seen are drawn. */
export function LogLines({ ref, buffer, shown, marked, current, wrap, follow, onFollow }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const lastTop = useRef(0)
  const lineAt = (i: number): LogLine | undefined => buffer.lines[shown ? shown[i]! : i]
  const rows = useVirtualizer({
    count: shown?.length ?? buffer.lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    getItemKey: (i) => lineAt(i)?.key ?? i,
    paddingStart: PAD,
    paddingEnd: PAD,
    overscan: 20,
  })
  const height = rows.getTotalSize()

  useImperativeHandle(ref, () => ({
    show: (index) => rows.scrollToIndex(index, { align: 'center' }),
    focus: () => scroller.current?.focus(),
  }))
  useLayoutEffect(() => {
    rows.measure()
  }, [rows, wrap])
  useLayoutEffect(() => {
    const element = scroller.current
    if (follow && element) element.scrollTop = element.scrollHeight
  }, [follow, height])

  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!
    if (scrollTop < lastTop.current - 1) onFollow(false)
    else if (scrollHeight - scrollTop - clientHeight < AT_END) onFollow(true)
    lastTop.current = scrollTop
  }

  return (
    <div
      ref={scroller}
      role="log"
      aria-label="Log"
      aria-live="off"
      tabIndex={0}
      onScroll={onScroll}
      className="min-h-0 flex-1 overflow-auto font-mono text-sm focus-visible:outline-offset-[-2px]"
    >
      <div
        className="relative"
        style={{ height, minWidth: wrap ? undefined : `${buffer.widest + GUTTER}ch` }}
      >
        {rows.getVirtualItems().map((row) => {
          const line = lineAt(row.index)
          return (
            line && (
              <div
                key={row.key}
                ref={wrap ? rows.measureElement : undefined}
                data-index={row.index}
                className={cx('absolute inset-x-0 flex gap-4 px-3', row.index === current && 'bg-hover')}
                style={{ transform: `translateY(${row.start}px)`, lineHeight: `${LINE}px` }}
              >
                <time className="num shrink-0 text-ink-3 select-none max-md:hidden">{clock(line.time)}</time>
                <span
                  className={cx(
                    levelTone[line.level],
                    wrap ? 'min-w-0 break-words whitespace-pre-wrap' : 'whitespace-pre',
                  )}
                >
                  {withMarks(line.text || ' ', marked)}
                </span>
              </div>
            )
          )
        })}
      </div>
    </div>
  )
}

/** The text with what is searched for marked. */
function withMarks(text: string, find: string): ReactNode {
  if (!find) return text
  const parts: ReactNode[] = []
  const lower = text.toLowerCase()
  const wanted = find.toLowerCase()
  let from = 0
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>)
    from = at + wanted.length
  }
  return [...parts, text.slice(from)]
}
