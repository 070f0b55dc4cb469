// SPDX-License-Identifier: MIT
import { useVirtualizer } from '@tanstack/react-virtual'
import { CaptionsOff, Search } from 'lucide-react'
import { useMemo, useRef, useState, type ReactNode, type RefObject } from 'react'
import { Input } from '@/components/Field.tsx'
import { cx } from '@/lib/cx.ts'
import { count } from '@/lib/format.ts'
import { toggleTag, type Filter } from './filter.ts'

const ROW = 26

interface Props {
  filter: Filter
  onChange(part: Partial<Filter>): void
  tags: { tag: string; count: number }[]
  untagged: number
  field: RefObject<HTMLInputElement | null>
}

/** What narrows the pictures: words, what is missing, and the tags by how frequent they are. */
export function FilterPanel({ filter, onChange, tags, untagged, field }: Props) {
  const [typed, setTyped] = useState(filter.q ?? '')
  const shown = useMemo(() => {
    const wanted = typed.trim().toLowerCase()
    return wanted ? tags.filter(({ tag }) => tag.toLowerCase().includes(wanted)) : tags
  }, [tags, typed])
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  })
  return (
    <section aria-label="Filter" className="flex h-full min-h-0 flex-col">
      <div className="relative p-2">
        <Search
          size={14}
          aria-hidden
          className="pointer-events-none absolute top-1/2 left-4 -translate-y-1/2 text-ink-3"
        />
        <Input
          ref={field}
          type="search"
          aria-label="Filter by name or tag"
          placeholder="Name or tag"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            onChange({ q: event.target.value.trim() || undefined })
          }}
          className="w-full pl-7"
        />
      </div>
      <div className="px-2 pb-1">
        <Row
          pressed={filter.only === 'untagged'}
          onClick={() => onChange({ only: filter.only ? undefined : 'untagged' })}
          number={untagged}
          warn={untagged > 0}
        >
          <CaptionsOff size={14} aria-hidden className="shrink-0" />
          No caption
        </Row>
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto border-t border-line p-2">
        {tags.length === 0 && (
          <p className="px-2 py-1 text-ink-3">The tags of all captions will be listed here.</p>
        )}
        <ul aria-label="Tags of this dataset" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const { tag, count: number } = shown[row.index]!
            const excluded = filter.not?.includes(tag)
            return (
              <li
                key={tag}
                className="absolute inset-x-0"
                style={{ transform: `translateY(${row.start}px)`, height: ROW }}
              >
                <Row
                  pressed={filter.tags?.includes(tag) ?? false}
                  excluded={excluded}
                  title={`Click: only with “${tag}”. Alt-click: only without.`}
                  onClick={(event) =>
                    onChange(toggleTag(filter, tag, event.altKey || excluded ? 'not' : 'tags'))
                  }
                  number={number}
                >
                  <span className="truncate">{tag}</span>
                </Row>
              </li>
            )
          })}
        </ul>
      </div>
    </section>
  )
}

interface RowProps {
  pressed: boolean
  excluded?: boolean
  onClick(event: { altKey: boolean }): void
  title?: string
  number: number
  warn?: boolean
  children: ReactNode
}

function Row({ pressed, excluded, onClick, title, number, warn, children }: RowProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed || excluded}
      title={title}
      onClick={onClick}
      className={cx(
        'flex h-6.5 w-full items-center gap-2 rounded-sm px-2 text-left hover:bg-hover hover:text-ink',
        pressed ? 'bg-accent-soft text-accent-text' : excluded ? 'text-bad line-through' : 'text-ink-2',
      )}
    >
      {children}
      {excluded && <span className="sr-only">excluded</span>}
      <span className={cx('num ml-auto shrink-0 text-sm', warn ? 'text-warn' : 'text-ink-3')}>
        {count(number)}
      </span>
    </button>
  )
}
