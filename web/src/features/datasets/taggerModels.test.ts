// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { taggerModels } from './taggerModels.ts'

test('what lies on the disk comes first and is the preset', () => {
  const { models, preset } = taggerModels(['SmilingWolf_wd-vit-tagger-v3', 'mine'], '')
  assert.deepEqual(
    models.slice(0, 3).map((m) => m.id),
    ['SmilingWolf/wd-vit-tagger-v3', 'mine', 'demo'],
  )
  assert.equal(preset, 'SmilingWolf/wd-vit-tagger-v3')
  assert.equal(models.filter((m) => m.id === 'SmilingWolf/wd-vit-tagger-v3').length, 1)
})

test('the demo tagger is the preset only when the settings say so', () => {
  assert.notEqual(taggerModels([], '').preset, 'demo')
  assert.equal(taggerModels([], 'demo').preset, 'demo')
})

test('the setting may name a repository, its folder, or any path', () => {
  assert.equal(taggerModels([], 'SmilingWolf/wd-vit-tagger-v3').preset, 'SmilingWolf/wd-vit-tagger-v3')
  assert.equal(taggerModels([], 'SmilingWolf_wd-vit-tagger-v3').preset, 'SmilingWolf/wd-vit-tagger-v3')
  const { models, preset } = taggerModels([], '/models/own')
  assert.equal(preset, '/models/own')
  assert.equal(models[0]!.id, '/models/own')
})
