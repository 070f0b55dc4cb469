// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TrainingSchema } from '../../api/training.ts'
import {
  applies,
  findingsByField,
  isChanged,
  isFound,
  labelOf,
  newForm,
  readForm,
  requestOf,
  valueOf,
} from './form.ts'
import { groupCorrections, markedLines } from './toml.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../../mock/schema.json', import.meta.url), 'utf8'),
) as TrainingSchema
const field = (name: string) => schema.fields.find((f) => f.name === name)!

test('a new form is what the server suggests, and sends no more than that', () => {
  const request = requestOf(newForm(schema), schema)
  const suggested = schema.fields.filter((f) => f.suggested !== undefined)
  assert.deepEqual(request, Object.fromEntries(suggested.map((f) => [f.name, f.suggested])))
})

test('only what differs from its default is sent', () => {
  const form = { ...newForm(schema), project_name: 'a', unet_lr: '1e-4', seed: '42', network_dim: '16' }
  assert.equal(isChanged(form, field('unet_lr')), false)
  const request = requestOf(form, schema)
  assert.deepEqual([request.project_name, request.network_dim], ['a', 16])
  assert.ok(!('unet_lr' in request) && !('seed' in request))
})

test('numbers are sent without loss, and what is none as it was typed', () => {
  const send = (seed: string, unet_lr: string) => {
    const request = requestOf({ ...newForm(schema), seed, unet_lr }, schema)
    return [request.seed, request.unet_lr]
  }
  assert.deepEqual(send('123456789012345678901', '5e-5'), ['123456789012345678901', 5e-5])
  assert.deepEqual(send('7.5', 'fast'), [7.5, 'fast'])
})

test('a field that was emptied goes back to its default, or is null where that means something', () => {
  const form = {
    ...newForm(schema),
    model_type: 'Lumina',
    seed: '',
    gemma2_max_token_length: '',
    vae_path: '',
  }
  const request = requestOf(form, schema)
  assert.ok(!('seed' in request) && !('vae_path' in request))
  assert.equal(request.gemma2_max_token_length, null)
  assert.equal(requestOf({ ...form, keep_tokens_separator: '' }, schema).keep_tokens_separator, '')
})

test('fields of another family or mode are neither shown nor sent, and kept', () => {
  const form = { ...newForm(schema), clip_skip: '2', network_dim: '8', guidance_scale: '2' }
  assert.equal(requestOf(form, schema).clip_skip, 2)
  assert.ok(!('guidance_scale' in requestOf(form, schema)))
  const flux = { ...form, model_type: 'Flux' }
  assert.ok(!('clip_skip' in requestOf(flux, schema)))
  assert.equal(requestOf(flux, schema).guidance_scale, 2)
  const whole = requestOf({ ...form, training_mode: 'checkpoint' }, schema)
  assert.equal(whole.training_mode, 'checkpoint')
  assert.ok(!('network_dim' in whole))
  assert.equal(applies(field('network_module'), 'SDXL', 'lora'), false, 'hidden')
})

test('folders of a dataset are sent with what was filled in', () => {
  const form = { ...newForm(schema), subsets: [{ image_dir: 'x', num_repeats: '3', class_tokens: '' }] }
  assert.deepEqual(requestOf(form, schema).subsets, [{ image_dir: 'x', num_repeats: 3 }])
  assert.ok(!('subsets' in requestOf({ ...form, subsets: [] }, schema)))
})

test('what is sent comes back as the same form', () => {
  const form = {
    ...newForm(schema),
    ...{ project_name: 'a', unet_lr: '0.00005', flip_aug: true, cache_latents: false, vae_path: 'v' },
    subsets: [{ image_dir: 'x', num_repeats: '3', class_tokens: '' }],
  }
  const request = requestOf(form, schema)
  const again = readForm(JSON.parse(JSON.stringify({ ...request, unknown: 1, clip_skip: null })), schema)
  assert.deepEqual(again.ignored, ['unknown'])
  assert.deepEqual(requestOf(again.form, schema), request)
  assert.equal(valueOf(again.form, field('flip_aug')), true)
  assert.deepEqual(readForm(null, schema), { form: {}, ignored: [] })
  assert.deepEqual(readForm({ flip_aug: 'yes', seed: [1], subsets: 'x' }, schema).form, { flip_aug: true })
})

test('labels and search', () => {
  assert.equal(labelOf('lr_scheduler'), 'Learning rate scheduler')
  assert.equal(labelOf('vae_path'), 'VAE path')
  assert.ok(isFound(field('unet_lr'), 'learning U-net'))
  assert.ok(isFound(field('min_snr_gamma'), 'min_snr'))
  assert.ok(!isFound(field('seed'), 'optimizer'))
})

test('what is missing is only said once one asked for it; the gravest stands first', () => {
  const findings = [
    { field: 'vae_path', message: 'maybe', severity: 'warning' as const },
    { field: 'vae_path', message: 'no', severity: 'error' as const },
    { field: 'project_name', message: 'is required', code: 'missing' },
    { field: 'subsets.0.image_dir', message: 'not there', code: 'not_found' },
  ]
  const before = findingsByField(findings, false)
  assert.deepEqual([...before.keys()].sort(), ['subsets', 'vae_path'])
  assert.deepEqual(
    before.get('vae_path')!.map((f) => f.message),
    ['no', 'maybe'],
  )
  assert.ok(findingsByField(findings, true).has('project_name'))
})

test('corrected lines say why, and reasons are told once', () => {
  const one = { id: 'B2', field: 'conv_dim', was: '', now: '', why: 'moved' }
  const corrections = [
    { ...one, key: 'network_args' },
    { ...one, key: 'conv_dim' },
    { ...one, key: 'conv_dim' },
    { ...one, id: 'B6', key: 'x', why: 'unknown' },
  ]
  assert.deepEqual(markedLines('a = 1\nnetwork_args = [ "x",]\n', corrections), [
    { text: 'a = 1' },
    { text: 'network_args = [ "x",]', why: 'B2: moved' },
  ])
  assert.deepEqual(groupCorrections(corrections), [
    { id: 'B2', why: 'moved', keys: ['network_args', 'conv_dim'] },
    { id: 'B6', why: 'unknown', keys: ['x'] },
  ])
})
