// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { messageOf } from '@/api/client.ts'
import { createDataset } from '@/api/datasets.ts'
import { Button } from '@/components/Button.tsx'
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog.tsx'
import { Field, Input } from '@/components/Field.tsx'

export function NewDatasetDialog({ onClose }: { onClose(): void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const create = useMutation({
    meta: { showsError: true },
    mutationFn: () => createDataset(name.trim()),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['datasets'] })
      void navigate({ to: '/datasets/$name', params: { name: made.name } })
    },
  })
  return (
    <Dialog open onClose={onClose} title="New dataset">
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) create.mutate()
        }}
      >
        <DialogBody>
          <Field
            label="Name"
            help="A folder of this name is made below datasets/."
            error={create.isError ? messageOf(create.error) : undefined}
          >
            {(ids) => (
              <Input
                {...ids}
                maxLength={64}
                value={name}
                onChange={(event) => {
                  setName(event.target.value)
                  create.reset()
                }}
              />
            )}
          </Field>
        </DialogBody>
        <DialogFooter>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!name.trim()} busy={create.isPending}>
            Create
          </Button>
        </DialogFooter>
      </form>
    </Dialog>
  )
}
