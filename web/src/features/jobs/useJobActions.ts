// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { deleteJob, jobQuery, jobsQuery, stopJob, type Job } from '@/api/jobs.ts'
import { messageOf } from '@/api/client.ts'
import { toast } from '@/components/toasts.ts'
import { createStore, useStore } from '@/lib/store.ts'
import { titleOf } from './jobWords.ts'

export function useStop(job: Job) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => stopJob(job.id),
    onSuccess: () => {
      toast(`Stopping ${titleOf(job)}`)
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey })
      void client.invalidateQueries({ queryKey: jobQuery(job.id).queryKey })
    },
  })
}

/** Jobs that are about to be deleted: not shown any more, but still there until the time to undo is over. */
const forgotten = createStore<readonly string[]>([])

export const useForgotten = () => useStore(forgotten)

/** Takes a job out of the list at once, and deletes it on the server when the time to undo is over. */
export function useForget() {
  const client = useQueryClient()
  const keep = (job: Job) => forgotten.set((ids) => ids.filter((id) => id !== job.id))
  return (job: Job) => {
    forgotten.set((ids) => [...ids, job.id])
    toast(`${titleOf(job)} deleted`, {
      key: `forget:${job.id}`,
      action: { label: 'Undo', act: () => keep(job) },
      gone: () => {
        deleteJob(job.id)
          .catch((error: unknown) => toast(messageOf(error), { tone: 'bad' }))
          .then(() => client.invalidateQueries({ queryKey: jobsQuery.queryKey }))
          .finally(() => keep(job))
      },
    })
  }
}
