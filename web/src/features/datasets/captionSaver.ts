// SPDX-License-Identifier: MIT
// Writing captions. Every save is shown at once, sent in order per picture, and can be undone from its toast.
import type { QueryClient } from '@tanstack/react-query'
import { messageOf } from '@/api/client.ts'
import { captionQuery, writeCaption, type Caption } from '@/api/captions.ts'
import { picturesQuery } from '@/api/datasets.ts'
import { toast } from '@/components/toasts.ts'
import { baseName } from '@/lib/format.ts'
import { parseTags } from '@/lib/tags.ts'

interface Save {
  client: QueryClient
  dataset: string
  imagePath: string
  before: string
  after: string
}

const queues = new Map<string, Promise<unknown>>()
const undoTexts = new Map<string, string>() // what the shown toast of a picture goes back to

const toldAlready = () => {} // by the toast of `write`

/** Saves and says so. Resolves once the server has it; rejects when it has not (and says that, too). */
export function saveCaption(save: Save): Promise<void> {
  const { imagePath, before } = save
  const key = `caption:${imagePath}`
  if (!undoTexts.has(key)) undoTexts.set(key, before)
  return write(save).then(() =>
    toast(`Caption of ${baseName(imagePath)} saved`, {
      key,
      action: {
        label: 'Undo',
        act: () => {
          const text = undoTexts.get(key) ?? before
          undoTexts.delete(key)
          write({ ...save, before: save.after, after: text })
            .then(() => toast(`Caption of ${baseName(imagePath)} is as before`, { key }))
            .catch(toldAlready)
        },
      },
      gone: () => undoTexts.delete(key),
    }),
  )
}

function write({ client, dataset, imagePath, before, after }: Save): Promise<void> {
  show(client, dataset, imagePath, after)
  const sent = (queues.get(imagePath) ?? Promise.resolve())
    .catch(() => {})
    .then(() => writeCaption(imagePath, after))
    .then(() => {})
  queues.set(imagePath, sent)
  return sent.catch((error: unknown) => {
    toast(`Caption of ${baseName(imagePath)} not saved: ${messageOf(error)}`, {
      key: `caption:${imagePath}`,
      tone: 'bad',
      ms: null, // what was typed is nowhere else
      action: {
        label: 'Try again',
        act: () => void saveCaption({ client, dataset, imagePath, before, after }).catch(toldAlready),
      },
    })
    throw error
  })
}

/** Puts the text into what is shown already: the caption itself, and the picture in its list. */
function show(client: QueryClient, dataset: string, imagePath: string, text: string): void {
  client.setQueryData<Caption>(captionQuery(imagePath).queryKey, (old) =>
    old ? { ...old, caption_text: text, exists: true } : old,
  )
  const tags = parseTags(text)
  client.setQueryData(picturesQuery(dataset).queryKey, (old) =>
    old
      ? {
          ...old,
          images: old.images.map((picture) =>
            picture.image_path === imagePath ? { ...picture, tags, has_tags: tags.length > 0 } : picture,
          ),
        }
      : old,
  )
}
