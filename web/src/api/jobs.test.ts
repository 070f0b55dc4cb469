// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readJob } from './jobs.ts'

const base = { id: 'x_1_1', type: 'tagging', status: 'running' as const, created_at: 5 }

test('a tagging: its dataset comes from its labels, its pictures the numbers of its phase', () => {
  const job = readJob({
    ...base,
    title: 'tag anna',
    progress: 30,
    metrics: {
      percent: 30.5,
      step: null,
      phase: 'working',
      phase_done: 12,
      phase_total: 40,
      item: 'a.png',
      loss: null,
    },
    labels: ['dataset=/w/datasets/anna'],
  })
  assert.equal(job.subject, 'anna')
  assert.equal(job.dataset_dir, '/w/datasets/anna')
  assert.deepEqual(
    [job.percent, job.step, job.total_steps, job.item, job.loss],
    [30.5, 12, 40, 'a.png', undefined],
  )
})

test('a training: its project and its results come from labels', () => {
  const job = readJob({
    ...base,
    type: 'training',
    title: 'train anna-v2',
    status: 'failed',
    labels: ['project=anna-v2', 'result=/w/output/anna/anna-v2.safetensors'],
    exit: { code: null, signal: 9, oom_kill: true },
  })
  assert.equal(job.subject, 'anna-v2')
  assert.equal(job.output_dir, '/w/output/anna')
  assert.equal(job.dataset_dir, undefined)
  assert.deepEqual([job.failures, job.attempt, job.retry_of], [[], 1, undefined])
  assert.deepEqual([job.exit_signal, job.oom_kill, job.exit_code], [9, true, undefined])
})

test('as little as KNX sends is enough', () => {
  const job = readJob({ ...base, progress: 7 })
  assert.equal(job.subject, 'x_1_1')
  assert.equal(job.percent, 7)
  assert.equal(job.stopping, false)
})
