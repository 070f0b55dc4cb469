// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { ApiError, get, post } from './client.ts'

export interface Caption {
  success: boolean
  image_path: string
  caption_path: string
  caption_text: string | null
  exists: boolean
  error?: string
}

/** The caption file of a picture, byte for byte as text; null text when there is none. */
export const captionQuery = (imagePath: string) =>
  queryOptions({
    queryKey: ['caption', imagePath],
    queryFn: async ({ signal }) => {
      const caption = await get<Caption>('/api/captions/read', { image_path: imagePath }, signal)
      if (!caption.success) throw new ApiError(200, caption.error ?? 'The caption cannot be read.')
      return caption
    },
    staleTime: 0,
  })

export interface CaptionsChanged {
  success: boolean
  message: string
  files_modified: number
  /** "file: why" for each caption that was not changed. */
  errors: string[]
}

export function writeCaption(imagePath: string, text: string): Promise<CaptionsChanged> {
  return post('/api/captions/write', { image_path: imagePath, caption_text: text }, { keepalive: true })
}

export type TriggerPosition = 'start' | 'end'

/** Adds a word to the caption of every picture; a picture without a caption gets the word alone. */
export function addTrigger(
  dataset: string,
  word: string,
  position: TriggerPosition,
): Promise<CaptionsChanged> {
  return post('/api/captions/add-trigger', { dataset_dir: dataset, trigger_word: word, position })
}
