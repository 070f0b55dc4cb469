// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowUpToLine, Pause, Play } from 'lucide-react'
import { jobsQuery, type Job } from '@/api/jobs.ts'
import { queueQuery, setPaused, setPriority, type Queue, type QueueEntry } from '@/api/queue.ts'
import { Button, IconButton } from '@/components/Button.tsx'
import { toast } from '@/components/toasts.ts'
import { duration } from '@/lib/format.ts'
import { titleOf } from './jobWords.ts'

function useKeep() {
  const client = useQueryClient()
  return (queue: Queue) => {
    client.setQueryData(queueQuery.queryKey, queue)
    void client.invalidateQueries({ queryKey: jobsQuery.queryKey })
  }
}

/** Pauses the queue and lets it go on; says so when it is paused. */
export function PauseButton() {
  const queue = useQuery(queueQuery)
  const keep = useKeep()
  const paused = queue.data?.paused ?? false
  const change = useMutation({
    mutationFn: () => setPaused(!paused),
    onSuccess: (next) => {
      keep(next)
      toast(next.paused ? 'The queue is paused: what runs goes on, nothing new starts' : 'The queue goes on')
    },
  })
  return (
    <Button
      icon={paused ? Play : Pause}
      look={paused ? 'primary' : 'plain'}
      busy={change.isPending || !queue.data}
      onClick={() => change.mutate()}
    >
      {paused ? 'Let the queue go on' : 'Pause the queue'}
    </Button>
  )
}

/** Active jobs in the order of the queue: what runs, then what starts next. */
export function useQueueOrder(jobs: Job[]): Job[] {
  const queue = useQuery(queueQuery)
  const places = new Map(queue.data?.jobs.map((one) => [one.id, one.position]))
  const place = (job: Job) => places.get(job.id) ?? (job.status === 'running' ? 0 : Infinity)
  return jobs.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}

/** Why a waiting job does not run yet, in words. */
export function waitOf(entry: QueueEntry, now: number): string {
  const place = `${entry.position}. in line`
  switch (entry.waits) {
    case 'paused':
      return `${place}, the queue is paused`
    case 'time':
      return `${place}, starts in ${duration((entry.not_before ?? now) - now)}`
    case 'after':
      return `${place}, after ${entry.waits_for}`
    case 'slot':
      return `${place}, waits for ${entry.gpus_wanted > 0 ? 'a GPU' : 'the processor'}`
    default:
      return place
  }
}

/** The place of a waiting job. */
export function Waiting({ job, now }: { job: Job; now: number }) {
  const queue = useQuery(queueQuery)
  const entry = queue.data?.jobs.find((one) => one.id === job.id)
  return (
    <span className="num truncate text-ink-3">
      {entry && entry.position > 0 ? waitOf(entry, now) : 'Waiting'}
    </span>
  )
}

/** Puts a waiting job before all others; nothing for the first. */
export function FirstButton({ job }: { job: Job }) {
  const queue = useQuery(queueQuery)
  const keep = useKeep()
  const waiting = queue.data?.jobs.filter((one) => one.position > 0) ?? []
  const highest = Math.max(0, ...waiting.map((one) => one.priority))
  const change = useMutation({
    mutationFn: () => setPriority(job.id, Math.min(highest + 1, 1000)),
    onSuccess: keep,
  })
  if ((waiting.find((one) => one.id === job.id)?.position ?? 1) <= 1)
    return <span className="size-7 shrink-0 max-md:hidden" />
  return (
    <IconButton
      icon={ArrowUpToLine}
      label={`Let ${titleOf(job)} be the next`}
      disabled={change.isPending}
      onClick={() => change.mutate()}
    />
  )
}
