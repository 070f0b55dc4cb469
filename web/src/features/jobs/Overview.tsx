// SPDX-License-Identifier: MIT
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { isActive, type Job } from '@/api/jobs.ts'
import { useNow } from '@/lib/clock.ts'
import { baseName, count, dateTime, duration, learningRate, rate } from '@/lib/format.ts'
import { Again } from './Again.tsx'
import { Curves } from './Curves.tsx'
import { FailureCard } from './FailureCard.tsx'
import { runTime } from './jobWords.ts'
import { Samples } from './Samples.tsx'
import type { JobLog } from './useJobLog.ts'

const TAIL = 12

interface Props {
  job: Job
  log: JobLog
  /** Name of the sample that is shown large. */
  sample?: string
  onSample(name: string | undefined): void
}

/** The job at a glance: its figures while it runs, its failure, its loss, its facts, what it drew, the
 * newest lines. */
export function Overview({ job, log, sample, onSample }: Props) {
  const now = useNow(1_000)
  const tail = log.buffer.lines.slice(-TAIL)
  return (
    <div className="h-full overflow-y-auto">
      <div className="flex max-w-[64rem] flex-col gap-5 p-4">
        {job.status === 'failed' && <FailureCard job={job} buffer={log.buffer} />}
        {job.status !== 'failed' &&
          job.failures.map((found) => (
            <p key={found.cause} role="alert" className="rounded-lg border border-warn bg-warn-soft p-3">
              {found.said}. {found.remedy}
            </p>
          ))}
        {job.status === 'cancelled' && (
          <div className="flex flex-wrap gap-2">
            <Again job={job} />
          </div>
        )}
        {isActive(job.status) && <Figures job={job} now={now} />}
        <Curves job={job} now={now} />
        <Facts job={job} now={now} />
        {job.type === 'training' && <Samples job={job} open={sample} onOpen={onSample} />}
        {job.status !== 'failed' && tail.length > 0 && (
          <section>
            <div className="mb-1.5 flex items-baseline justify-between">
              <h2 className="font-medium">Newest lines</h2>
              <Link
                to="/jobs/$id"
                params={{ id: job.id }}
                search={{ tab: 'log' }}
                className="rounded-sm text-accent-text hover:underline"
              >
                Whole log
              </Link>
            </div>
            <pre
              tabIndex={0}
              aria-label="Newest lines"
              className="overflow-x-auto rounded-md border border-line bg-panel px-3 py-2 font-mono text-sm leading-5 text-ink-2"
            >
              {tail.map((line) => `${line.text}\n`)}
            </pre>
          </section>
        )}
      </div>
    </div>
  )
}

function Figures({ job, now }: { job: Job; now: number }) {
  const of = (at: number | undefined, all: number | undefined) =>
    at === undefined ? null : all === undefined ? count(at) : `${count(at)} / ${count(all)}`
  const ran = runTime(job, now)
  const training = job.type === 'training'
  const figures: [string, string | null | undefined][] = [
    [training ? 'Step' : 'Picture', of(job.step, job.total_steps)],
    ['Epoch', of(job.epoch, job.total_epochs)],
    ['Loss', job.loss?.toFixed(4)],
    ['Learning rate', job.lr === undefined ? null : learningRate(job.lr)],
    ['Speed', job.steps_per_second ? rate(job.steps_per_second, training) : null],
    ['Time left', job.eta_seconds === undefined ? null : duration(job.eta_seconds * 1000)],
    ['Running for', ran === null ? null : duration(ran)],
    ['At', job.item],
  ]
  return (
    <dl className="num grid grid-cols-[repeat(auto-fill,minmax(8rem,1fr))] gap-px overflow-hidden rounded-lg border border-line bg-line">
      {figures.map(([label, value]) =>
        value == null ? null : (
          <div key={label} className="bg-panel px-3 py-2">
            <dt className="text-sm text-ink-3">{label}</dt>
            <dd className="truncate text-lg font-medium" title={value}>
              {value}
            </dd>
          </div>
        ),
      )}
      <div aria-hidden className="bg-panel" style={{ gridColumnEnd: -1 }} />
    </dl>
  )
}

function Facts({ job, now }: { job: Job; now: number }) {
  const ran = runTime(job, now)
  const facts: [string, ReactNode][] = [
    ['Asked for', dateTime(job.created_at)],
    ['Started', job.started_at ? dateTime(job.started_at) : null],
    ['Ended', job.completed_at ? dateTime(job.completed_at) : null],
    ['Took', job.completed_at && ran !== null ? duration(ran) : null],
    ['Exit code', job.status === 'failed' ? null : job.exit_code],
    [
      'Dataset',
      job.dataset_dir && (
        <Link
          to="/datasets/$name"
          params={{ name: baseName(job.dataset_dir) }}
          className="rounded-sm text-accent-text hover:underline"
        >
          {baseName(job.dataset_dir)}
        </Link>
      ),
    ],
    ['Results in', job.output_dir && <code className="font-mono text-sm break-all">{job.output_dir}</code>],
    [
      'Attempt',
      job.retry_of && (
        <>
          {job.attempt}, after{' '}
          <Link
            to="/jobs/$id"
            params={{ id: job.retry_of }}
            className="rounded-sm text-accent-text hover:underline"
          >
            {job.retry_of}
          </Link>
        </>
      ),
    ],
    ['Number', <code className="font-mono text-sm break-all">{job.id}</code>],
  ]
  return (
    <dl className="num grid grid-cols-[6.5rem_1fr] gap-x-3 gap-y-1">
      {facts.map(([label, value]) =>
        value == null || value === '' ? null : (
          <div key={label} className="contents">
            <dt className="text-ink-3">{label}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}
