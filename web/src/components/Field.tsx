// SPDX-License-Identifier: MIT
import { useId, type ComponentProps, type ReactNode } from 'react'
import { cx } from '@/lib/cx.ts'

interface FieldProps {
  label: string
  help?: ReactNode
  error?: string
  /** Something at the right of the label, e.g. the value of a slider. */
  aside?: ReactNode
  children(ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }): ReactNode
}

/** A control with its label, help and error, tied together for screen readers. */
export function Field({ label, help, error, aside, children }: FieldProps) {
  const id = useId()
  const about = error || help ? `${id}-about` : undefined
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children({ id, 'aria-describedby': about, 'aria-invalid': error ? true : undefined })}
      {(error || help) && (
        <div id={about} className="text-sm text-ink-3">
          {error && <p className="text-bad">{error}</p>}
          {help}
        </div>
      )}
    </div>
  )
}

const box =
  'rounded-md border border-edge bg-canvas px-2 text-ink transition-colors duration-120 hover:border-ink-3 ' +
  'focus-visible:border-accent-text focus-visible:outline-offset-0 aria-invalid:border-bad disabled:opacity-60'

export function Input({ className = 'w-full', ...rest }: ComponentProps<'input'>) {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      className={cx(box, 'h-7 pointer-coarse:h-10', className)}
      {...rest}
    />
  )
}

export function TextArea({ className = 'w-full', ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={cx(box, 'resize-none py-1.5', className)} {...rest} />
}

export function Select({ className = 'w-full', ...rest }: ComponentProps<'select'>) {
  return <select className={cx(box, 'h-7 pr-1 pointer-coarse:h-10', className)} {...rest} />
}

interface CheckProps {
  label: ReactNode
  help?: ReactNode
  checked: boolean
  onChange(checked: boolean): void
}

export function Checkbox({ label, help, checked, onChange }: CheckProps) {
  return (
    <label className="flex cursor-pointer items-start gap-2 py-0.5">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-[3px] size-3.5 shrink-0 accent-accent"
      />
      <span>
        {label}
        {help && <span className="block text-sm text-ink-3">{help}</span>}
      </span>
    </label>
  )
}

interface ChoicesProps<T extends string> {
  legend: string
  value: T
  onChange(value: NoInfer<T>): void
  options: { value: T; label: string; help?: ReactNode }[]
}

/** One of a few, all visible. */
export function Choices<T extends string>({ legend, value, onChange, options }: ChoicesProps<T>) {
  const name = useId()
  return (
    <fieldset className="flex flex-col gap-0.5">
      <legend className="mb-1 font-medium">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="flex cursor-pointer items-start gap-2 py-0.5">
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="mt-[3px] size-3.5 shrink-0 accent-accent"
          />
          <span>
            {option.label}
            {option.help && <span className="block text-sm text-ink-3">{option.help}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}

interface SegmentsProps<T extends string> {
  label: string
  value: T
  onChange(value: NoInfer<T>): void
  options: { value: T; label: string }[]
}

/** One of two or three short words, side by side. */
export function Segments<T extends string>({ label, value, onChange, options }: SegmentsProps<T>) {
  return (
    <div role="group" aria-label={label} className="flex rounded-md border border-line bg-canvas p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className="h-5.5 rounded-sm px-2 text-sm text-ink-2 transition-colors duration-120 hover:text-ink aria-pressed:bg-hover aria-pressed:text-ink pointer-coarse:h-8"
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}
