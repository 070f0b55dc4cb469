// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sample } from '@/api/artifacts.ts'
import { roundsOf } from './sampleRounds.ts'

const sample = (epoch: number | null, step: number | null, prompt_index: number): Sample => ({
  ...{ name: `${epoch}-${step}-${prompt_index}`, epoch, step, prompt_index },
  ...{ prompt: null, parameters: null, modified: 0 },
})

test('rounds go from the newest, their samples by prompt', () => {
  const rounds = roundsOf([sample(1, 60, 1), sample(1, 60, 0), sample(2, 1200, 0), sample(2, 1200, 1)])
  assert.deepEqual(
    rounds.map((round) => [round.title, round.samples.map((s) => s.prompt_index)]),
    [
      ['Epoch 2, step 1,200', [0, 1]],
      ['Epoch 1, step 60', [0, 1]],
    ],
  )
})

test('what a name does not say is left out', () => {
  const titles = roundsOf([
    sample(null, 0, 0),
    sample(null, 40, 0),
    sample(3, null, 0),
    sample(null, null, 0),
  ])
  assert.deepEqual(
    titles.map((round) => round.title),
    ['Samples', 'Epoch 3', 'Step 40', 'Step 0'],
  )
  assert.deepEqual(roundsOf([]), [])
})
