// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzy, fuzzySort } from './fuzzy.ts'

test('letters must come in order, whatever their case', () => {
  assert.equal(fuzzy('xyz', 'datasets'), null)
  assert.equal(fuzzy('sd', 'ds'), null)
  assert.notEqual(fuzzy('DS', 'datasets'), null)
})

test('beginnings and runs come first', () => {
  const names = ['old jobs', 'Go to jobs', 'job log', 'jobless']
  assert.equal(fuzzySort('job', names, (n) => n)[0], 'job log')
  assert.deepEqual(
    fuzzySort('  ', names, (n) => n),
    names,
  )
  assert.deepEqual(
    fuzzySort('an2', ['anna-v1', 'anna-v2', 'banana'], (n) => n),
    ['anna-v2'],
  )
})
