// SPDX-License-Identifier: MIT
import type { Sample } from '@/api/artifacts.ts'
import { count } from '@/lib/format.ts'

/** The samples that were drawn at one time of the training, one of each prompt. */
export interface Round {
  key: string
  /** "Epoch 3, step 180" */
  title: string
  samples: Sample[]
}

const keyOf = (sample: Sample) => `${sample.epoch ?? ''}-${sample.step ?? ''}`

function titleOf({ epoch, step }: Sample): string {
  const parts = [epoch !== null && `epoch ${count(epoch)}`, step !== null && `step ${count(step)}`]
  const title = parts.filter(Boolean).join(', ')
  return title === '' ? 'Samples' : title[0]!.toUpperCase() + title.slice(1)
}

/** Newest first; within a round by prompt. `samples` are in the order in which they were made. */
export function roundsOf(samples: readonly Sample[]): Round[] {
  const rounds = new Map<string, Round>()
  for (const sample of samples) {
    const key = keyOf(sample)
    const round = rounds.get(key) ?? { key, title: titleOf(sample), samples: [] }
    round.samples.push(sample)
    rounds.set(key, round)
  }
  for (const round of rounds.values()) round.samples.sort((a, b) => a.prompt_index - b.prompt_index)
  return [...rounds.values()].reverse()
}
