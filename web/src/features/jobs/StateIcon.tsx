// SPDX-License-Identifier: MIT
import { CircleCheck, CircleDashed, CircleSlash, CircleX, LoaderCircle, type LucideIcon } from 'lucide-react'
import type { JobState } from '@/api/jobs.ts'
import { cx } from '@/lib/cx.ts'
import { STATE_WORDS } from './jobWords.ts'

const looks: Record<JobState, { icon: LucideIcon; tone: string }> = {
  pending: { icon: CircleDashed, tone: 'text-ink-3' },
  running: { icon: LoaderCircle, tone: 'text-accent-text animate-spin' },
  completed: { icon: CircleCheck, tone: 'text-ok' },
  failed: { icon: CircleX, tone: 'text-bad' },
  cancelled: { icon: CircleSlash, tone: 'text-ink-3' },
}

/** The state of a job as a sign; `withWord` adds it in words, else only screen readers hear it. */
export function StateIcon({ state, withWord }: { state: JobState; withWord?: boolean }) {
  const { icon: Icon, tone } = looks[state]
  return (
    <span className="inline-flex items-center gap-1.5">
      <Icon size={15} aria-hidden className={cx('shrink-0', tone)} />
      <span className={withWord ? 'text-ink-2' : 'sr-only'}>{STATE_WORDS[state]}</span>
    </span>
  )
}
