// SPDX-License-Identifier: MIT
import { Undo2 } from 'lucide-react'
import { memo, useId } from 'react'
import type { Finding } from '@/api/client.ts'
import type { TrainingField, TrainingSchema } from '@/api/training.ts'
import { IconButton } from '@/components/Button.tsx'
import { tip } from '@/components/Tooltip.tsx'
import { cx } from '@/lib/cx.ts'
import { FieldControl } from './FieldControl.tsx'
import { defaultOf, labelOf, type Value } from './form.ts'

interface Props {
  field: TrainingField
  schema: TrainingSchema
  value: Value
  changed: boolean
  findings: Finding[] | undefined
  /** undefined goes back to the default. */
  onChange(name: string, value: Value | undefined): void
}

/** Where links of the check card lead. */
export const rowId = (name: string) => `field-${name}`

const TONES = { error: 'text-bad', warning: 'text-warn', info: 'text-ink-2' }

/** One field: name and help at the left, control at the right, what is wrong below its help. */
export const FieldRow = memo(function FieldRow({ field, schema, value, changed, findings, onChange }: Props) {
  const id = useId()
  const about = `${id}-about`
  const label = labelOf(field.name)
  const bad = findings?.some((f) => (f.severity ?? 'error') === 'error')
  const usual = defaultOf(field)
  return (
    <div
      id={rowId(field.name)}
      className="grid scroll-mt-14 gap-x-6 gap-y-1.5 px-4 py-2.5 md:grid-cols-[1fr_17rem]"
    >
      <div className="min-w-0">
        <div className="flex items-center gap-1.5">
          <label
            htmlFor={field.type === 'subsets' ? undefined : id}
            className="font-medium"
            {...tip(field.name)}
          >
            {label}
          </label>
          {field.required && <span className="text-sm text-ink-3">required</span>}
          {changed && !field.required && (
            <>
              <span className="size-1.5 rounded-full bg-accent-text" aria-hidden />
              <span className="sr-only">changed</span>
              <IconButton
                icon={Undo2}
                label={`Reset ${label}`}
                className="-my-1.5 size-6"
                onClick={() => onChange(field.name, undefined)}
              />
            </>
          )}
        </div>
        <div id={about} className="text-sm text-ink-3">
          {field.help}
          {changed && typeof usual === 'string' && usual !== '' && (
            <>
              {' '}
              Default: <span className="font-mono">{usual}</span>
            </>
          )}
          {findings?.map((finding, i) => (
            <p key={i} className={TONES[finding.severity ?? 'error']}>
              {sentence(finding.message)}
              {finding.remedy && ` ${sentence(finding.remedy)}`}
            </p>
          ))}
        </div>
      </div>
      <div className={cx('flex min-w-0 items-start', field.type === 'subsets' && 'md:col-span-2')}>
        <FieldControl
          field={field}
          schema={schema}
          value={value}
          onChange={(next) => onChange(field.name, next)}
          ids={{ id, 'aria-describedby': about, 'aria-invalid': bad || undefined }}
        />
      </div>
    </div>
  )
})

/** "Sentence." of the server's "sentence". */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}
