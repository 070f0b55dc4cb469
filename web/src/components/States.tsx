// SPDX-License-Identifier: MIT
// The states of a list that are not the list: loading, empty, error, partial. Each takes the room of what it stands for.
import { CircleAlert, TriangleAlert, type LucideIcon } from 'lucide-react'
import type { CSSProperties, ReactNode } from 'react'
import { ApiError, messageOf } from '@/api/client.ts'
import { cx } from '@/lib/cx.ts'
import { Button } from './Button.tsx'

export function Skeleton({ className, style }: { className?: string; style?: CSSProperties }) {
  return <div aria-hidden className={cx('animate-pulse rounded-md bg-hover', className)} style={style} />
}

interface EmptyProps {
  icon: LucideIcon
  title: string
  /** What will be here, in a sentence. */
  children: ReactNode
  /** The one thing to do next. */
  action?: ReactNode
}

export function EmptyState({ icon: Icon, title, children, action }: EmptyProps) {
  return (
    <div className="flex h-full min-h-64 flex-col items-center justify-center gap-3 p-6 text-center">
      <Icon size={28} strokeWidth={1.5} aria-hidden className="text-ink-3" />
      <div>
        <h2 className="text-lg font-medium">{title}</h2>
        <p className="mt-1 max-w-[26rem] text-ink-2">{children}</p>
      </div>
      {action}
    </div>
  )
}

interface ErrorProps {
  /** What could not be done: "The datasets cannot be shown." */
  what: string
  error: unknown
  onRetry?(): void
  /** A better remedy than trying again. */
  action?: ReactNode
}

export function ErrorState({ what, error, onRetry, action }: ErrorProps) {
  const lost = error instanceof ApiError && error.unreachable
  return (
    <div
      role="alert"
      className="flex h-full min-h-64 flex-col items-center justify-center gap-3 p-6 text-center"
    >
      <CircleAlert size={28} strokeWidth={1.5} aria-hidden className="text-bad" />
      <div>
        <h2 className="text-lg font-medium">{what}</h2>
        <p className="mt-1 max-w-[30rem] break-words text-ink-2">{messageOf(error)}</p>
        {lost && (
          <p className="mt-1 max-w-[30rem] text-ink-3">
            Is <code className="font-mono">lorica serve</code> running? The page goes on by itself once it
            answers.
          </p>
        )}
      </div>
      {action || (onRetry && <Button onClick={onRetry}>Try again</Button>)}
    </div>
  )
}

/** A line above a list or a form: some of it is missing, or something must be known first. */
export function Notice({
  tone = 'warn',
  children,
  action,
}: {
  tone?: 'warn' | 'bad'
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <div
      role={tone === 'bad' ? 'alert' : 'status'}
      className={cx(
        'flex items-start gap-2 rounded-md px-3 py-2',
        tone === 'bad' ? 'bg-bad-soft' : 'bg-warn-soft',
      )}
    >
      <TriangleAlert
        size={14}
        aria-hidden
        className={cx('mt-[3px] shrink-0', tone === 'bad' ? 'text-bad' : 'text-warn')}
      />
      <div className="min-w-0 flex-1 break-words">{children}</div>
      {action}
    </div>
  )
}
