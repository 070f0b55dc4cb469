// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { Download, File } from 'lucide-react'
import type { ReactNode } from 'react'
import { modelFilesQuery, modelFileUrl, type ModelFile } from '@/api/artifacts.ts'
import { rawLogUrl, type Job } from '@/api/jobs.ts'
import { Notice, Skeleton } from '@/components/States.tsx'
import { messageOf } from '@/api/client.ts'
import { bytes, count, dateTime } from '@/lib/format.ts'

/** What the job leaves behind: its log, and the LoRA files of a training. */
export function FilesTab({ job }: { job: Job }) {
  return (
    <div className="h-full overflow-y-auto">
      <div className="flex max-w-[64rem] flex-col gap-5 p-4">
        <Group title="Of the job">
          <Entry
            icon={<File size={15} aria-hidden />}
            name="log"
            action={<DownloadLink href={rawLogUrl(job.id)} name={`${job.id}.log`} />}
          />
        </Group>
        {job.type === 'training' && <Results job={job} />}
      </div>
    </div>
  )
}

function Results({ job }: { job: Job }) {
  const made = useQuery(modelFilesQuery(job))
  return (
    <Group title={made.data?.folder ?? 'Results'} mono={Boolean(made.data?.folder)}>
      {made.isPending ? (
        <li className="p-2">
          <Skeleton className="h-5" />
        </li>
      ) : made.isError ? (
        <li>
          <Notice>{messageOf(made.error)}</Notice>
        </li>
      ) : made.data.files.length === 0 ? (
        <li className="px-3 py-2 text-ink-3">Nothing has been saved yet.</li>
      ) : (
        made.data.files.map((file) => (
          <Entry
            key={file.name}
            icon={<File size={15} aria-hidden />}
            name={file.name}
            about={wordsOf(file)}
            size={file.size}
            modified={file.modified}
            action={<DownloadLink href={modelFileUrl(job.id, file.name)} name={file.name} />}
          />
        ))
      )}
    </Group>
  )
}

function wordsOf({ epoch, step, last }: ModelFile): string {
  if (last) return 'the result'
  return epoch !== null ? `epoch ${count(epoch)}` : step !== null ? `step ${count(step)}` : ''
}

function DownloadLink({ href, name }: { href: string; name: string }) {
  return (
    <a
      href={href}
      download={name}
      aria-label={`Download ${name}`}
      className="flex size-7 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink pointer-coarse:size-9"
    >
      <Download size={15} aria-hidden />
    </a>
  )
}

function Group({ title, mono, children }: { title: string; mono?: boolean; children: ReactNode }) {
  return (
    <section>
      <h2 className={mono ? 'mb-1.5 font-mono text-sm break-all text-ink-2' : 'mb-1.5 font-medium'}>
        {title}
      </h2>
      <ul className="divide-y divide-line rounded-lg border border-line bg-panel">{children}</ul>
    </section>
  )
}

interface EntryProps {
  icon: ReactNode
  name: string
  /** What it is, in a word or two. */
  about?: string
  size?: number
  modified?: number
  action?: ReactNode
}

function Entry({ icon, name, about, size, modified, action }: EntryProps) {
  return (
    <li className="num flex min-h-9 items-center gap-2.5 px-3">
      <span className="text-ink-3">{icon}</span>
      <span className="min-w-0 flex-1 truncate font-mono text-sm">{name}</span>
      {about && <span className="text-sm text-ink-2">{about}</span>}
      {modified !== undefined && (
        <span className="text-sm text-ink-3 max-md:hidden">{dateTime(modified)}</span>
      )}
      {size !== undefined && <span className="w-20 text-right text-sm text-ink-3">{bytes(size)}</span>}
      {action}
    </li>
  )
}
