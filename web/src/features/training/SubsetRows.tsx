// SPDX-License-Identifier: MIT
import { Plus, Trash2 } from 'lucide-react'
import type { TrainingField } from '@/api/training.ts'
import { Button, IconButton } from '@/components/Button.tsx'
import { Input } from '@/components/Field.tsx'
import { labelOf, type Rows } from './form.ts'

interface Props {
  fields: TrainingField[]
  rows: Rows
  onChange(rows: Rows): void
}

/** A list of folders, each with its own values. */
export function SubsetRows({ fields, rows, onChange }: Props) {
  const set = (index: number, name: string, value: string) =>
    onChange(rows.map((row, i) => (i === index ? { ...row, [name]: value } : row)))
  return (
    <div className="flex w-full flex-col gap-2">
      {rows.map((row, index) => (
        <div
          key={index}
          role="group"
          aria-label={`Folder ${index + 1}`}
          className="flex items-start gap-1.5 rounded-md border border-line bg-canvas p-2"
        >
          <div className="grid min-w-0 flex-1 gap-1.5">
            {fields.map((field) => (
              <Input
                key={field.name}
                aria-label={`${labelOf(field.name)} of folder ${index + 1}`}
                placeholder={`${labelOf(field.name)}${field.default === null ? '' : ` (${field.default})`}`}
                value={row[field.name] ?? ''}
                onChange={(event) => set(index, field.name, event.target.value)}
                className={field.type === 'path' ? 'w-full font-mono text-sm' : 'num w-full'}
              />
            ))}
          </div>
          <IconButton
            icon={Trash2}
            label={`Remove folder ${index + 1}`}
            onClick={() => onChange(rows.filter((_, i) => i !== index))}
          />
        </div>
      ))}
      <div>
        <Button icon={Plus} onClick={() => onChange([...rows, {}])}>
          Add a folder
        </Button>
      </div>
    </div>
  )
}
