// SPDX-License-Identifier: MIT
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Filter as FilterIcon, ImagePlus, Images, SearchX, Tags, TextCursorInput } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useCommands } from '@/app/commands.ts'
import { ApiError } from '@/api/client.ts'
import { picturesQuery, type Picture } from '@/api/datasets.ts'
import { runningJobsQuery } from '@/api/jobs.ts'
import { Button, buttonLook, IconButton } from '@/components/Button.tsx'
import { Dialog } from '@/components/Dialog.tsx'
import { Segments } from '@/components/Field.tsx'
import { Page } from '@/components/Page.tsx'
import { EmptyState, ErrorState, Skeleton } from '@/components/States.tsx'
import { count, plural } from '@/lib/format.ts'
import { useMedia, WIDE } from '@/lib/media.ts'
import { useRemembered } from '@/lib/remembered.ts'
import { useShortcuts } from '@/lib/shortcuts.ts'
import { countTags } from '@/lib/tags.ts'
import { DropZone } from './DropZone.tsx'
import { isFiltered, matches, type Filter } from './filter.ts'
import { FilterPanel } from './FilterPanel.tsx'
import { FullView } from './FullView.tsx'
import { Gallery } from './Gallery.tsx'
import { Inspector } from './Inspector.tsx'
import { TaggingDialog } from './TaggingDialog.tsx'
import { TriggerDialog } from './TriggerDialog.tsx'
import { useAddPictures } from './useAddPictures.tsx'

const route = getRouteApi('/shell/datasets/$name')

const CELLS = { S: 96, M: 144, L: 220 }
type CellSize = keyof typeof CELLS

const WHILE_TAGGING_MS = 2_500

export function DatasetPage() {
  const { name } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const pictures = usePictures(name)
  const present = useMemo(() => pictures.data?.map((picture) => picture.image_name) ?? [], [pictures.data])
  const adding = useAddPictures(name, present)
  const open = (dialog: 'tag' | 'trigger' | undefined) =>
    void navigate({ search: (s) => ({ ...s, dialog }), replace: dialog === undefined })

  const filled = (pictures.data?.length ?? 0) > 0
  useCommands(
    [
      { label: 'Add pictures', icon: ImagePlus, run: adding.choose },
      ...(filled
        ? [
            { label: 'Tag the pictures', icon: Tags, run: () => open('tag') },
            { label: 'Add a trigger word', icon: TextCursorInput, run: () => open('trigger') },
          ]
        : []),
    ],
    `${name}:${filled}`,
  )

  return (
    <Page
      title={name}
      under={{ label: 'Datasets', to: '/datasets' }}
      aside={filled && plural(pictures.data!.length, 'picture')}
      actions={
        filled && (
          <>
            <Button icon={TextCursorInput} onClick={() => open('trigger')}>
              <span className="max-md:sr-only">Trigger word</span>
            </Button>
            <Button icon={ImagePlus} onClick={adding.choose}>
              <span className="max-md:sr-only">Add pictures</span>
            </Button>
            <Button look="primary" icon={Tags} onClick={() => open('tag')}>
              Tag
            </Button>
          </>
        )
      }
    >
      <DropZone into={name} onFiles={adding.add}>
        {pictures.isPending ? (
          <Waiting />
        ) : pictures.isError ? (
          <CannotShow error={pictures.error} onRetry={() => void pictures.refetch()} />
        ) : filled ? (
          <Workbench dataset={name} pictures={pictures.data} />
        ) : (
          <EmptyState
            icon={ImagePlus}
            title="Drop pictures here"
            action={
              <Button look="primary" icon={ImagePlus} onClick={adding.choose}>
                Add pictures
              </Button>
            }
          >
            Files or whole folders. Captions in .txt files of the same name come along. Twenty to a hundred
            good pictures are plenty for a first LoRA.
          </EmptyState>
        )}
      </DropZone>
      {adding.dialogs}
      {filled && search.dialog === 'tag' && (
        <TaggingDialog dataset={name} pictures={pictures.data!} onClose={() => open(undefined)} />
      )}
      {filled && search.dialog === 'trigger' && (
        <TriggerDialog dataset={name} pictures={pictures.data!} onClose={() => open(undefined)} />
      )}
    </Page>
  )
}

/** The pictures; while a tagging job runs they are asked for again and again, so that captions appear as they come. */
function usePictures(dataset: string) {
  const client = useQueryClient()
  const { data: running } = useQuery(runningJobsQuery)
  const tagging = running?.some((job) => job.type === 'tagging') ?? false
  const was = useRef(false)
  useEffect(() => {
    if (was.current && !tagging) {
      void client.invalidateQueries({ queryKey: ['pictures', dataset] })
      void client.invalidateQueries({ queryKey: ['caption'] })
    }
    was.current = tagging
  }, [client, dataset, tagging])
  return useQuery({ ...picturesQuery(dataset), refetchInterval: tagging ? WHILE_TAGGING_MS : false })
}

/** Filters at the left, pictures in the middle, the one in hand at the right. On narrow screens the sides lie above. */
function Workbench({ dataset, pictures }: { dataset: string; pictures: Picture[] }) {
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
                  onClick={() => change({ q: undefined, tags: undefined, not: undefined, only: undefined })}
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
              action={
                <Button
                  onClick={() => change({ q: undefined, tags: undefined, not: undefined, only: undefined })}
                >
                  Clear filter
                </Button>
              }
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

function Waiting() {
  return (
    <div
      className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-1 p-2"
      aria-label="Loading pictures"
    >
      {Array.from({ length: 24 }, (_, i) => (
        <Skeleton key={i} className="aspect-square rounded-sm" />
      ))}
    </div>
  )
}

function CannotShow({ error, onRetry }: { error: unknown; onRetry(): void }) {
  const gone = error instanceof ApiError && error.status === 404
  return (
    <ErrorState
      what={gone ? 'There is no such dataset.' : 'The pictures cannot be shown.'}
      error={error}
      onRetry={onRetry}
      action={
        gone && (
          <Link to="/datasets" className={buttonLook('plain')}>
            <Images size={14} aria-hidden />
            All datasets
          </Link>
        )
      }
    />
  )
}
