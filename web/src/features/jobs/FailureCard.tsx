// SPDX-License-Identifier: MIT
import { Link } from '@tanstack/react-router'
import { CircleX, Download, ScrollText, Tags } from 'lucide-react'
import { rawLogUrl, type Job } from '@/api/jobs.ts'
import { buttonLook } from '@/components/Button.tsx'
import { cx } from '@/lib/cx.ts'
import { baseName } from '@/lib/format.ts'
import type { LogBuffer, LogLine } from '@/lib/logBuffer.ts'

const BEFORE = 6
const AFTER = 2

/** The line that says why, with what stands around it: the job's own error, else the last line of level error. */
function evidence(buffer: LogBuffer, error: string): { lines: LogLine[]; key: number } | null {
  const { lines } = buffer
  let at = error ? lines.findLastIndex((line) => line.text.includes(error)) : -1
  if (at < 0) at = lines.findLastIndex((line) => line.level === 'error')
  const line = lines[at]
  return line ? { lines: lines.slice(Math.max(0, at - BEFORE), at + AFTER + 1), key: line.key } : null
}

/** How its process ended, in a sentence. */
function endOf(job: Job): string {
  if (job.oom_kill) return 'The system ended it because the memory was full.'
  if (job.exit_signal !== undefined) return `Ended by signal ${job.exit_signal}.`
  return job.exit_code !== undefined ? `Ended with code ${job.exit_code}.` : ''
}

/** What a failed job opens on: the cause, its evidence, and what to do. */
export function FailureCard({ job, buffer }: { job: Job; buffer: LogBuffer }) {
  const error = job.error?.trim() ?? ''
  const found = evidence(buffer, error)
  const culprit = found?.lines.find((line) => line.key === found.key)?.text.trim()
  return (
    <section aria-label="Failure" className="rounded-lg border border-bad bg-panel">
      <div className="flex items-start gap-2.5 p-4 pb-3">
        <CircleX size={18} aria-hidden className="mt-px shrink-0 text-bad" />
        <div className="min-w-0">
          <h2 className="text-lg font-medium break-words">
            {error || 'The job failed and did not say why.'}
          </h2>
          <p className="num mt-0.5 text-ink-3">{endOf(job)}</p>
        </div>
      </div>
      {found && (
        <pre
          tabIndex={0}
          className="mx-4 overflow-x-auto rounded-md bg-canvas py-2 font-mono text-sm"
          aria-label="From the log"
        >
          {found.lines.map((line) => (
            <div
              key={line.key}
              className={cx('px-3 leading-5', line.key === found.key ? 'bg-bad-soft text-bad' : 'text-ink-2')}
            >
              {line.text || ' '}
            </div>
          ))}
        </pre>
      )}
      <div className="flex flex-wrap gap-2 p-4 pt-3">
        {job.type === 'tagging' && job.dataset_dir && (
          <Link
            to="/datasets/$name"
            params={{ name: baseName(job.dataset_dir) }}
            search={{ dialog: 'tag' }}
            className={buttonLook('primary')}
          >
            <Tags size={14} aria-hidden />
            Tag again…
          </Link>
        )}
        <Link
          to="/jobs/$id"
          params={{ id: job.id }}
          search={{ tab: 'log', find: culprit?.slice(0, 80) }}
          className={buttonLook('plain')}
        >
          <ScrollText size={14} aria-hidden />
          Show in the log
        </Link>
        <a href={rawLogUrl(job.id)} download={`${job.id}.log`} className={buttonLook('quiet')}>
          <Download size={14} aria-hidden />
          Raw log
        </a>
      </div>
    </section>
  )
}
