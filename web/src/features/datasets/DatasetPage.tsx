// SPDX-License-Identifier: MIT
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ImagePlus, Images, Tags, TextCursorInput } from 'lucide-react'
import { useEffect, useMemo, useRef } from 'react'
import { useCommands } from '@/app/commands.ts'
import { ApiError } from '@/api/client.ts'
import { picturesQuery } from '@/api/datasets.ts'
import { runningJobsQuery } from '@/api/jobs.ts'
import { Button, buttonLook } from '@/components/Button.tsx'
import { Page } from '@/components/Page.tsx'
import { EmptyState, ErrorState, Skeleton } from '@/components/States.tsx'
import { plural } from '@/lib/format.ts'
import { DropZone } from './DropZone.tsx'
import { TaggingDialog } from './TaggingDialog.tsx'
import { TriggerDialog } from './TriggerDialog.tsx'
import { useAddPictures } from './useAddPictures.tsx'
import { Workbench } from './Workbench.tsx'

const route = getRouteApi('/shell/datasets/$name')

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
