// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { checkQuery, type CheckReport } from '@/api/check.ts'
import type { TrainingRequest } from '@/api/training.ts'
import { ErrorState, Skeleton } from '@/components/States.tsx'
import { cx } from '@/lib/cx.ts'
import { baseName, bytes, count, duration, plural } from '@/lib/format.ts'
import { Findings } from './Findings.tsx'

interface Props {
  request: TrainingRequest
  onGo(field: string): void
}

/** What the training would do: asked of the server when this is looked at. */
export function DryRun({ request, onGo }: Props) {
  const check = useQuery(checkQuery(request))
  if (check.isError)
    return (
      <ErrorState
        what="The dry run could not be made."
        error={check.error}
        onRetry={() => void check.refetch()}
      />
    )
  if (!check.data)
    return (
      <div className="flex flex-col gap-2 p-4">
        {[50, 70, 40, 60].map((width, i) => (
          <Skeleton key={i} className="h-4" style={{ width: `${width}%` }} />
        ))}
      </div>
    )
  const { warnings, report } = check.data
  return (
    <div
      tabIndex={0}
      role="region"
      aria-label="Dry run"
      aria-busy={check.isFetching}
      className={cx('h-full overflow-y-auto', check.isPlaceholderData && 'opacity-60')}
    >
      {warnings.length > 0 && (
        <div className="border-b border-line px-4 py-3">
          <Findings findings={warnings} onGo={onGo} />
        </div>
      )}
      {report ? (
        <Report report={report} />
      ) : (
        <p className="p-4 text-ink-2">The data is looked at once nothing above stands against it.</p>
      )}
    </div>
  )
}

function Report({ report }: { report: CheckReport }) {
  return (
    <>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 px-4 py-3">
        {lines(report).map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{name}</dt>
            <dd className="num min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
      {report.buckets.length > 0 && <Buckets buckets={report.buckets} />}
    </>
  )
}

function lines({ subsets, steps, crop, tokens, model, disk, memory, time }: CheckReport) {
  const captions = subsets.reduce((sum, subset) => sum + subset.captions, 0)
  const unseen = subsets.reduce((sum, subset) => sum + subset.unseen, 0)
  const list: [name: string, value: ReactNode][] = [
    [
      'Pictures',
      `${count(steps.images)}, ${count(captions)} with captions${unseen > 0 ? `; ${count(unseen)} are not seen` : ''}`,
    ],
    ['Steps', `${count(steps.total)} = ${plural(steps.epochs, 'epoch')} of ${count(steps.steps_per_epoch)}`],
  ]
  if (crop.worst > 0)
    list.push([
      'Cut off',
      `${(crop.mean * 100).toFixed(1)} %, at most ${Math.round(crop.worst * 100)} % of ${baseName(crop.worst_file ?? '')}`,
    ])
  if (tokens.limit > 0)
    list.push([
      'Captions',
      `longest ${tokens.exact ? '' : 'about '}${count(tokens.longest)} of ${count(tokens.limit)} tokens`,
    ])
  if (model?.title) list.push(['Base model', model.title])
  const caches = disk.latent_cache + disk.text_cache
  list.push([
    'Disk',
    `${disk.checkpoints} × ${bytes(disk.checkpoint)}${caches > 0 ? `, caches ${bytes(caches)}` : ''}`,
  ])
  if (memory)
    list.push([
      'GPU memory',
      `about ${bytes(memory.total)}, an estimate${memory.past_runs > 0 ? ` from ${plural(memory.past_runs, 'past run')}` : ''}`,
    ])
  if (time)
    list.push([
      'Time',
      `${duration(time.seconds_least * 1000)} to ${duration(time.seconds_most * 1000)}, an estimate${time.step_seconds ? ' from past runs' : ''}`,
    ])
  return list
}

function Buckets({ buckets }: { buckets: CheckReport['buckets'] }) {
  return (
    <table className="num w-full border-t border-line text-sm">
      <thead className="text-ink-3">
        <tr>
          {['Bucket', 'Pictures', 'Batches', 'Last batch'].map((name) => (
            <th key={name} scope="col" className="px-4 py-1.5 text-left font-normal">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {buckets.map(({ size: [width, height], images, batches, last_batch }) => (
          <tr key={`${width} ${height}`} className="border-t border-line">
            <td className="px-4 py-1">
              {width} × {height}
            </td>
            <td className="px-4 py-1">{count(images)}</td>
            <td className="px-4 py-1">{count(batches)}</td>
            <td className="px-4 py-1">{count(last_batch)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
