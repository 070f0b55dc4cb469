// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { del, get, post } from './client.ts'

export type JobState = 'pending' | 'running' | 'completed' | 'failed' | 'cancelled'

export const isActive = (state: JobState) => state === 'pending' || state === 'running'

/** How far a job is. What is not known is missing. */
export interface JobFigures {
  /** Of the whole, 0..100. */
  percent?: number
  /** What it is at: "starting", "loading", "caching latents", "working", "saving", … */
  phase?: string
  /** Steps of a training, pictures of a tagging. */
  step?: number
  total_steps?: number
  epoch?: number
  total_epochs?: number
  loss?: number
  lr?: number
  steps_per_second?: number
  eta_seconds?: number
  /** Name of the picture it is at. */
  item?: string
}

/** Why a job failed. */
export interface JobFailure {
  /** A word for programs. */
  cause: string
  said: string
  remedy: string
  /** The line that shows it, and its number in the log, from 0; null when the exit alone does. */
  evidence: string | null
  line: number | null
}

/** A job as the page needs it; `readJob` makes it of the server's. */
export interface Job extends JobFigures {
  id: string
  /** training, tagging, … */
  type: string
  status: JobState
  /** A stop was asked for, and it has not ended yet. */
  stopping: boolean
  /** What it is about: "anna-v2". */
  subject: string
  /** Milliseconds. */
  created_at: number
  started_at?: number
  completed_at?: number
  /** Why it failed: one sentence, or the line of its log that says it. */
  error?: string
  /** The likeliest first; of a running job what is wrong all the same. */
  failures: JobFailure[]
  /** 1, and more when it does another job again: */
  attempt: number
  retry_of?: string
  exit_code?: number
  exit_signal?: number
  /** The kernel killed it for want of memory. */
  oom_kill: boolean
  /** Folder of the pictures it works on. */
  dataset_dir?: string
  /** Folder that its results go to. */
  output_dir?: string
}

/** GET /api/jobs/{id}, as far as we look at it. Unknown is null or missing. */
interface RawJob {
  id: string
  type: string
  status: JobState
  title?: string | null
  stopping?: boolean
  created_at?: number | null
  started_at?: number | null
  completed_at?: number | null
  error?: string | null
  /** Whole percent: all that KNX knew. */
  progress?: number | null
  metrics?: Record<string, unknown> | null
  failures?: JobFailure[]
  attempt?: number
  retry_of?: string | null
  exit_code?: number | null
  exit?: { code?: number | null; signal?: number | null; oom_kill?: boolean } | null
  /** NAME=VALUE; `project`, `dataset`, and `result`: the file that it is to make. */
  labels?: string[]
}

export interface JobAccepted {
  success: boolean
  job_id: string
  message?: string
}

const known = <T>(value: T | null | undefined): T | undefined => value ?? undefined

function labelOf(job: RawJob, name: string): string | undefined {
  return job.labels?.find((label) => label.startsWith(`${name}=`))?.slice(name.length + 1)
}

const folderOf = (path: string | undefined) => path?.replace(/\/[^/]*$/, '')

/** Figures of `metrics`. A tagging counts pictures as the numbers of its phase. */
export function readFigures(metrics: Record<string, unknown> | null | undefined): JobFigures {
  const number = (name: string) => {
    const value = metrics?.[name]
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  }
  const text = (name: string) => {
    const value = metrics?.[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const figures: JobFigures = {
    percent: number('percent') ?? number('progress'),
    phase: text('phase'),
    step: number('step') ?? number('phase_done'),
    total_steps: number('total_steps') ?? number('phase_total'),
    epoch: number('epoch'),
    total_epochs: number('total_epochs'),
    loss: number('loss'),
    lr: number('lr'),
    steps_per_second: number('steps_per_second'),
    eta_seconds: number('eta_seconds'),
    item: text('item'),
  }
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined))
}

export function readJob(raw: RawJob): Job {
  const title = raw.title ?? ''
  return {
    percent: known(raw.progress),
    ...readFigures(raw.metrics),
    id: raw.id,
    type: raw.type,
    status: raw.status,
    stopping: raw.stopping ?? false,
    subject: labelOf(raw, 'project') ?? (title.replace(/^(tag|train) /, '') || raw.id),
    created_at: raw.created_at ?? 0,
    started_at: known(raw.started_at),
    completed_at: known(raw.completed_at),
    error: known(raw.error),
    exit_code: known(raw.exit_code),
    exit_signal: known(raw.exit?.signal),
    oom_kill: raw.exit?.oom_kill ?? false,
    failures: raw.failures ?? [],
    attempt: raw.attempt ?? 1,
    retry_of: known(raw.retry_of),
    dataset_dir: labelOf(raw, 'dataset'),
    output_dir: folderOf(labelOf(raw, 'result')),
  }
}

interface RawList {
  jobs: RawJob[]
  /** Of all jobs, also those that are not in this answer. */
  count: number
}

const ALL_MS = 10_000
const RUNNING_MS = 1_500
const IDLE_MS = 5_000

/** The newest jobs (the server gives a hundred), newest first. */
export const jobsQuery = queryOptions({
  queryKey: ['jobs'],
  queryFn: ({ signal }) => get<RawList>('/api/jobs', {}, signal),
  select: (answer) => ({ jobs: answer.jobs.map(readJob), count: answer.count }),
  refetchInterval: ALL_MS,
})

/** Only those that run: asked for often, and cheap for the server, which reads the logs of these alone. */
export const runningJobsQuery = queryOptions({
  queryKey: ['jobs', 'running'],
  queryFn: ({ signal }) => get<RawList>('/api/jobs', { status: 'running' }, signal),
  select: (answer) => answer.jobs.map(readJob).filter((job) => job.status === 'running'),
  refetchInterval: (query) => ((query.state.data?.jobs.length ?? 0) > 0 ? RUNNING_MS : IDLE_MS),
})

export const jobQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id],
    queryFn: async ({ signal }) =>
      readJob((await get<{ job: RawJob }>(`/api/jobs/${encodeURIComponent(id)}`, {}, signal)).job),
    refetchInterval: (query) => (query.state.data && isActive(query.state.data.status) ? RUNNING_MS : false),
  })

/** Asks the job to stop; it goes on until its state says otherwise. */
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
