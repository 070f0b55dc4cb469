// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { Download, File, Folder } from 'lucide-react'
import type { ReactNode } from 'react'
import { folderQuery } from '@/api/files.ts'
import { rawLogUrl, type Job } from '@/api/jobs.ts'
import { Notice, Skeleton } from '@/components/States.tsx'
import { messageOf } from '@/api/client.ts'
import { bytes, dateTime } from '@/lib/format.ts'

/** What the job leaves behind: its log, and the folder of its results. */
export function FilesTab({ job }: { job: Job }) {
  return (
    <div className="h-full overflow-y-auto">
      <div className="flex max-w-[64rem] flex-col gap-5 p-4">
        <Group title="Of the job">
          <Entry
            icon={<File size={15} aria-hidden />}
            name="log"
            action={
              <a
                href={rawLogUrl(job.id)}
                download={`${job.id}.log`}
                aria-label="Download the log"
                className="flex size-7 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink pointer-coarse:size-9"
              >
                <Download size={15} aria-hidden />
              </a>
            }
          />
        </Group>
        {job.output_dir && <Results path={job.output_dir} />}
      </div>
    </div>
  )
}

function Results({ path }: { path: string }) {
  const folder = useQuery({ ...folderQuery(path), retry: false })
  return (
    <Group title={path} mono>
      {folder.isPending ? (
        <li className="p-2">
          <Skeleton className="h-5" />
        </li>
      ) : folder.isError ? (
        <li>
          <Notice>{messageOf(folder.error)}</Notice>
        </li>
      ) : folder.data.files.length === 0 ? (
        <li className="px-3 py-2 text-ink-3">Nothing has been written yet.</li>
      ) : (
        folder.data.files.map((file) => (
          <Entry
            key={file.path}
            icon={file.type === 'dir' ? <Folder size={15} aria-hidden /> : <File size={15} aria-hidden />}
            name={file.name}
            size={file.type === 'dir' ? undefined : file.size}
            modified={file.modified}
          />
        ))
      )}
    </Group>
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
  size?: number
  modified?: number
  action?: ReactNode
}

function Entry({ icon, name, size, modified, action }: EntryProps) {
  return (
    <li className="num flex min-h-9 items-center gap-2.5 px-3">
      <span className="text-ink-3">{icon}</span>
      <span className="min-w-0 flex-1 truncate font-mono text-sm">{name}</span>
      {modified !== undefined && (
        <span className="text-sm text-ink-3 max-md:hidden">{dateTime(modified)}</span>
      )}
      {size !== undefined && <span className="w-20 text-right text-sm text-ink-3">{bytes(size)}</span>}
      {action}
    </li>
  )
}
