// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { History, RotateCcw } from 'lucide-react'
import { jobsQuery, type Job } from '@/api/jobs.ts'
import { queueQuery, resumeJob, retryJob, statesQuery } from '@/api/queue.ts'
import { Button } from '@/components/Button.tsx'
import { toast } from '@/components/toasts.ts'
import { count } from '@/lib/format.ts'
import { titleOf } from './jobWords.ts'

/** What can be done with a job that has ended: go on from where it was, or from the beginning. */
export function Again({ job }: { job: Job }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const training = job.type === 'training'
  const states = useQuery({ ...statesQuery(job.id), enabled: training })
  const started = (word: string) => ({
    onSuccess: ({ job_id }: { job_id: string }) => {
      toast(`${titleOf(job)} ${word}`)
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey })
      void client.invalidateQueries({ queryKey: queueQuery.queryKey })
      void navigate({ to: '/jobs/$id', params: { id: job_id } })
    },
  })
  const retry = useMutation({ mutationFn: () => retryJob(job.id), ...started('starts again') })
  const resume = useMutation({ mutationFn: () => resumeJob(job.id), ...started('goes on') })
  const best = states.data?.states.find((state) => state.path === states.data.best)
  const busy = retry.isPending || resume.isPending
  return (
    <>
      {best && (
        <Button icon={History} look="primary" busy={busy} onClick={() => resume.mutate()}>
          Go on from step {count(best.step)}
        </Button>
      )}
      <Button icon={RotateCcw} busy={busy} onClick={() => retry.mutate()}>
        {best ? 'Start over' : 'Try again'}
      </Button>
    </>
  )
}

/** States that were saved and cannot be used, with the reason: nobody shall wonder why they are not offered. */
export function BrokenStates({ job }: { job: Job }) {
  const states = useQuery({ ...statesQuery(job.id), enabled: job.type === 'training' })
  const broken = states.data?.states.filter((state) => !state.complete) ?? []
  if (broken.length === 0) return null
  return (
    <ul className="text-ink-3">
      {broken.map((state) => (
        <li key={state.path} className="break-words">
          The state of step {state.step < 0 ? '?' : count(state.step)} is not complete: {state.why}.
        </li>
      ))}
    </ul>
  )
}
