// SPDX-License-Identifier: MIT
import { useMutation, useQuery } from '@tanstack/react-query'
import { messageOf } from '@/api/client.ts'
import { presetConfig, presetsQuery, type Preset } from '@/api/presets.ts'
import type { TrainingRequest } from '@/api/training.ts'
import { Dialog, DialogBody } from '@/components/Dialog.tsx'
import { ErrorState, Notice, Skeleton } from '@/components/States.tsx'

interface Props {
  /** Presets of this family come first. */
  family: string
  onPick(config: TrainingRequest, name: string): void
  onClose(): void
}

/** Lays a preset over the form: what it does not set stays. */
export function PresetDialog({ family, onPick, onClose }: Props) {
  const presets = useQuery(presetsQuery)
  const pick = useMutation({
    meta: { showsError: true },
    mutationFn: (preset: Preset) => presetConfig(preset.id),
    onSuccess: (config, preset) => {
      onPick(config, preset.name)
      onClose()
    },
  })
  const all = presets.data ?? []
  return (
    <Dialog open wide onClose={onClose} title="Presets" about="What a preset does not set stays in the form.">
      <DialogBody>
        {pick.isError && <Notice tone="bad">{messageOf(pick.error)}</Notice>}
        {presets.isPending ? (
          <Skeleton className="h-40" />
        ) : presets.isError ? (
          <ErrorState
            what="The presets cannot be shown."
            error={presets.error}
            onRetry={() => void presets.refetch()}
          />
        ) : (
          <>
            <List title="Your own" presets={all.filter((p) => !p.is_builtin)} onPick={pick.mutate} />
            <List
              title="For this family"
              presets={all.filter((p) => p.is_builtin && p.model_type === family)}
              onPick={pick.mutate}
            />
            <List
              title="For other families"
              presets={all.filter((p) => p.is_builtin && p.model_type !== family)}
              onPick={pick.mutate}
            />
          </>
        )}
      </DialogBody>
    </Dialog>
  )
}

function List({
  title,
  presets,
  onPick,
}: {
  title: string
  presets: Preset[]
  onPick(preset: Preset): void
}) {
  if (presets.length === 0) return null
  return (
    <section aria-label={title} className="mt-2">
      <h3 className="mb-1 text-sm text-ink-3">{title}</h3>
      <ul>
        {presets.map((preset) => (
          <li key={preset.id}>
            <button
              type="button"
              onClick={() => onPick(preset)}
              className="flex w-full flex-col rounded-md px-2 py-1.5 text-left hover:bg-hover"
            >
              <span className="font-medium">{preset.name}</span>
              <span className="text-sm text-ink-2">{preset.description}</span>
              {preset.source && <span className="text-sm text-ink-3">{preset.source}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
