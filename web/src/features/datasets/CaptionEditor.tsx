// SPDX-License-Identifier: MIT
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type RefObject } from 'react'
import { captionQuery } from '@/api/captions.ts'
import type { Picture } from '@/api/datasets.ts'
import { Segments, TextArea } from '@/components/Field.tsx'
import { ErrorState, Skeleton } from '@/components/States.tsx'
import { formatTags, looksLikeTags, parseTags } from '@/lib/tags.ts'
import { saveCaption } from './captionSaver.ts'
import { TagChips } from './TagChips.tsx'

const SAVE_AFTER_MS = 800

interface Props {
  dataset: string
  picture: Picture
  /** Tags of the dataset, most frequent first: offered while typing. */
  known: string[]
  /** The field that E and T go to. */
  field: RefObject<HTMLTextAreaElement | HTMLInputElement | null>
}

/** The caption of one picture, as tags or as text. Saves by itself: a moment after the last key, and when one goes on. */
export function CaptionEditor(props: Props) {
  const caption = useQuery(captionQuery(props.picture.image_path))
  if (caption.isPending) return <Skeleton className="h-32" />
  if (caption.isError)
    return (
      <ErrorState
        what="The caption cannot be shown."
        error={caption.error}
        onRetry={() => void caption.refetch()}
      />
    )
  return <Editor {...props} saved={caption.data.caption_text ?? ''} />
}

function Editor({ dataset, picture, known, field, saved }: Props & { saved: string }) {
  const { draft, change, state } = useDraft(dataset, picture.image_path, saved)
  const [chosen, choose] = useState<'tags' | 'text' | null>(null)
  const mode = chosen ?? (looksLikeTags(saved) ? 'tags' : 'text')
  return (
    <section aria-label="Caption" className="flex flex-col gap-2">
      <div className="flex items-center gap-2">
        <h3 className="font-medium">Caption</h3>
        <span role="status" className="flex-1 text-sm text-ink-3">
          {state}
        </span>
        <Segments
          label="Edit the caption as"
          value={mode}
          onChange={choose}
          options={[
            { value: 'tags', label: 'Tags' },
            { value: 'text', label: 'Text' },
          ]}
        />
      </div>
      {mode === 'tags' ? (
        <TagChips
          tags={parseTags(draft)}
          known={known}
          field={field as RefObject<HTMLInputElement | null>}
          onChange={(tags) => change(formatTags(tags, draft || '\n'), true)}
        />
      ) : (
        <TextArea
          ref={field as RefObject<HTMLTextAreaElement | null>}
          aria-label={`Caption of ${picture.image_name}`}
          value={draft}
          rows={8}
          onChange={(event) => change(event.target.value, false)}
          onBlur={() => change(draft, true)}
          placeholder="What is in the picture"
          className="w-full leading-relaxed"
        />
      )}
    </section>
  )
}

/** Text that is typed here and kept there. `change(text, true)` saves now, else a moment after the last change. */
function useDraft(dataset: string, imagePath: string, saved: string) {
  const client = useQueryClient()
  const [draft, setDraft] = useState<string | null>(null) // null: as saved
  const [failed, setFailed] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const pending = useRef<string | null>(null)

  const flush = useRef(() => {})
  flush.current = () => {
    clearTimeout(timer.current)
    const after = pending.current
    pending.current = null
    if (after === null || after === saved) return setDraft(null)
    setFailed(false)
    saveCaption({ client, dataset, imagePath, before: saved, after }).catch(() => setFailed(true))
    setDraft(null)
  }
  useEffect(() => {
    const onHide = () => flush.current()
    window.addEventListener('pagehide', onHide)
    return () => {
      window.removeEventListener('pagehide', onHide)
      flush.current()
    }
  }, [])

  const change = (text: string, now: boolean) => {
    pending.current = text
    setDraft(text)
    clearTimeout(timer.current)
    if (now) flush.current()
    else timer.current = setTimeout(() => flush.current(), SAVE_AFTER_MS)
  }
  const state = failed ? 'not saved' : draft !== null ? 'editing…' : ''
  return { draft: draft ?? saved, change, state }
}
