// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { folderQuery } from '@/api/files.ts'
import type { TrainingField, TrainingSchema } from '@/api/training.ts'
import { Input, Select } from '@/components/Field.tsx'
import { labelOf, type Rows, type Value } from './form.ts'
import { SubsetRows } from './SubsetRows.tsx'

interface Props {
  field: TrainingField
  schema: TrainingSchema
  value: Value
  onChange(value: Value): void
  ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }
}

/** The control that a field's type asks for. */
export function FieldControl({ field, schema, value, onChange, ids }: Props) {
  switch (field.type) {
    case 'bool':
      return (
        <input
          {...ids}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
          className="mt-1 size-4 accent-accent"
        />
      )
    case 'choice':
      return (
        <Select {...ids} value={String(value)} onChange={(event) => onChange(event.target.value)}>
          {field.choices!.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </Select>
      )
    case 'subsets':
      return <SubsetRows fields={schema.subset_fields} rows={value as Rows} onChange={onChange} />
    case 'path':
      return <PathInput field={field} value={String(value)} onChange={onChange} ids={ids} />
    case 'int':
    case 'float':
      return (
        <Input
          {...ids}
          inputMode="decimal"
          value={String(value)}
          placeholder="not set"
          onChange={(event) => onChange(event.target.value)}
          className="num w-32"
        />
      )
    default:
      return (
        <Input
          {...ids}
          type={field.secret ? 'password' : 'text'}
          value={String(value)}
          placeholder={field.required ? '' : 'not set'}
          onChange={(event) => onChange(event.target.value)}
        />
      )
  }
}

/** A path; offers what lies in the folder where such files are as a rule. */
function PathInput({ field, value, onChange, ids }: Omit<Props, 'schema' | 'value'> & { value: string }) {
  const list = useId()
  const { data } = useQuery({
    ...folderQuery(field.folder ?? ''),
    enabled: Boolean(field.folder),
    retry: false,
  })
  const offered = field.folder ? (data?.files ?? []).filter((file) => !file.name.startsWith('.')) : []
  return (
    <>
      <Input
        {...ids}
        list={offered.length > 0 ? list : undefined}
        value={value}
        placeholder={field.required ? '' : 'not set'}
        onChange={(event) => onChange(event.target.value)}
        className="w-full font-mono text-sm"
      />
      {offered.length > 0 && (
        <datalist id={list} aria-label={`Files for ${labelOf(field.name)}`}>
          {offered.map((file) => (
            <option key={file.name} value={`${field.folder}/${file.name}`} />
          ))}
        </datalist>
      )}
    </>
  )
}
