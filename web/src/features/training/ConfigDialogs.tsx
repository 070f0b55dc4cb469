// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { FileText } from 'lucide-react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/client.ts'
import {
  loadConfig,
  saveConfig,
  savedConfigsQuery,
  type SavedConfig,
  type TrainingRequest,
} from '@/api/training.ts'
import { Button } from '@/components/Button.tsx'
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog.tsx'
import { Field, Input } from '@/components/Field.tsx'
import { EmptyState, ErrorState, Notice, Skeleton } from '@/components/States.tsx'
import { toast } from '@/components/toasts.ts'

interface SaveProps {
  request: TrainingRequest
  name: string
  onClose(): void
}

/** Keeps the form under a name; a name that is taken is asked about. */
export function SaveDialog({ request, name: first, onClose }: SaveProps) {
  const client = useQueryClient()
  const [name, setName] = useState(first)
  const save = useMutation({
    meta: { showsError: true },
    mutationFn: (overwrite: boolean) => saveConfig(name.trim(), request, overwrite),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: savedConfigsQuery.queryKey })
      toast(`Saved as ${name.trim()}`)
      onClose()
    },
  })
  const taken = save.error instanceof ApiError && save.error.code === 'conflict'
  return (
    <Dialog open onClose={onClose} title="Save configuration" about="Everything in the form but keys.">
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) save.mutate(taken)
        }}
      >
        <DialogBody>
          <Field
            label="Name"
            help="A file of this name is written below training_config/."
            error={save.isError ? messageOf(save.error) : undefined}
          >
            {(ids) => (
              <Input
                {...ids}
                maxLength={200}
                value={name}
                onChange={(event) => {
                  setName(event.target.value)
                  save.reset()
                }}
              />
            )}
          </Field>
        </DialogBody>
        <DialogFooter>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button
            look={taken ? 'danger' : 'primary'}
            type="submit"
            disabled={!name.trim()}
            busy={save.isPending}
          >
            {taken ? 'Replace it' : 'Save'}
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}

interface LoadProps {
  onLoad(config: TrainingRequest, name: string): void
  onClose(): void
}

/** Fills the form from a configuration that was saved, or from a template. */
export function LoadDialog({ onLoad, onClose }: LoadProps) {
  const lists = useQuery(savedConfigsQuery)
  const load = useMutation({
    meta: { showsError: true },
    mutationFn: (entry: SavedConfig) => loadConfig(entry.path),
    onSuccess: (config, entry) => {
      onLoad(config, entry.name)
      onClose()
    },
  })
  const empty = lists.data && lists.data.saved.length + lists.data.templates.length === 0
  return (
    <Dialog open onClose={onClose} title="Load configuration" about="What is in the form is replaced.">
      <DialogBody>
        {load.isError && <Notice tone="bad">{messageOf(load.error)}</Notice>}
        {lists.isPending ? (
          <Skeleton className="h-24" />
        ) : lists.isError ? (
          <ErrorState
            what="The configurations cannot be shown."
            error={lists.error}
            onRetry={() => void lists.refetch()}
          />
        ) : empty ? (
          <EmptyState icon={FileText} title="No configuration yet">
            Save the form under a name, and it can be loaded here.
          </EmptyState>
        ) : (
          <>
            <List title="Saved" entries={lists.data.saved} onPick={load.mutate} />
            <List title="Templates" entries={lists.data.templates} onPick={load.mutate} />
          </>
        )}
      </DialogBody>
    </Dialog>
  )
}

function List({
  title,
  entries,
  onPick,
}: {
  title: string
  entries: SavedConfig[]
  onPick(entry: SavedConfig): void
}) {
  if (entries.length === 0) return null
  return (
    <section aria-label={title} className="mt-2">
      <h3 className="mb-1 text-sm text-ink-3">{title}</h3>
      <ul>
        {entries.map((entry) => (
          <li key={entry.path}>
            <button
              type="button"
              onClick={() => onPick(entry)}
              className="flex w-full items-baseline gap-3 rounded-md px-2 py-1.5 text-left hover:bg-hover"
            >
              <span className="min-w-0 flex-1 truncate">{entry.name}</span>
              <span className="text-sm text-ink-3">
                {entry.description === 'No description' ? '' : entry.description}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
