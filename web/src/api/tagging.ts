// SPDX-License-Identifier: MIT
import { post } from './client.ts'
import type { JobAccepted } from './jobs.ts'

/** What happens to captions that are there already. `ignore` leaves such pictures alone. */
export type OverwriteMode = 'overwrite' | 'append' | 'ignore'

/** POST /api/jobs/tagging. What is left out takes the server's default. */
export interface TaggingRequest {
  dataset_dir: string
  /** A Hugging Face name, a folder below tagger_models/, or "demo". */
  model: string
  threshold: number
  /** null: as `threshold`. */
  general_threshold: number | null
  character_threshold: number | null
  overwrite_mode: OverwriteMode
  remove_underscore: boolean
  use_rating_tags: boolean
  character_tags_first: boolean
  recursive: boolean
  /** Tags between commas. */
  undesired_tags: string
  always_first_tags: string | null
}

export function startTagging(request: TaggingRequest): Promise<JobAccepted> {
  return post('/api/jobs/tagging', request)
}
