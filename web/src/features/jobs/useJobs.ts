// SPDX-License-Identifier: MIT
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { jobsQuery, runningJobsQuery, type Job } from '@/api/jobs.ts'

/** The newest jobs, with the newest figures of those that run. */
export function useJobs() {
  const query = useQuery(jobsQuery)
  const { data: running } = useQuery(runningJobsQuery)
  const all = query.data?.jobs
  const jobs = useMemo(() => all && merge(all, running ?? []), [all, running])
  return { query, jobs, total: query.data?.count ?? 0 }
}

function merge(all: Job[], running: Job[]): Job[] {
  const fresh = new Map(running.map((job) => [job.id, job]))
  const merged = all.map((job) =>
    job.status === 'pending' || job.status === 'running' ? (fresh.get(job.id) ?? job) : job,
  )
  const listed = new Set(all.map((job) => job.id))
  return [...running.filter((job) => !listed.has(job.id)), ...merged]
}

/** Asks for the whole list again whenever a job begins or ends. Once on the page, in what is always there. */
export function useJobsKeptFresh(): void {
  const client = useQueryClient()
  const { data: running } = useQuery(runningJobsQuery)
  const ids = running?.map((job) => job.id).join(' ')
  const before = useRef(ids)
  useEffect(() => {
    if (before.current !== undefined && ids !== before.current)
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey, exact: true })
    before.current = ids
  }, [client, ids])
}
