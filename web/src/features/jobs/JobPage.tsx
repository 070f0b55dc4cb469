// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Square } from 'lucide-react'
import { useCommands } from '@/app/commands.ts'
import { ApiError } from '@/api/client.ts'
import { isActive, jobQuery, type Job } from '@/api/jobs.ts'
import { Button, buttonLook } from '@/components/Button.tsx'
import { Page } from '@/components/Page.tsx'
import { Progress } from '@/components/Progress.tsx'
import { ErrorState, Skeleton } from '@/components/States.tsx'
import { Tabs } from '@/components/Tabs.tsx'
import { count, duration, rate } from '@/lib/format.ts'
import { FilesTab } from './FilesTab.tsx'
import { phaseOf, stepWord, titleOf } from './jobWords.ts'
import { LogView } from './LogView.tsx'
import { Overview } from './Overview.tsx'
import { FirstButton, Waiting } from './QueueBar.tsx'
import { StateIcon } from './StateIcon.tsx'
import { useJobLog } from './useJobLog.ts'
import { useStop } from './useJobActions.ts'

const route = getRouteApi('/shell/jobs/$id')

export function JobPage() {
  const { id } = route.useParams()
  const job = useQuery(jobQuery(id))
  if (job.isPending)
    return (
      <Page title="Job" under={{ label: 'Jobs', to: '/jobs' }}>
        <div className="flex flex-col gap-3 p-4">
          <Skeleton className="h-6 w-60" />
          <Skeleton className="h-24 max-w-[64rem]" />
        </div>
      </Page>
    )
  if (job.isError) {
    const gone = job.error instanceof ApiError && job.error.status === 404
    return (
      <Page title="Job" under={{ label: 'Jobs', to: '/jobs' }}>
        <ErrorState
          what={gone ? 'There is no such job.' : 'The job cannot be shown.'}
          error={job.error}
          onRetry={() => void job.refetch()}
          action={
            gone && (
              <Link to="/jobs" className={buttonLook('plain')}>
                All jobs
              </Link>
            )
          }
        />
      </Page>
    )
  }
  return <Known key={id} job={job.data} />
}

function Known({ job }: { job: Job }) {
  const { tab = 'overview', find = '', sample } = route.useSearch()
  const navigate = route.useNavigate()
  const log = useJobLog(job.id)
  const stop = useStop(job)
  const active = isActive(job.status)
  useCommands(
    active ? [{ label: `Stop ${titleOf(job)}`, icon: Square, run: () => stop.mutate() }] : [],
    `${job.id}:${active}`,
  )
  return (
    <Page
      title={titleOf(job)}
      tabTitle={
        job.status === 'running' && job.percent !== undefined
          ? `${Math.floor(job.percent)} % ${titleOf(job)}`
          : undefined
      }
      under={{ label: 'Jobs', to: '/jobs' }}
      aside={<StateIcon state={job.status} withWord />}
      actions={
        active && (
          <Button
            icon={Square}
            look="danger"
            busy={stop.isPending || job.stopping}
            onClick={() => stop.mutate()}
          >
            Stop
          </Button>
        )
      }
    >
      <div className="flex h-full flex-col">
        {active && <Header job={job} />}
        <Tabs
          label="Job"
          value={tab}
          onChange={(next) =>
            void navigate({ search: { tab: next === 'overview' ? undefined : next }, replace: true })
          }
          className="flex min-h-0 flex-1 flex-col"
          tabs={[
            {
              value: 'overview',
              label: 'Overview',
              content: (
                <Overview
                  job={job}
                  log={log}
                  sample={sample}
                  onSample={(name) => void navigate({ search: { sample: name }, replace: true })}
                />
              ),
            },
            {
              value: 'log',
              label: 'Log',
              content: (
                <LogView
                  jobId={job.id}
                  log={log}
                  find={find}
                  onFind={(text) =>
                    void navigate({ search: { tab: 'log', find: text || undefined }, replace: true })
                  }
                />
              ),
            },
            { value: 'files', label: 'Files', content: <FilesTab job={job} /> },
          ]}
        />
      </div>
    </Page>
  )
}

/** How far it is, in one line that stays while one looks at any tab. */
function Header({ job }: { job: Job }) {
  const percent = job.percent ?? null
  const { step, total_steps, epoch, total_epochs, steps_per_second, eta_seconds } = job
  const parts = [
    job.stopping ? 'stopping' : phaseOf(job),
    step !== undefined &&
      total_steps !== undefined &&
      `${stepWord(job)} ${count(step)} of ${count(total_steps)}`,
    epoch !== undefined && total_epochs !== undefined && `epoch ${epoch} of ${total_epochs}`,
    steps_per_second && rate(steps_per_second, job.type === 'training'),
    eta_seconds !== undefined && `${duration(eta_seconds * 1000)} left`,
  ].filter(Boolean)
  if (job.status === 'pending')
    return (
      <div className="flex shrink-0 items-center gap-2 px-4 pt-3 pb-2">
        <Waiting job={job} now={Date.now()} />
        <FirstButton job={job} />
      </div>
    )
  return (
    <div className="num shrink-0 px-4 pt-3 pb-2">
      <div className="mb-1.5 flex items-baseline gap-3">
        <span className="shrink-0 text-lg font-medium">
          {percent === null ? '…' : `${Math.floor(percent)} %`}
        </span>
        <span className="min-w-0 truncate text-ink-2">{parts.join(' · ')}</span>
      </div>
      <Progress
        label={`Progress of ${titleOf(job)}`}
        percent={percent}
        className="h-1.5 rounded-full bg-line"
      />
    </div>
  )
}
