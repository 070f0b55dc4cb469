// SPDX-License-Identifier: MIT
import type { Job, JobState } from '@/api/jobs.ts'

const KINDS: Record<string, string> = {
  training: 'Training',
  tagging: 'Tagging',
  captioning_blip: 'BLIP captions',
  captioning_git: 'GIT captions',
  lora_resize: 'Resize',
  hf_upload: 'Upload',
  download: 'Download',
}

/** "Tagging"; a kind that we have no word for is shown as the server names it. */
export function kindOf(job: Job): string {
  return KINDS[job.type] ?? job.type.replaceAll('_', ' ')
}

export function titleOf(job: Job): string {
  return `${kindOf(job)} ${job.subject}`
}

/** What it is at, in a word: "caching latents", and "tagging" where the server only says that it works. */
export function phaseOf(job: Job): string | undefined {
  return job.phase === 'working' ? kindOf(job).toLowerCase() : job.phase
}

/** What a job counts. */
export const stepWord = (job: Job) => (job.type === 'training' ? 'step' : 'picture')

export const STATE_WORDS: Record<JobState, string> = {
  pending: 'Waiting',
  running: 'Running',
  completed: 'Done',
  failed: 'Failed',
  cancelled: 'Stopped',
}

/** How long it has run or ran, in ms; null before it started. */
export function runTime(job: Job, now: number): number | null {
  return job.started_at ? (job.completed_at ?? now) - job.started_at : null
}
