// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { get, post } from './client.ts'
import type { JobAccepted } from './jobs.ts'

export interface QueueEntry {
  id: string
  title: string
  type: string
  status: 'running' | 'pending'
  /** From 1; 0: it runs. */
  position: number
  priority: number
  /** Milliseconds. */
  not_before: number | null
  /** What keeps it from starting; null when nothing does. */
  waits: 'paused' | 'time' | 'after' | 'slot' | null
  waits_for: string | null
  gpus_wanted: number
}

export interface Queue {
  paused: boolean
  running: number
  waiting: number
  jobs: QueueEntry[]
}

interface Answer {
  queue: Queue
}

const WAITING_MS = 2_000
const IDLE_MS = 10_000

export const queueQuery = queryOptions({
  queryKey: ['queue'],
  queryFn: async ({ signal }) => (await get<Answer>('/api/queue', {}, signal)).queue,
  refetchInterval: (query) => (query.state.data?.waiting ? WAITING_MS : IDLE_MS),
})

/** Starts nothing more, or lets it go on; what runs is left alone. */
export async function setPaused(paused: boolean): Promise<Queue> {
  return (await post<Answer>(paused ? '/api/queue/pause' : '/api/queue/resume')).queue
}

const of = (id: string, what: string) => `/api/jobs/${encodeURIComponent(id)}/${what}`

export async function setPriority(id: string, priority: number): Promise<Queue> {
  return (await post<Answer>(of(id, 'turn'), { priority })).queue
}

/** Does an ended job again, as a new one. */
export const retryJob = (id: string) => post<JobAccepted>(of(id, 'retry'))
/** Goes on from the furthest state that was saved whole. */
export const resumeJob = (id: string) => post<JobAccepted>(of(id, 'resume'))

export interface SavedState {
  path: string
  epoch: number
  step: number
  complete: boolean
  /** Why it is not. */
  why: string | null
}

export const statesQuery = (id: string) =>
  queryOptions({
    queryKey: ['job', id, 'states'],
    queryFn: ({ signal }) => get<{ best: string | null; states: SavedState[] }>(of(id, 'states'), {}, signal),
    staleTime: 30_000,
  })

/** Everything about a job in one zip, without secrets. */
export const diagnosticsUrl = (id: string) => of(id, 'diagnostics')
export const csvUrl = (id: string) => `${of(id, 'metrics')}?format=csv`
