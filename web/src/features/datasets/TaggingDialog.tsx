// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { messageOf } from '@/api/client.ts'
import type { Picture } from '@/api/datasets.ts'
import { startTagging, type OverwriteMode, type TaggingRequest } from '@/api/tagging.ts'
import { Button } from '@/components/Button.tsx'
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog.tsx'
import { Checkbox, Choices, Field, Input, Select } from '@/components/Field.tsx'
import { Slider } from '@/components/Slider.tsx'
import { Notice, Skeleton } from '@/components/States.tsx'
import { toast } from '@/components/toasts.ts'
import { plural } from '@/lib/format.ts'
import { recall, remember } from '@/lib/remembered.ts'
import { useTaggerModels } from './taggerModels.ts'

/** What is kept from one tagging to the next; the model only once it was chosen by hand. */
type Options = Omit<TaggingRequest, 'dataset_dir' | 'overwrite_mode' | 'model'> & { model: string | null }

const INITIAL: Options = {
  model: null,
  threshold: 0.35,
  general_threshold: null,
  character_threshold: null,
  remove_underscore: true,
  use_rating_tags: false,
  character_tags_first: false,
  recursive: false,
  undesired_tags: '',
  always_first_tags: null,
}

interface Props {
  dataset: string
  pictures: Picture[]
  onClose(): void
}

/** Starts a tagging job: which model, how sure it must be, and what becomes of captions that are there. */
export function TaggingDialog({ dataset, pictures, onClose }: Props) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { models, preset, loading } = useTaggerModels()
  const [options, setOptions] = useState<Options>(() => ({
    ...INITIAL,
    ...recall<Partial<Options>>('tagging', {}),
  }))
  const captioned = pictures.filter((picture) => picture.has_tags).length
  const [mode, setMode] = useState<OverwriteMode>(captioned < pictures.length ? 'ignore' : 'append')
  const change = (part: Partial<Options>) => setOptions({ ...options, ...part })
  const model = options.model && models.some((m) => m.id === options.model) ? options.model : preset

  const start = useMutation({
    meta: { showsError: true },
    mutationFn: () => startTagging({ ...options, dataset_dir: dataset, overwrite_mode: mode, model }),
    onSuccess: (job) => {
      remember('tagging', options)
      void client.invalidateQueries({ queryKey: ['jobs'] })
      toast(`Tagging of ${dataset} started`, {
        action: { label: 'Watch', act: () => void navigate({ to: '/jobs/$id', params: { id: job.job_id } }) },
      })
      onClose()
    },
  })

  return (
    <Dialog open onClose={onClose} title={`Tag ${dataset}`} wide>
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault()
          start.mutate()
        }}
      >
        <DialogBody>
          <div className="flex flex-col gap-5">
            <Field label="Model" help="Models lie below tagger_models/ in the workspace.">
              {(ids) =>
                loading ? (
                  <Skeleton className="h-7" />
                ) : (
                  <Select {...ids} value={model} onChange={(event) => change({ model: event.target.value })}>
                    {models.map(({ id, label, installed }) => (
                      <option key={id} value={id}>
                        {label}
                        {installed ? '' : ' (not installed)'}
                      </option>
                    ))}
                  </Select>
                )
              }
            </Field>
            <Thresholds options={options} change={change} />
            <Choices
              legend="Captions that are there"
              value={mode}
              onChange={setMode}
              options={[
                { value: 'ignore', label: 'Leave them: tag only pictures without a caption' },
                { value: 'append', label: 'Keep them and add what is new' },
                { value: 'overwrite', label: 'Replace them' },
              ]}
            />
            <MoreOptions options={options} change={change} />
            {start.isError && <Notice tone="bad">{messageOf(start.error)}</Notice>}
          </div>
        </DialogBody>
        <DialogFooter>
          <p className="num flex-1 text-ink-3">{consequence(mode, pictures.length, captioned)}</p>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" busy={start.isPending} disabled={loading}>
            Start tagging
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}

/** What pressing the button will do, in figures. */
function consequence(mode: OverwriteMode, total: number, captioned: number): string {
  if (mode === 'ignore') return plural(total - captioned, 'picture')
  if (mode === 'append') return plural(total, 'picture')
  return captioned > 0 ? `Replaces ${plural(captioned, 'caption')}` : plural(total, 'picture')
}

interface PartProps {
  options: Options
  change(part: Partial<Options>): void
}

function Thresholds({ options, change }: PartProps) {
  const apart = options.general_threshold !== null
  const row = (label: string, value: number, set: (value: number) => void) => (
    <div className="grid grid-cols-[5rem_1fr] items-center text-ink-2">
      {label}
      <Slider label={`Threshold of ${label.toLowerCase()} tags`} value={value} onChange={set} />
    </div>
  )
  return (
    <div className="flex flex-col gap-1.5">
      <h3 className="font-medium">Threshold</h3>
      {apart ? (
        <>
          {row('General', options.general_threshold ?? options.threshold, (v) =>
            change({ general_threshold: v }),
          )}
          {row('Character', options.character_threshold ?? options.threshold, (v) =>
            change({ character_threshold: v }),
          )}
        </>
      ) : (
        <Slider label="Threshold" value={options.threshold} onChange={(v) => change({ threshold: v })} />
      )}
      <p className="text-sm text-ink-3">
        How sure the model must be of a tag. Lower finds more, and more that is wrong.
      </p>
      <Checkbox
        label="A threshold of its own for characters"
        checked={apart}
        onChange={(on) =>
          change({
            general_threshold: on ? options.threshold : null,
            character_threshold: on ? 0.85 : null,
          })
        }
      />
    </div>
  )
}

function MoreOptions({ options, change }: PartProps) {
  return (
    <details>
      <summary className="w-fit rounded-sm font-medium">More options</summary>
      <div className="mt-3 flex flex-col gap-4">
        <div>
          <Checkbox
            label="Spaces instead of underscores"
            checked={options.remove_underscore}
            onChange={(on) => change({ remove_underscore: on })}
          />
          <Checkbox
            label="Characters first"
            checked={options.character_tags_first}
            onChange={(on) => change({ character_tags_first: on })}
          />
          <Checkbox
            label="Rating as a tag"
            checked={options.use_rating_tags}
            onChange={(on) => change({ use_rating_tags: on })}
          />
          <Checkbox
            label="Also in folders below"
            checked={options.recursive}
            onChange={(on) => change({ recursive: on })}
          />
        </div>
        <Field label="Never write" help="Tags, with commas between.">
          {(ids) => (
            <Input
              {...ids}
              value={options.undesired_tags}
              onChange={(event) => change({ undesired_tags: event.target.value })}
            />
          )}
        </Field>
        <Field label="Always first" help="Tags that go to the front, in this order.">
          {(ids) => (
            <Input
              {...ids}
              value={options.always_first_tags ?? ''}
              onChange={(event) => change({ always_first_tags: event.target.value || null })}
            />
          )}
        </Field>
      </div>
    </details>
  )
}
