// SPDX-License-Identifier: MIT
import { Link } from '@tanstack/react-router'
import { CircleX, Download, ScrollText, Tags } from 'lucide-react'
import { rawLogUrl, type Job } from '@/api/jobs.ts'
import { diagnosticsUrl } from '@/api/queue.ts'
import { buttonLook } from '@/components/Button.tsx'
import { cx } from '@/lib/cx.ts'
import { baseName } from '@/lib/format.ts'
import type { LogBuffer, LogLine } from '@/lib/logBuffer.ts'
import { Again, BrokenStates } from './Again.tsx'

const BEFORE = 6
const AFTER = 2

/** The line that says why, with what stands around it: of the cause, else the job's own error, else the last error. */
function evidence(buffer: LogBuffer, shown: string, error: string): { lines: LogLine[]; key: number } | null {
  const { lines } = buffer
  let at = shown ? lines.findLastIndex((line) => line.text.includes(shown)) : -1
  if (at < 0) at = error ? lines.findLastIndex((line) => line.text.includes(error)) : -1
  if (at < 0) at = lines.findLastIndex((line) => line.level === 'error')
  const line = lines[at]
  return line ? { lines: lines.slice(Math.max(0, at - BEFORE), at + AFTER + 1), key: line.key } : null
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** How its process ended, in a sentence. */
function endOf(job: Job): string {
  if (job.oom_kill) return 'The system ended it because the memory was full.'
  if (job.exit_signal !== undefined) return `Ended by signal ${job.exit_signal}.`
  return job.exit_code !== undefined ? `Ended with code ${job.exit_code}.` : ''
}

/** What a failed job opens on: the cause, its evidence, and what to do. */
export function FailureCard({ job, buffer }: { job: Job; buffer: LogBuffer }) {
  const error = job.error?.trim() ?? ''
  const [cause, ...others] = job.failures
  const found = evidence(buffer, cause?.evidence?.slice(0, 200) ?? '', error)
  const culprit = found?.lines.find((line) => line.key === found.key)?.text.trim()
  return (
    <section aria-label="Failure" className="rounded-lg border border-bad bg-panel">
      <div className="flex items-start gap-2.5 p-4 pb-3">
        <CircleX size={18} aria-hidden className="mt-px shrink-0 text-bad" />
        <div className="min-w-0">
          <h2 className="text-lg font-medium break-words">
            {cause ? sentence(cause.said) : error || 'The job failed and did not say why.'}
          </h2>
          {cause && <p className="mt-1 break-words">{cause.remedy}</p>}
          <p className="num mt-0.5 break-words text-ink-3">
            {[cause && error, endOf(job)].filter(Boolean).join(' — ')}
          </p>
          {others.map((other) => (
            <p key={other.cause} className="mt-1 break-words text-ink-2">
              Or: {sentence(other.said)} {other.remedy}
            </p>
          ))}
          <BrokenStates job={job} />
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
        <Again job={job} />
        {job.type === 'tagging' && job.dataset_dir && (
          <Link
            to="/datasets/$name"
            params={{ name: baseName(job.dataset_dir) }}
            search={{ dialog: 'tag' }}
            className={buttonLook('plain')}
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
        <a href={diagnosticsUrl(job.id)} download={`${job.id}.zip`} className={buttonLook('quiet')}>
          <Download size={14} aria-hidden />
          Diagnostics
        </a>
      </div>
    </section>
  )
}
