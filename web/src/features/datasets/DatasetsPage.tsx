// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Images, Plus } from 'lucide-react'
import { useCommands } from '@/app/commands.ts'
import { datasetsQuery, picturesQuery, type Dataset } from '@/api/datasets.ts'
import { Button } from '@/components/Button.tsx'
import { Page } from '@/components/Page.tsx'
import { EmptyState, ErrorState, Notice, Skeleton } from '@/components/States.tsx'
import { bytes, count, plural } from '@/lib/format.ts'
import { NewDatasetDialog } from './NewDatasetDialog.tsx'
import { Thumbnail } from './Thumbnail.tsx'

const route = getRouteApi('/shell/datasets')

export function DatasetsPage() {
  const { dialog } = route.useSearch()
  const navigate = route.useNavigate()
  const datasets = useQuery(datasetsQuery)
  const openNew = () => void navigate({ search: { dialog: 'new' } })
  const add = (
    <Button look="primary" icon={Plus} onClick={openNew}>
      New dataset
    </Button>
  )
  useCommands([{ label: 'New dataset', icon: Plus, run: openNew }], 'datasets')
  return (
    <Page
      title="Datasets"
      aside={datasets.data && count(datasets.data.datasets.length)}
      actions={datasets.data?.datasets.length !== 0 && add}
    >
      <div className="h-full overflow-y-auto">
        {datasets.isPending ? (
          <ul>
            {Array.from({ length: 5 }, (_, i) => (
              <li key={i} className="flex h-15 items-center gap-4 border-b border-line px-4">
                <Skeleton className="h-11 w-46" />
                <Skeleton className="h-4 w-40" />
              </li>
            ))}
          </ul>
        ) : datasets.isError ? (
          <ErrorState
            what="The datasets cannot be shown."
            error={datasets.error}
            onRetry={() => void datasets.refetch()}
          />
        ) : datasets.data.datasets.length === 0 ? (
          <EmptyState icon={Images} title="No datasets yet" action={add}>
            A dataset is a folder of pictures with a caption beside each. Make one, drop pictures into it, and
            let a tagger write the first captions.
          </EmptyState>
        ) : (
          <>
            <Unreadable errors={datasets.data.errors ?? []} />
            <ul>
              {datasets.data.datasets.map((dataset) => (
                <Row key={dataset.name} dataset={dataset} />
              ))}
            </ul>
          </>
        )}
      </div>
      {dialog === 'new' && <NewDatasetDialog onClose={() => void navigate({ search: {}, replace: true })} />}
    </Page>
  )
}

/** Some of the list is missing: which, and why. */
function Unreadable({ errors }: { errors: string[] }) {
  if (errors.length === 0) return null
  return (
    <div className="border-b border-line p-3">
      <Notice>
        {plural(errors.length, 'folder')} cannot be read and {errors.length === 1 ? 'is' : 'are'} not listed:
        <ul className="font-mono text-sm text-ink-2">
          {errors.map((error) => (
            <li key={error}>{error}</li>
          ))}
        </ul>
      </Notice>
    </div>
  )
}

function Row({ dataset }: { dataset: Dataset }) {
  const { name, image_count, caption_count, total_size } = dataset
  return (
    <li className="border-b border-line">
      <Link
        to="/datasets/$name"
        params={{ name }}
        className="num grid h-15 grid-cols-[auto_1fr_auto] items-center gap-4 px-4 hover:bg-hover focus-visible:outline-offset-[-2px] md:grid-cols-[auto_18rem_7rem_12rem_5rem] md:justify-start"
      >
        <Strip dataset={dataset} />
        <span className="truncate font-medium">{name}</span>
        <span className="text-right text-ink-2">
          {image_count === 0 ? 'empty' : plural(image_count, 'picture')}
        </span>
        <span className="flex items-center gap-2 max-md:hidden">
          {image_count > 0 && <Captioned {...dataset} />}
        </span>
        <span className="text-right text-ink-3 max-md:hidden">
          {total_size !== undefined && image_count > 0 && bytes(total_size)}
        </span>
        <span className="sr-only">{plural(caption_count, 'caption')}</span>
      </Link>
    </li>
  )
}

/** How many of the pictures have a caption: the one figure that says whether a dataset is ready. */
function Captioned({ image_count, caption_count }: Dataset) {
  const part = Math.min(1, caption_count / image_count)
  return (
    <>
      <span aria-hidden className="h-1 w-16 overflow-hidden rounded-full bg-line">
        <span className="block h-full rounded-full bg-ink-3" style={{ width: `${part * 100}%` }} />
      </span>
      <span aria-hidden className={part < 1 ? 'text-ink-2' : 'text-ink-3'}>
        {part === 1 ? 'all captioned' : part === 0 ? 'no captions' : `${count(caption_count)} captioned`}
      </span>
    </>
  )
}

const STRIP = 4
const LIST_UP_TO = 2_000 // the whole list of a larger dataset is too much to ask for four small pictures

/** The first pictures: sent along by the server, else taken from the dataset's own list. */
function Strip({ dataset }: { dataset: Dataset }) {
  const { name, image_count, covers } = dataset
  const wanted = !covers && image_count > 0 && image_count <= LIST_UP_TO
  const { data } = useQuery({ ...picturesQuery(name), enabled: wanted, staleTime: 60_000, retry: false })
  const paths = covers ?? data?.slice(0, STRIP).map((picture) => picture.image_path) ?? []
  return (
    <span className="flex h-11 w-45.5 gap-0.5 overflow-hidden rounded-sm max-md:w-22.5">
      {image_count === 0 ? (
        <span className="flex flex-1 items-center justify-center bg-panel text-ink-3">
          <Images size={18} strokeWidth={1.5} aria-hidden />
        </span>
      ) : (
        Array.from({ length: STRIP }, (_, i) => (
          <span key={i} className="size-11 shrink-0 bg-panel max-md:nth-[n+3]:hidden">
            {paths[i] && <Thumbnail imagePath={paths[i]} size={44} />}
          </span>
        ))
      )}
    </span>
  )
}
