// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { messageOf } from '@/api/client.ts'
import { setSetting, settingsQuery, type Setting } from '@/api/settings.ts'
import { Button } from '@/components/Button.tsx'
import { Input, TextArea } from '@/components/Field.tsx'
import { toast } from '@/components/toasts.ts'
import { labelOf, sentence, unitOf } from './settingWords.ts'

type Value = string | number | boolean | string[]

/** One setting. Saves when one leaves it or presses Enter, and can be undone; secrets are only ever replaced. */
export function SettingRow({ setting }: { setting: Setting }) {
  const id = useId()
  const save = useSave(setting)
  const fixed = setting.source === 'environment'
  const label = labelOf(setting)
  const about = save.isError ? messageOf(save.error) : sentence(setting.help)
  const control = { id, about: `${id}-about`, disabled: fixed, invalid: save.isError, label }
  return (
    <div className="grid gap-x-6 gap-y-1.5 px-4 py-3 md:grid-cols-[1fr_20rem]">
      <div>
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <p id={control.about} className={save.isError ? 'text-sm text-bad' : 'text-sm text-ink-3'}>
          {about}
          {fixed && (
            <>
              {' '}
              Set by <code className="font-mono">${setting.env}</code>, which wins over what is saved here.
            </>
          )}
        </p>
      </div>
      <div className="flex items-start">
        {setting.kind === 'secret' ? (
          <Secret setting={setting} save={save.mutate} busy={save.isPending} {...control} />
        ) : setting.kind === 'bool' ? (
          <input
            id={id}
            type="checkbox"
            aria-describedby={control.about}
            disabled={fixed}
            checked={setting.value === true}
            onChange={(event) => save.mutate(event.target.checked)}
            className="mt-1 size-4 accent-accent"
          />
        ) : (
          <Text key={JSON.stringify(setting.value)} setting={setting} save={save.mutate} {...control} />
        )}
      </div>
    </div>
  )
}

function useSave(setting: Setting) {
  const client = useQueryClient()
  const refresh = () => client.invalidateQueries({ queryKey: settingsQuery.queryKey })
  return useMutation({
    meta: { showsError: true },
    mutationFn: (value: Value) => setSetting(setting.key, value),
    onSuccess: async () => {
      const before = setting.source === 'file' ? setting.value : ''
      await refresh()
      const label = labelOf(setting)
      if (setting.kind === 'secret') return toast(`${label} saved`)
      toast(`${label} saved`, {
        key: `setting:${setting.key}`,
        action: {
          label: 'Undo',
          act: () =>
            void setSetting(setting.key, before ?? '').then(refresh, (error) =>
              toast(messageOf(error), { tone: 'bad' }),
            ),
        },
      })
    },
  })
}

interface ControlProps {
  setting: Setting
  save(value: Value): void
  id: string
  about: string
  disabled: boolean
  invalid: boolean
  label: string
}

function Text({ setting, save, id, about, disabled, invalid }: ControlProps) {
  const lines = setting.kind === 'paths'
  const set = setting.source === 'default' ? '' : setting.value // what holds by itself is shown as a hint
  const shown = Array.isArray(set) ? set.join('\n') : String(set ?? '')
  const [typed, setTyped] = useState(shown)
  const unit = unitOf(setting)
  const commit = () => {
    if (typed.trim() === shown.trim()) return
    if (lines)
      save(
        typed
          .split('\n')
          .map((line) => line.trim())
          .filter(Boolean),
      )
    else if (setting.kind === 'int' && typed.trim() !== '') save(Number(typed))
    else save(typed.trim())
  }
  const common = {
    ...{ id, disabled, value: typed, 'aria-describedby': about, 'aria-invalid': invalid || undefined },
    onChange: (event: { target: { value: string } }) => setTyped(event.target.value),
    onBlur: commit,
  }
  if (lines)
    return (
      <TextArea {...common} rows={3} placeholder="One folder a line" className="w-full font-mono text-sm" />
    )
  return (
    <span className="flex w-full items-center gap-2">
      <Input
        {...common}
        type={setting.kind === 'int' ? 'number' : 'text'}
        min={setting.min}
        max={setting.max}
        placeholder={setting.initial || 'not set'}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
        className={setting.kind === 'int' ? 'num w-24' : 'w-full font-mono text-sm'}
      />
      {unit && <span className="text-ink-2">{unit}</span>}
    </span>
  )
}

function Secret({ setting, save, busy, id, about, disabled, label }: ControlProps & { busy: boolean }) {
  const [typed, setTyped] = useState<string | null>(null)
  const set = Boolean(setting.value)
  if (typed === null)
    return (
      <span className="flex w-full items-center gap-1.5">
        <span className="min-w-0 flex-1 truncate font-mono text-sm text-ink-2">
          {set ? String(setting.value) : 'not set'}
        </span>
        <Button disabled={disabled} aria-describedby={about} onClick={() => setTyped('')}>
          {set ? 'Replace' : 'Set'}
          <span className="sr-only"> {label}</span>
        </Button>
        {set && !disabled && (
          <Button look="danger" busy={busy} onClick={() => save('')}>
            Remove<span className="sr-only"> {label}</span>
          </Button>
        )}
      </span>
    )
  const commit = () => {
    if (typed.trim()) save(typed.trim())
    setTyped(null)
  }
  return (
    <form
      className="flex w-full gap-1.5"
      onSubmit={(event) => {
        event.preventDefault()
        commit()
      }}
    >
      <Input
        id={id}
        type="password"
        autoFocus
        aria-describedby={about}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setTyped(null)}
        className="w-full min-w-0 font-mono"
      />
      <Button look="primary" type="submit" disabled={!typed.trim()}>
        Save
      </Button>
      <Button look="quiet" onClick={() => setTyped(null)}>
        Cancel
      </Button>
    </form>
  )
}
