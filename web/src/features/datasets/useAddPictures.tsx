// SPDX-License-Identifier: MIT
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode } from 'react'
import { Button } from '@/components/Button.tsx'
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog.tsx'
import { toast } from '@/components/toasts.ts'
import { plural } from '@/lib/format.ts'
import { planUpload, type UploadPlan } from './uploadPlan.ts'
import { startUpload, upload } from './uploads.ts'

interface Adding {
  /** Opens the browser's own dialog. */
  choose(): void
  add(files: File[]): void
  /** To be drawn somewhere in the place. */
  dialogs: ReactNode
}

/** Adding files to a dataset: by choosing or by dropping; asks before files of the same name are replaced. */
export function useAddPictures(dataset: string, present: string[]): Adding {
  const client = useQueryClient()
  const input = useRef<HTMLInputElement>(null)
  const [clash, setClash] = useState<{ files: File[]; plan: UploadPlan<File> } | null>(null)

  const start = (plan: UploadPlan<File>) => {
    setClash(null)
    startUpload(client, dataset, plan)
  }
  const add = (files: File[]) => {
    if (upload.get()?.state === 'sending') return toast('One upload at a time: wait for the one that runs.')
    const plan = planUpload(files, present)
    if (plan.files === 0) return toast('Nothing in there is a picture or a .txt caption.', { tone: 'bad' })
    if (plan.clashes.length > 0) setClash({ files, plan })
    else start(plan)
  }
  const skip = ({ files, plan }: NonNullable<typeof clash>) => {
    const rest = planUpload(
      files.filter((file) => !plan.clashes.includes(file.name)),
      [],
    )
    if (rest.files > 0) start(rest)
    else setClash(null)
  }

  const dialogs = (
    <>
      <input
        ref={input}
        type="file"
        multiple
        accept="image/*,.txt,.jxl,.avif,.heic"
        aria-label="Pictures and captions to add"
        className="hidden"
        onChange={(event) => {
          add([...(event.target.files ?? [])])
          event.target.value = ''
        }}
      />
      {clash && (
        <Dialog
          open
          onClose={() => setClash(null)}
          title={`${plural(clash.plan.clashes.length, 'file')} of the same name`}
          about={`${dataset} has these already. Replacing them cannot be undone.`}
        >
          <DialogBody>
            <ul className="max-h-48 overflow-y-auto rounded-md bg-canvas p-2 font-mono text-sm text-ink-2">
              {clash.plan.clashes.map((name) => (
                <li key={name} className="truncate">
                  {name}
                </li>
              ))}
            </ul>
          </DialogBody>
          <DialogFooter>
            <Button look="danger" onClick={() => start(clash.plan)}>
              Replace
            </Button>
            <Button look="primary" onClick={() => skip(clash)}>
              Keep what is there
            </Button>
          </DialogFooter>
        </Dialog>
      )}
    </>
  )
  return { choose: () => input.current?.click(), add, dialogs }
}
