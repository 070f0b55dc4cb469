// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { addTrigger, type TriggerPosition } from '@/api/captions.ts'
import { messageOf } from '@/api/client.ts'
import type { Picture } from '@/api/datasets.ts'
import { Button } from '@/components/Button.tsx'
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog.tsx'
import { Choices, Field, Input } from '@/components/Field.tsx'
import { Notice } from '@/components/States.tsx'
import { toast } from '@/components/toasts.ts'
import { plural } from '@/lib/format.ts'
import { formatTags } from '@/lib/tags.ts'

const EXAMPLES = 3

interface Props {
  dataset: string
  pictures: Picture[]
  onClose(): void
}

/** Adds one word to every caption, after showing what becomes of some of them. */
export function TriggerDialog({ dataset, pictures, onClose }: Props) {
  const client = useQueryClient()
  const [word, setWord] = useState('')
  const [position, setPosition] = useState<TriggerPosition>('start')
  const trigger = word.trim()
  const have = trigger ? pictures.filter((picture) => picture.tags.includes(trigger)).length : 0
  const add = useMutation({
    meta: { showsError: true },
    mutationFn: () => addTrigger(dataset, trigger, position),
    onSuccess: (answer) => {
      void client.invalidateQueries({ queryKey: ['pictures', dataset] })
      void client.invalidateQueries({ queryKey: ['caption'] })
      const { errors } = answer
      toast(
        errors.length > 0
          ? `${plural(answer.files_modified, 'caption')} changed, ${plural(errors.length, 'caption')} not: ${errors[0]}`
          : `“${trigger}” added to ${plural(answer.files_modified, 'caption')}`,
        { tone: errors.length > 0 ? 'bad' : 'plain' },
      )
      onClose()
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title="Add a trigger word"
      about="The word that will call up what the LoRA has learned. It goes into every caption."
    >
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault()
          if (trigger) add.mutate()
        }}
      >
        <DialogBody>
          <div className="flex flex-col gap-4">
            <Field label="Word" help="Best something that no model knows yet, e.g. annav2.">
              {(ids) => <Input {...ids} value={word} onChange={(event) => setWord(event.target.value)} />}
            </Field>
            <Choices
              legend="Where"
              value={position}
              onChange={setPosition}
              options={[
                { value: 'start', label: 'In front of the other tags' },
                { value: 'end', label: 'Behind the other tags' },
              ]}
            />
            {trigger && <Preview pictures={pictures} word={trigger} position={position} />}
            {have > 0 && (
              <Notice>
                {plural(have, 'caption has', 'captions have')} this word already and will have it twice.
              </Notice>
            )}
            {add.isError && <Notice tone="bad">{messageOf(add.error)}</Notice>}
          </div>
        </DialogBody>
        <DialogFooter>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!trigger} busy={add.isPending}>
            Add to {plural(pictures.length, 'caption')}
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}

function Preview({
  pictures,
  word,
  position,
}: {
  pictures: Picture[]
  word: string
  position: TriggerPosition
}) {
  const added = <b className="font-medium text-accent-text">{word}</b>
  return (
    <div>
      <h3 className="font-medium">It will look like this</h3>
      <ul className="mt-1 flex flex-col gap-1 rounded-md bg-canvas p-2 text-sm text-ink-2">
        {pictures.slice(0, EXAMPLES).map(({ image_path, tags }) => (
          <li key={image_path} className="truncate">
            {position === 'start' && added}
            {position === 'start' && tags.length > 0 && ', '}
            {formatTags(tags)}
            {position === 'end' && tags.length > 0 && ', '}
            {position === 'end' && added}
          </li>
        ))}
      </ul>
    </div>
  )
}
