// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { curveOf, nearest } from './curveDots.ts'

const point = (step: number, loss: number | null) => ({ step, loss })

test('a curve fills its room: first step left, highest loss on top', () => {
  const curve = curveOf([point(10, 0.5), point(15, 0.1), point(30, 0.3)], 100, 40)!
  assert.deepEqual(
    curve.dots.map(({ x, y }) => [x, y]),
    [
      [0, 0],
      [25, 40],
      [100, 20],
    ],
  )
  assert.deepEqual([curve.low, curve.high, curve.first.step, curve.last.step], [0.1, 0.5, 10, 30])
  assert.equal(nearest(curve.dots, 60).step, 15)
  assert.equal(nearest(curve.dots, 70).step, 30)
})

test('losses that are no numbers are left out, one point is no curve, a flat one lies in the middle', () => {
  assert.equal(curveOf([], 1, 1), undefined)
  assert.equal(curveOf([point(1, 0.5), point(2, null)], 1, 1), undefined)
  assert.deepEqual(
    curveOf([point(1, 0.5), point(2, 0.5)], 10, 10)!.dots.map((dot) => dot.y),
    [5, 5],
  )
})
