// SPDX-License-Identifier: MIT
import type { Job, JobState } from '@/api/jobs.ts'
import { baseName } from '@/lib/format.ts'

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

/** What the job is about: its project, else its dataset, else its number. */
export function subjectOf(job: Job): string {
  return job.name || (job.dataset_dir && baseName(job.dataset_dir)) || job.id
}

export function titleOf(job: Job): string {
  return `${kindOf(job)} ${subjectOf(job)}`
}

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
