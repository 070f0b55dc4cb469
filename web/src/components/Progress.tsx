// SPDX-License-Identifier: MIT
import { cx } from '@/lib/cx.ts'

interface Props {
  label: string
  percent: number | null
  /** Its size and ground, in place of the usual ones. */
  className?: string
}

/** How far something is, in percent; without a figure, a bar that only says that it is under way. */
export function Progress({ label, percent, className = 'h-1 rounded-full bg-line' }: Props) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      className={cx('overflow-hidden', className)}
    >
      <div
        className={cx('h-full bg-accent-text', percent === null && 'w-1/3 animate-pulse')}
        style={percent === null ? undefined : { width: `${Math.min(100, Math.max(0, percent))}%` }}
      />
    </div>
  )
}
