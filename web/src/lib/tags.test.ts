// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTags, countTags, formatTags, looksLikeTags, moveTag, parseTags, removeTag } from './tags.ts'

test('parse and format', () => {
  assert.deepEqual(parseTags('1girl,solo ,  red hair\n'), ['1girl', 'solo', 'red hair'])
  assert.deepEqual(parseTags(' , ,'), [])
  assert.deepEqual(parseTags('a, a'), ['a', 'a'], 'doubles are the owner’s business')
  assert.deepEqual(parseTags('tag \\(series\\)'), ['tag \\(series\\)'])
  assert.equal(formatTags(['a', 'b']), 'a, b')
  assert.equal(formatTags(['a', 'b'], 'a\n'), 'a, b\n')
  for (const caption of ['', 'a, b', 'a, b\n', '>_<, ^_^, 1girl'])
    assert.equal(formatTags(parseTags(caption), caption), caption)
})

test('adding keeps the order and leaves out what is there', () => {
  const tags = ['a', 'b']
  assert.deepEqual(addTags(tags, 'c, a , d'), ['a', 'b', 'c', 'd'])
  assert.equal(addTags(tags, ' b ,'), tags, 'nothing new: the same array, so nothing is saved')
})

test('removing takes one of two equal tags', () => {
  assert.deepEqual(removeTag(['a', 'b', 'a'], 2), ['a', 'b'])
})

test('moving stops at the ends', () => {
  const tags = ['a', 'b', 'c']
  assert.deepEqual(moveTag(tags, 2, -1), ['a', 'c', 'b'])
  assert.deepEqual(moveTag(tags, 0, 5), ['b', 'c', 'a'])
  assert.equal(moveTag(tags, 0, -1), tags)
  assert.equal(moveTag(tags, 7, -1), tags)
})

test('prose is told from tags', () => {
  for (const caption of ['', '1girl, solo, red hair\n', 'a cat on a mat', 'tag'])
    assert.ok(looksLikeTags(caption), caption)
  for (const caption of [
    'A woman stands in the rain, looking up at a very tall tower.',
    'one\ntwo',
    'Short prose.',
  ])
    assert.ok(!looksLikeTags(caption), caption)
})

test('counting counts captions, not repetitions', () => {
  assert.deepEqual(countTags([['b', 'a', 'a'], ['a'], []]), [
    { tag: 'a', count: 2 },
    { tag: 'b', count: 1 },
  ])
})
