// SPDX-License-Identifier: MIT
import { Link } from '@tanstack/react-router'
import { ListChecks, Square, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { isActive, type Job } from '@/api/jobs.ts'
import { buttonLook, IconButton } from '@/components/Button.tsx'
import { Page } from '@/components/Page.tsx'
import { Progress } from '@/components/Progress.tsx'
import { EmptyState, ErrorState, Skeleton } from '@/components/States.tsx'
import { useNow } from '@/lib/clock.ts'
import { ago, count, dateTime, duration } from '@/lib/format.ts'
import { kindOf, runTime, STATE_WORDS, titleOf } from './jobWords.ts'
import { FirstButton, PauseButton, useQueueOrder, Waiting } from './QueueBar.tsx'
import { StateIcon } from './StateIcon.tsx'
import { useJobs } from './useJobs.ts'
import { useForget, useForgotten, useStop } from './useJobActions.ts'

export function JobsPage() {
  const { query, jobs, total } = useJobs()
  const forgotten = useForgotten()
  const list = jobs?.filter((job) => !forgotten.includes(job.id)) ?? []
  const active = useQueueOrder(list.filter((job) => isActive(job.status)))
  const over = list.filter((job) => !isActive(job.status))
  return (
    <Page
      title="Jobs"
      aside={active.length > 0 && `${count(active.length)} active`}
      actions={list.length > 0 && <PauseButton />}
    >
      <div className="h-full overflow-y-auto">
        {query.isPending ? (
          <ul>
            {Array.from({ length: 6 }, (_, i) => (
              <li key={i} className="flex h-11 items-center gap-3 border-b border-line px-4">
                <Skeleton className="size-4 rounded-full" />
                <Skeleton className="h-4 w-52" />
              </li>
            ))}
          </ul>
        ) : query.isError ? (
          <ErrorState
            what="The jobs cannot be shown."
            error={query.error}
            onRetry={() => void query.refetch()}
          />
        ) : list.length === 0 ? (
          <EmptyState
            icon={ListChecks}
            title="No jobs yet"
            action={
              <Link to="/datasets" className={buttonLook('primary')}>
                Go to datasets
              </Link>
            }
          >
            Whatever takes longer than a moment runs as a job, with a log that outlives it. Tagging a dataset
            is a good first one.
          </EmptyState>
        ) : (
          <>
            {active.length > 0 && <Group title="Active" jobs={active} />}
            {over.length > 0 && <Group title="Ended" jobs={over} />}
            {total > list.length + forgotten.length && (
              <p className="num px-4 py-3 text-ink-3">
                The newest {count(list.length)} of {count(total)}.{' '}
                <code className="font-mono">lorica job list</code> has the others.
              </p>
            )}
          </>
        )}
      </div>
    </Page>
  )
}

function Group({ title, jobs }: { title: string; jobs: Job[] }) {
  return (
    <section>
      <h2 className="px-4 pt-4 pb-1.5 text-sm text-ink-3">{title}</h2>
      <ul className="border-t border-line">
        {jobs.map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}

function Row({ job }: { job: Job }) {
  const now = useNow(isActive(job.status) ? 1_000 : 30_000)
  const ran = runTime(job, now)
  const running = job.status === 'running'
  return (
    <li className="flex items-center [contain-intrinsic-size:auto_45px] [content-visibility:auto] border-b border-line pr-2 hover:bg-hover">
      <Link
        to="/jobs/$id"
        params={{ id: job.id }}
        className="num grid h-11 min-w-0 flex-1 grid-cols-[auto_1fr_auto] items-center gap-3 pl-4 pr-2 focus-visible:outline-offset-[-2px] md:grid-cols-[auto_minmax(10rem,1fr)_minmax(8rem,1.4fr)_6rem_7rem]"
      >
        <StateIcon state={job.status} />
        <span className="truncate">
          <span className="text-ink-2">{kindOf(job)}</span> <span className="font-medium">{job.subject}</span>
        </span>
        <span className="flex min-w-0 items-center gap-3 max-md:hidden">
          {running ? (
            <>
              <Progress
                label={`Progress of ${titleOf(job)}`}
                percent={job.percent ?? null}
                className="h-1 max-w-40 flex-1 rounded-full bg-line"
              />
              <Figures job={job} />
            </>
          ) : job.status === 'failed' ? (
            <span className="truncate text-bad" title={job.failures[0]?.remedy ?? job.error}>
              {job.failures[0]?.said ?? job.error ?? STATE_WORDS.failed}
            </span>
          ) : job.status === 'pending' ? (
            <Waiting job={job} now={now} />
          ) : (
            <span className="text-ink-3">{STATE_WORDS[job.status]}</span>
          )}
        </span>
        <span className="text-right text-ink-2 max-md:hidden">{ran !== null && duration(ran)}</span>
        <span className="text-right text-ink-3" title={dateTime(job.created_at)}>
          {running && <span className="mr-2 text-ink md:hidden">{Math.floor(job.percent ?? 0)} %</span>}
          {ago(job.created_at, now)}
        </span>
      </Link>
      {job.status === 'pending' ? (
        <FirstButton job={job} />
      ) : (
        <span className="size-7 shrink-0 max-md:hidden" />
      )}
      <Action job={job} />
    </li>
  )
}

function Figures({ job }: { job: Job }): ReactNode {
  const parts = [
    job.percent !== undefined && `${Math.floor(job.percent)} %`,
    job.step !== undefined &&
      job.total_steps !== undefined &&
      `${count(job.step)} / ${count(job.total_steps)}`,
    job.eta_seconds !== undefined && `${duration(job.eta_seconds * 1000)} left`,
  ].filter(Boolean)
  return <span className="truncate text-ink-2">{parts.join(' · ')}</span>
}

function Action({ job }: { job: Job }) {
  const stop = useStop(job)
  const forget = useForget()
  return isActive(job.status) ? (
    <IconButton
      icon={Square}
      label={`Stop ${titleOf(job)}`}
      disabled={stop.isPending || job.stopping}
      onClick={() => stop.mutate()}
    />
  ) : (
    <IconButton icon={Trash2} label={`Delete ${titleOf(job)} with its log`} onClick={() => forget(job)} />
  )
}
