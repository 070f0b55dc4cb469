// SPDX-License-Identifier: MIT
// What a job has made so far: LoRA files and sample pictures.
import { queryOptions } from '@tanstack/react-query'
import { get } from './client.ts'
import { isActive, type Job } from './jobs.ts'

export interface ModelFile {
  name: string
  epoch: number | null
  step: number | null
  /** The file that the training ends with. */
  last: boolean
  size: number
  /** Milliseconds. */
  modified: number
}

export interface Sample {
  name: string
  epoch: number | null
  step: number | null
  /** Which line of the prompt file, from 0. */
  prompt_index: number
  prompt: string | null
  /** All that is known of how it was drawn. */
  parameters: string | null
  modified: number
}

const GROWING_MS = 4_000
const base = (id: string) => `/api/jobs/${encodeURIComponent(id)}`

/** Looked at again while the job runs, and once more when it has ended: its state is part of the key. */
const growing = (job: Job, what: string) => ({
  queryKey: ['job', job.id, what, isActive(job.status)],
  refetchInterval: isActive(job.status) ? GROWING_MS : (false as const),
  placeholderData: <T>(before: T | undefined) => before,
})

export const samplesQuery = (job: Job) =>
  queryOptions({
    ...growing(job, 'samples'),
    queryFn: async ({ signal }) =>
      (await get<{ samples: Sample[] }>(`${base(job.id)}/samples`, {}, signal)).samples,
  })

export const modelFilesQuery = (job: Job) =>
  queryOptions({
    ...growing(job, 'files'),
    queryFn: ({ signal }) =>
      get<{ folder: string | null; files: ModelFile[] }>(`${base(job.id)}/files`, {}, signal),
  })

export const sampleUrl = (id: string, name: string) => `${base(id)}/samples/${encodeURIComponent(name)}`
export const modelFileUrl = (id: string, name: string) => `${base(id)}/files/${encodeURIComponent(name)}`
