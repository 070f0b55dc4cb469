// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lossOf, type Curves } from './curves.ts'

const point = (step: number, loss: number | null) => ({ step, loss })
const curves = (more: Partial<Curves>): Curves => ({
  points: [],
  phases: [],
  scalars: {},
  resources: [],
  ...more,
})

test('the loss is that of TensorBoard where it has all of it, else that of the log', () => {
  const points = [point(1, 0.5), point(2, 0.4)]
  assert.deepEqual(lossOf(curves({ points })), points)
  assert.deepEqual(lossOf(curves({ points, scalars: { 'loss/average': [[1, 0.55, 9]] } })), points) // written late
  const exact: [number, number | null, number][] = [
    [1, 0.51, 7],
    [2, null, 8],
  ]
  assert.deepEqual(lossOf(curves({ points, scalars: { 'loss/current': exact } })), [
    { step: 1, loss: 0.51 },
    { step: 2, loss: null },
  ])
})
