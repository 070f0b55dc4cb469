// SPDX-License-Identifier: MIT
import { ChevronRight, SearchX } from 'lucide-react'
import type { Finding } from '@/api/client.ts'
import type { TrainingField, TrainingSchema } from '@/api/training.ts'
import { EmptyState } from '@/components/States.tsx'
import { cx } from '@/lib/cx.ts'
import { useRemembered } from '@/lib/remembered.ts'
import { FieldRow } from './FieldRow.tsx'
import {
  applies,
  FAMILY,
  familyOf,
  isChanged,
  isFound,
  MODE,
  modeOf,
  valueOf,
  type Form,
  type Value,
} from './form.ts'

interface Props {
  schema: TrainingSchema
  form: Form
  findings: Map<string, Finding[]>
  search: string
  onChange(name: string, value: Value | undefined): void
}

/** Groups that are shut until one opens them: what most trainings leave alone. By title, so that a new one is open. */
const SHUT = ['Captions', 'Buckets', 'Adapter, block by block', 'Loss, noise and time steps', 'Logging']

/** What the head of the form asks for already. */
const isInHead = (field: TrainingField) => field.name === FAMILY || field.name === MODE

/** The fields of this family and mode, group by group. While one searches, only what is found, and all groups open. */
export function FormGroups({ schema, form, findings, search, onChange }: Props) {
  const [toggled, setToggled] = useRemembered<string[]>('training.toggled', [])
  const family = familyOf(form, schema)
  const mode = modeOf(form)
  const shown = schema.fields.filter((field) =>
    search
      ? applies(field, family, mode) && isFound(field, search)
      : applies(field, family, mode) && !isInHead(field),
  )
  if (shown.length === 0)
    return (
      <EmptyState icon={SearchX} title="No field is called that">
        Fields of other families and of the other mode are not shown.
      </EmptyState>
    )
  return schema.groups.map(({ id, title }) => {
    const fields = shown.filter((field) => field.group === id)
    if (fields.length === 0) return null
    const wrong = fields.some((field) =>
      findings.get(field.name)?.some((f) => (f.severity ?? 'error') === 'error'),
    )
    const open = search !== '' || wrong || SHUT.includes(title) === toggled.includes(title)
    return (
      <Group
        key={id}
        title={title}
        open={open}
        changed={fields.filter((field) => isChanged(form, field) && !field.required).length}
        count={fields.length}
        onToggle={() =>
          setToggled(toggled.includes(title) ? toggled.filter((t) => t !== title) : [...toggled, title])
        }
      >
        {open &&
          fields.map((field) => (
            <FieldRow
              key={field.name}
              field={field}
              schema={schema}
              value={valueOf(form, field)}
              changed={isChanged(form, field)}
              findings={findings.get(field.name)}
              onChange={onChange}
            />
          ))}
      </Group>
    )
  })
}

interface GroupProps {
  title: string
  open: boolean
  changed: number
  count: number
  onToggle(): void
  children: React.ReactNode
}

function Group({ title, open, changed, count, onToggle, children }: GroupProps) {
  return (
    <section aria-label={title} className="rounded-lg border border-line bg-panel">
      <h2>
        <button
          type="button"
          aria-expanded={open}
          onClick={onToggle}
          className="flex h-9 w-full items-center gap-2 rounded-lg px-3 text-left hover:bg-hover pointer-coarse:h-11"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={cx('shrink-0 text-ink-3 transition-transform duration-120', open && 'rotate-90')}
          />
          <span className="font-medium">{title}</span>
          <span className="num ml-auto text-sm text-ink-3">
            {changed > 0 && <span className="text-accent-text">{changed} changed · </span>}
            {count} {count === 1 ? 'field' : 'fields'}
          </span>
        </button>
      </h2>
      {open && <div className="divide-y divide-line border-t border-line">{children}</div>}
    </section>
  )
}
