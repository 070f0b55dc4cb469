// SPDX-License-Identifier: MIT
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleX, Upload as UploadIcon, X } from 'lucide-react'
import { Button, IconButton } from '@/components/Button.tsx'
import { Progress } from '@/components/Progress.tsx'
import { bytes, count, plural } from '@/lib/format.ts'
import { useStore } from '@/lib/store.ts'
import { cancelUpload, closeUpload, resumeUpload, upload, type Upload } from './uploads.ts'

/** How far the sending of files is, wherever one is on the page. */
export function UploadCard() {
  const now = useStore(upload)
  if (!now) return null
  const { state } = now
  const sending = state === 'sending'
  return (
    <section
      aria-label="Upload"
      className="absolute bottom-12 left-3 z-30 w-80 max-w-[calc(100vw-1.5rem)] animate-appear rounded-lg border border-line bg-raised p-3 shadow-float"
    >
      <div className="flex items-center gap-2">
        <StateSign state={state} />
        <h2 className="min-w-0 flex-1 truncate font-medium">{titleOf(now)}</h2>
        {sending ? (
          <Button look="quiet" onClick={cancelUpload}>
            Cancel
          </Button>
        ) : (
          <IconButton icon={X} label="Close" onClick={closeUpload} side="top" />
        )}
      </div>
      {sending && (
        <>
          <Progress
            label="Upload"
            percent={(now.sentBytes / Math.max(1, now.bytes)) * 100}
            className="mt-2 h-1 rounded-full bg-line"
          />
          <p className="num mt-1.5 text-sm text-ink-3">
            {bytes(now.sentBytes)} of {bytes(now.bytes)} to{' '}
            <Link to="/datasets/$name" params={{ name: now.dataset }} className="underline hover:text-ink">
              {now.dataset}
            </Link>
          </p>
        </>
      )}
      {typeof state === 'object' && <p className="mt-1 break-words text-ink-2">{state.failed}</p>}
      {(state === 'stopped' || typeof state === 'object') && (
        <Button className="mt-2" onClick={resumeUpload}>
          Send the rest
        </Button>
      )}
      <Problems problems={now.problems} />
    </section>
  )
}

function titleOf({ state, sentFiles, files }: Upload): string {
  if (state === 'sending') return `Sending ${count(sentFiles)} of ${plural(files, 'file')}`
  if (state === 'done') return `${plural(sentFiles, 'file')} added`
  if (state === 'stopped') return `Stopped after ${plural(sentFiles, 'file')}`
  return `Failed after ${plural(sentFiles, 'file')}`
}

function StateSign({ state }: Pick<Upload, 'state'>) {
  if (state === 'sending') return <UploadIcon size={15} aria-hidden className="shrink-0 text-accent-text" />
  if (state === 'done') return <CircleCheck size={15} aria-hidden className="shrink-0 text-ok" />
  return <CircleX size={15} aria-hidden className="shrink-0 text-bad" />
}

function Problems({ problems }: Pick<Upload, 'problems'>) {
  if (problems.length === 0) return null
  return (
    <details className="mt-2 text-sm">
      <summary className="text-warn">{plural(problems.length, 'file')} left out</summary>
      <ul className="mt-1 max-h-32 overflow-y-auto">
        {problems.map((problem, i) => (
          <li key={i} className="break-words text-ink-2">
            <span className="font-mono">{problem.name}</span>: {problem.why}
          </li>
        ))}
      </ul>
    </details>
  )
}
