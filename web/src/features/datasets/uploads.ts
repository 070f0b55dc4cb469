// SPDX-License-Identifier: MIT
// Sending files goes on while one looks at other places: its state lies here, not in a component.
import type { QueryClient } from '@tanstack/react-query'
import { ApiError, messageOf } from '@/api/client.ts'
import { uploadBatch } from '@/api/datasets.ts'
import { createStore } from '@/lib/store.ts'
import type { UploadPlan } from './uploadPlan.ts'

export interface Upload {
  dataset: string
  /** Files and bytes of the whole. */
  files: number
  bytes: number
  sentFiles: number
  sentBytes: number
  /** What was not stored, and why; grows. */
  problems: { name: string; why: string }[]
  state: 'sending' | 'done' | 'stopped' | { failed: string }
}

export const upload = createStore<Upload | null>(null)

const TRIES = 4
const WAIT_MS = 1_000

let cancelled = new AbortController()
let again: (() => void) | null = null

export function startUpload(client: QueryClient, dataset: string, plan: UploadPlan<File>): void {
  upload.set({
    ...{ dataset, files: plan.files, bytes: plan.bytes, sentFiles: 0, sentBytes: 0 },
    ...{ problems: plan.left, state: 'sending' },
  })
  void send(client, dataset, plan.batches)
}

export function cancelUpload(): void {
  cancelled.abort()
}

/** Goes on with what has not been sent. */
export function resumeUpload(): void {
  again?.()
}

export function closeUpload(): void {
  upload.set(null)
}

const change = (part: Partial<Upload>) => upload.set((before) => before && { ...before, ...part })

async function send(client: QueryClient, dataset: string, batches: File[][]): Promise<void> {
  cancelled = new AbortController()
  change({ state: 'sending' })
  for (const [i, batch] of batches.entries()) {
    try {
      await sendBatch(dataset, batch, cancelled.signal)
    } catch (error) {
      const stopped = cancelled.signal.aborted
      again = () => void send(client, dataset, batches.slice(i))
      change({ state: stopped ? 'stopped' : { failed: messageOf(error) } })
      break
    } finally {
      void client.invalidateQueries({ queryKey: ['pictures', dataset] })
    }
  }
  void client.invalidateQueries({ queryKey: ['datasets'] })
  if (upload.get()?.state === 'sending') change({ state: 'done' })
}

async function sendBatch(dataset: string, batch: File[], signal: AbortSignal): Promise<void> {
  const before = upload.get()
  if (!before) return
  const size = batch.reduce((sum, file) => sum + file.size, 0)
  for (let tries = 1; ; tries++) {
    try {
      const answer = await uploadBatch(dataset, batch, {
        signal,
        onProgress: (sent) => change({ sentBytes: before.sentBytes + Math.min(sent, size) }),
      })
      const problems = answer.errors.map((text) => {
        const [name = '', ...why] = text.split(': ')
        return { name, why: why.join(': ') }
      })
      return change({
        sentBytes: before.sentBytes + size,
        sentFiles: before.sentFiles + batch.length - problems.length,
        problems: [...before.problems, ...problems],
      })
    } catch (error) {
      const hiccup = error instanceof ApiError && (error.unreachable || error.status >= 502)
      if (signal.aborted || !hiccup || tries >= TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * tries))
    }
  }
}
