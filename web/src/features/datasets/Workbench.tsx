// SPDX-License-Identifier: MIT
import { getRouteApi } from '@tanstack/react-router'
import { Filter as FilterIcon, SearchX } from 'lucide-react'
import { useMemo, useRef, useState, type ReactNode } from 'react'
import type { Picture } from '@/api/datasets.ts'
import { Button, IconButton } from '@/components/Button.tsx'
import { Dialog } from '@/components/Dialog.tsx'
import { Segments } from '@/components/Field.tsx'
import { EmptyState } from '@/components/States.tsx'
import { count } from '@/lib/format.ts'
import { useMedia, WIDE } from '@/lib/media.ts'
import { useRemembered } from '@/lib/remembered.ts'
import { useShortcuts } from '@/lib/shortcuts.ts'
import { countTags } from '@/lib/tags.ts'
import { isFiltered, matches, type Filter } from './filter.ts'
import { FilterPanel } from './FilterPanel.tsx'
import { FullView } from './FullView.tsx'
import { Gallery } from './Gallery.tsx'
import { Inspector } from './Inspector.tsx'

const route = getRouteApi('/shell/datasets/$name')

const CELLS = { S: 96, M: 144, L: 220 }
type CellSize = keyof typeof CELLS

const NO_FILTER = { q: undefined, tags: undefined, not: undefined, only: undefined }

/** Filters at the left, pictures in the middle, the one in hand at the right. On narrow screens the sides lie above. */
export function Workbench({ dataset, pictures }: { dataset: string; pictures: Picture[] }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const wide = useMedia(WIDE)
  const [cell, setCell] = useRemembered<CellSize>('cell', 'M')
  const [wantsFilter, setWantsFilter] = useRemembered('filter', true)
  const [filterSheet, setFilterSheet] = useState(false)
  const list = useRef<HTMLDivElement>(null)
  const caption = useRef<HTMLTextAreaElement | HTMLInputElement>(null)
  const filterField = useRef<HTMLInputElement>(null)

  const { q, tags, not, only } = search
  const filter: Filter = { q, tags, not, only }
  const shown = useMemo(
    () => pictures.filter((p) => matches(p, { q, tags, not, only })),
    [pictures, q, tags, not, only],
  )
  const tagCounts = useMemo(() => countTags(pictures.map((picture) => picture.tags)), [pictures])
  const known = useMemo(() => tagCounts.map((t) => t.tag), [tagCounts])
  const untagged = useMemo(() => pictures.filter((picture) => !picture.has_tags).length, [pictures])
  const current = search.picture ? shown.findIndex((picture) => picture.image_name === search.picture) : -1
  const picture = shown[current]

  const change = (part: Partial<typeof search>) =>
    void navigate({ search: (s) => ({ ...s, ...part }), replace: true, resetScroll: false })
  const pick = (index: number) => change({ picture: shown[index]?.image_name })
  const step = (delta: number) => pick(Math.min(shown.length - 1, Math.max(0, current + delta)))
  const close = () => {
    change({ picture: undefined, full: undefined })
    list.current?.focus()
  }
  const focusCaption = () => {
    // At once where it can be, so that what is typed next goes into the field.
    if (caption.current) return caption.current.focus()
    if (current < 0) pick(0)
    requestAnimationFrame(() => caption.current?.focus())
  }
  const focusFilter = () => {
    if (wide) setWantsFilter(true)
    else setFilterSheet(true)
    requestAnimationFrame(() => filterField.current?.focus())
  }
  useShortcuts({ e: focusCaption, t: focusCaption, '/': focusFilter, Escape: close })

  const panel = (
    <FilterPanel filter={filter} onChange={change} tags={tagCounts} untagged={untagged} field={filterField} />
  )
  const inspector = picture && (
    <Inspector
      dataset={dataset}
      picture={picture}
      index={current}
      total={shown.length}
      known={known}
      field={caption}
      onStep={step}
      onFull={() => change({ full: true })}
      onClose={close}
    />
  )
  return (
    <div
      className="flex h-full"
      onKeyDown={(event) => {
        if (
          event.key === 'Escape' &&
          event.target instanceof HTMLElement &&
          event.target.matches('input, textarea, [data-tag]')
        )
          list.current?.focus()
      }}
    >
      {wide && wantsFilter && <div className="w-50 shrink-0 border-r border-line">{panel}</div>}
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="num flex h-9 shrink-0 items-center gap-2 border-b border-line pr-3 pl-2 text-ink-2">
          <IconButton
            icon={FilterIcon}
            label={wide && wantsFilter ? 'Hide the filter' : 'Filter'}
            keys="/"
            aria-pressed={isFiltered(filter)}
            onClick={() => (wide ? setWantsFilter(!wantsFilter) : setFilterSheet(true))}
          />
          <span className="min-w-0 flex-1 truncate">
            {isFiltered(filter) ? (
              <>
                {count(shown.length)} of {count(pictures.length)}{' '}
                <button
                  type="button"
                  className="ml-1 rounded-sm text-accent-text hover:underline"
                  onClick={() => change(NO_FILTER)}
                >
                  Clear filter
                </button>
              </>
            ) : untagged > 0 ? (
              <button
                type="button"
                className="rounded-sm hover:text-ink"
                onClick={() => change({ only: 'untagged' })}
              >
                <span className="text-warn">{count(untagged)}</span> without a caption
              </button>
            ) : (
              'All captioned'
            )}
          </span>
          <Segments
            label="Size of the pictures"
            value={cell}
            onChange={setCell}
            options={[
              { value: 'S', label: 'S' },
              { value: 'M', label: 'M' },
              { value: 'L', label: 'L' },
            ]}
          />
        </div>
        <div className="min-h-0 flex-1">
          {shown.length > 0 ? (
            <Gallery
              pictures={shown}
              current={current}
              cell={CELLS[cell]}
              onPick={pick}
              onOpen={() => change({ full: true })}
              listRef={list}
            />
          ) : (
            <EmptyState
              icon={SearchX}
              title="No picture is left"
              action={<Button onClick={() => change(NO_FILTER)}>Clear filter</Button>}
            >
              {only === 'untagged' && !q && !tags
                ? 'Every picture has a caption.'
                : 'None has all that the filter asks for.'}
            </EmptyState>
          )}
        </div>
      </div>
      {wide && (
        <aside aria-label="Picture" className="w-85 shrink-0 border-l border-line bg-panel">
          {inspector ?? (
            <p className="flex h-full items-center justify-center p-6 text-center text-ink-3">
              Pick a picture to see it large and to edit its caption.
            </p>
          )}
        </aside>
      )}
      {!wide && inspector && !search.full && <Sheet>{inspector}</Sheet>}
      {!wide && filterSheet && (
        <Dialog open onClose={() => setFilterSheet(false)} title="Filter">
          <div className="h-[60dvh]">{panel}</div>
        </Dialog>
      )}
      {picture && search.full && (
        <FullView
          dataset={dataset}
          picture={picture}
          index={current}
          total={shown.length}
          onStep={step}
          onClose={() => {
            change({ full: undefined })
            requestAnimationFrame(() => list.current?.focus())
          }}
        />
      )}
    </div>
  )
}

const Sheet = ({ children }: { children: ReactNode }) => (
  <aside aria-label="Picture" className="absolute inset-0 z-20 animate-appear bg-panel">
    {children}
  </aside>
)
