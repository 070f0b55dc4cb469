// SPDX-License-Identifier: MIT
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { post, type Finding } from './client.ts'
import type { TrainingRequest } from './training.ts'

export interface CheckFinding extends Finding {
  file?: string
}

type Size = [width: number, height: number]

/** What a training would do; docs/check.md explains it. */
export interface CheckReport {
  subsets: { folder: string; repeats: number; images: number; captions: number; unseen: number }[]
  buckets: { size: Size; images: number; samples: number; batches: number; last_batch: number }[]
  steps: { images: number; batch_size: number; steps_per_epoch: number; epochs: number; total: number }
  crop: { mean: number; worst: number; worst_file: string | null }
  tokens: { exact: boolean; limit: number; longest: number; over: number }
  model: { title: string | null } | null
  disk: { checkpoint: number; checkpoints: number; output: number; latent_cache: number; text_cache: number }
  memory: { total: number; past_runs: number } | null
  time: { seconds_least: number; seconds_most: number; step_seconds: number | null } | null
}

export interface CheckAnswer {
  valid: boolean
  warnings: CheckFinding[]
  report: CheckReport | null
}

/** The dry run. The answer before stays while the next one is made. */
export const checkQuery = (request: TrainingRequest) =>
  queryOptions({
    queryKey: ['training', 'check', request],
    queryFn: () => post<CheckAnswer>('/api/training/validate', request),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  })
