// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { del, get, post } from './client.ts'

export type JobState = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'

export const isActive = (state: JobState) => state === 'pending' || state === 'running'

/** How far a job is. Every figure may be missing or null: a kind of job sends what it knows. Frames carry the same. */
export interface JobFigures {
  /** Percent, 0..100. */
  progress?: number | null
  /** What it is at, in words: "caching latents", "training". */
  phase?: string | null
  step_num?: number | null
  total_steps?: number | null
  current_epoch?: number | null
  total_epochs?: number | null
  loss?: number | null
  lr?: number | null
  /** Steps or pictures per second. */
  it_per_s?: number | null
  eta_seconds?: number | null
  /** Name of the picture it is at, and of how many. */
  current_image?: string | null
  total_images?: number | null
}

export interface Job extends JobFigures {
  id: string
  /** training, tagging, … */
  type: string
  status: JobState
  /** What a person calls it: the project of a training. Without it, the dataset names the job. */
  name?: string | null
  command?: string
  args?: string[]
  /** Milliseconds. */
  created_at: number
  started_at?: number | null
  completed_at?: number | null
  exit_code?: number | null
  /** Why it failed: one sentence or the line that says it. */
  error?: string | null
  /** Folder of the pictures it works on, absolute. */
  dataset_dir?: string | null
  /** Folder that it writes results to, absolute. */
  output_dir?: string | null
  /** Bytes of its log. */
  log_size?: number | null
}

export interface JobAccepted {
  success: boolean
  job_id: string
  message?: string
}

const WHILE_ACTIVE_MS = 1_500
const WHILE_IDLE_MS = 10_000

/** All jobs, newest first. Asked again by itself, often while one is active. */
export const jobsQuery = queryOptions({
  queryKey: ['jobs'],
  queryFn: () => get<{ jobs: Job[]; count: number }>('/api/jobs'),
  select: (answer) => [...answer.jobs].sort((a, b) => b.created_at - a.created_at),
  refetchInterval: (query) =>
    query.state.data?.jobs.some((job) => isActive(job.status)) ? WHILE_ACTIVE_MS : WHILE_IDLE_MS,
})

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id],
    queryFn: ({ signal }) => get<{ job: Job }>(`/api/jobs/${encodeURIComponent(id)}`, {}, signal),
    select: (answer) => answer.job,
    refetchInterval: (query) =>
      query.state.data && isActive(query.state.data.job.status) ? WHILE_ACTIVE_MS : false,
  })

/** Asks the job to stop; it goes on until its state says otherwise. Asking again shortens the time of grace. */
export function stopJob(id: string): Promise<{ success: boolean; message: string }> {
  return post(`/api/jobs/${encodeURIComponent(id)}/stop`)
}

/** Forgets a finished job with its log. */
export function deleteJob(id: string): Promise<{ success: boolean; message: string }> {
  return del(`/api/jobs/${encodeURIComponent(id)}`)
}

/** The log file, byte for byte. */
export function rawLogUrl(id: string): string {
  return `/api/jobs/${encodeURIComponent(id)}/log`
}
