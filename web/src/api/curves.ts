// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { get } from './client.ts'

export interface CurvePoint {
  step: number
  /** Mean of the steps that it stands for; null when none of them is a number. */
  loss: number | null
}

export interface PhaseSpan {
  phase: string
  started_at: number
  ended_at?: number
}

export interface Resources {
  time: number
  cpu_percent: number | null
  rss_bytes: number | null
  memory_used_bytes: number | null
  memory_total_bytes: number | null
  disk_free_bytes: number | null
  gpus: { percent: number | null; used_bytes: number | null }[]
}

/** [step, value, milliseconds] */
type Scalar = [number, number | null, number]

export interface Curves {
  points: CurvePoint[]
  phases: PhaseSpan[]
  scalars: Record<string, Scalar[]>
  resources: Resources[]
}

const POINTS = 400
const RUNNING_MS = 4_000

export const curvesQuery = (id: string, active: boolean) =>
  queryOptions({
    queryKey: ['job', id, 'curves'],
    queryFn: ({ signal }) =>
      get<Curves>(`/api/jobs/${encodeURIComponent(id)}/metrics`, { points: POINTS }, signal),
    refetchInterval: active ? RUNNING_MS : false,
  })

/** The loss by step: exact where TensorBoard's files have it, else what the log says. */
export function lossOf(curves: Curves): CurvePoint[] {
  const exact = curves.scalars['loss/average'] ?? curves.scalars['loss/current']
  // TensorBoard writes late: while it runs the log is ahead.
  if (!exact || exact.length < curves.points.length) return curves.points
  return exact.map(([step, loss]) => ({ step, loss }))
}
