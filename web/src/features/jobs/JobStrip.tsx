// SPDX-License-Identifier: MIT
import { Link } from '@tanstack/react-router'
import { isActive } from '@/api/jobs.ts'
import { Progress } from '@/components/Progress.tsx'
import { count, duration } from '@/lib/format.ts'
import { kindOf } from './jobWords.ts'
import { StateIcon } from './StateIcon.tsx'
import { useJobs, useJobsKeptFresh } from './useJobs.ts'

/** At the foot of every place while anything runs or waits: what it is and how far. Leads to the job. */
export function JobStrip() {
  useJobsKeptFresh()
  const { jobs } = useJobs()
  const active = jobs?.filter((job) => isActive(job.status)) ?? []
  const job = active.find((j) => j.status === 'running') ?? active.at(-1)
  if (!job) return null
  const percent = job.status === 'running' ? (job.percent ?? null) : 0
  return (
    <section
      aria-label="What is running"
      className="num relative flex h-9 shrink-0 items-center gap-4 border-t border-line bg-panel px-4"
    >
      <Progress
        label={`Progress of ${job.subject}`}
        percent={percent}
        className="absolute inset-x-0 -top-px h-0.5"
      />
      <Link
        to="/jobs/$id"
        params={{ id: job.id }}
        className="flex h-full min-w-0 flex-1 items-center gap-4 hover:text-accent-text focus-visible:outline-offset-[-2px]"
      >
        <span className="flex min-w-0 items-center gap-2">
          <StateIcon state={job.status} />
          <span className="truncate">
            <span className="text-ink-2">{kindOf(job)}</span>{' '}
            <span className="font-medium">{job.subject}</span>
          </span>
        </span>
        {job.status === 'pending' && <span className="text-ink-2">waiting</span>}
        {percent !== null && job.status === 'running' && (
          <span className="font-medium">{Math.floor(percent)} %</span>
        )}
        {job.step !== undefined && job.total_steps !== undefined && (
          <span className="text-ink-2 max-md:hidden">
            {count(job.step)} / {count(job.total_steps)}
          </span>
        )}
        {job.loss !== undefined && (
          <span className="text-ink-2 max-md:hidden">loss {job.loss.toFixed(3)}</span>
        )}
        {job.eta_seconds !== undefined && (
          <span className="text-ink-2">{duration(job.eta_seconds * 1000)} left</span>
        )}
      </Link>
      {active.length > 1 && (
        <Link to="/jobs" className="shrink-0 text-ink-2 hover:text-ink">
          {active.length - 1} more
        </Link>
      )}
    </section>
  )
}
