// SPDX-License-Identifier: MIT
import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import { cx } from '@/lib/cx.ts'
import { tip } from './Tooltip.tsx'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  primary: 'bg-accent font-medium text-accent-ink hover:bg-accent-hover',
  plain: 'border border-line bg-raised text-ink hover:bg-hover hover:border-edge',
  quiet: 'text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'border border-line bg-raised text-bad hover:bg-bad-soft hover:border-bad',
}

/** The classes of a button, for links that look like one. */
export const buttonLook = (look: Look, ...more: string[]) =>
  cx(
    'inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-md px-2.5 whitespace-nowrap select-none',
    'transition-colors duration-120 disabled:pointer-events-none disabled:opacity-45 pointer-coarse:h-9',
    looks[look],
    ...more,
  )

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look
  icon?: LucideIcon
  /** Something is under way: it cannot be pressed again, and keeps its width. */
  busy?: boolean
}

export function Button({
  look = 'plain',
  icon: Icon,
  busy,
  disabled,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={buttonLook(look, className ?? '')}
      {...rest}
    >
      {Icon && <Icon size={14} aria-hidden />}
      {children}
    </button>
  )
}

interface IconButtonProps extends ComponentProps<'button'> {
  icon: LucideIcon
  /** What it does: its name for screen readers, and its tooltip. */
  label: string
  /** Key that does the same, shown in the tooltip. */
  keys?: string
  side?: 'top' | 'bottom' | 'left' | 'right'
}

export function IconButton({ icon: Icon, label, keys, side, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      {...tip(label, keys, side)}
      className={cx(
        'inline-flex size-7 shrink-0 items-center justify-center rounded-md text-ink-2 transition-colors duration-120',
        'hover:bg-hover hover:text-ink disabled:pointer-events-none disabled:opacity-45 aria-pressed:bg-accent-soft aria-pressed:text-accent-text',
        'pointer-coarse:size-9',
        className,
      )}
      {...rest}
    >
      <Icon size={16} aria-hidden />
    </button>
  )
}
