// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, readAnswer, url } from './client.ts'

function refusal(status: number, body: unknown): ApiError {
  try {
    readAnswer(status, typeof body === 'string' ? body : JSON.stringify(body))
  } catch (error) {
    if (error instanceof ApiError) return error
  }
  throw new Error('was not refused')
}

test('answers', () => {
  assert.deepEqual(readAnswer(200, '{"a":1}'), { a: 1 })
  assert.equal(readAnswer(204, ''), undefined)
  assert.match(refusal(200, '<html>').message, /not JSON/)
})

test('every shape of refusal has a sentence for people', () => {
  for (const [status, body, message] of [
    [404, { success: false, error: 'No such set', detail: 'No such set' }, 'No such set'],
    [400, { detail: 'only detail' }, 'only detail'],
    [500, { success: false, message: 'only message' }, 'only message'],
    [413, '', 'That is too large for the server.'],
    [502, '<html>Bad gateway</html>', 'The server answered 502.'],
    [422, { detail: [{ loc: ['body', 'name'], msg: 'field required' }] }, 'field required'],
    [400, { error: 'Denied', detail: ['a.png: no', 'b.png: no'] }, 'Denied'],
  ] as const)
    assert.equal(refusal(status, body).message, message)
})

test('what is wrong with which field', () => {
  assert.deepEqual(refusal(422, { detail: [{ loc: ['body', 'a', 0], msg: 'm' }] }).findings, [
    { field: 'a.0', message: 'm' },
  ])
  assert.deepEqual(refusal(409, { error: 'taken', field: 'name' }).findings, [
    { field: 'name', message: 'taken' },
  ])
  assert.deepEqual(refusal(422, { error: 'e', findings: [{ field: 'x', message: 'm' }] }).findings, [
    { field: 'x', message: 'm' },
  ])
  assert.equal(refusal(409, { error: 'no model', code: 'model_missing' }).code, 'model_missing')
})

test('addresses leave out what is not given, and escape the rest', () => {
  assert.equal(url('/a', { x: null, y: undefined }), '/a')
  assert.equal(url('/a', { path: '/b c&d', n: 0, yes: true }), '/a?path=%2Fb+c%26d&n=0&yes=true')
})
