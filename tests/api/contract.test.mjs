// SPDX-License-Identifier: MIT
// openapi/ against the server's own table of routes, both ways; and that the check of answers (contract.mjs) can fail.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { tree } from '../e2e/support.mjs';
import { api, check, checkMessage, find, operations, parametersOf } from './contract.mjs';
import { call, serve } from './support.mjs';

const isOpen = (o) => o.value.security?.length === 1 && Object.keys(o.value.security[0]).length === 0;

// All values of the document that have a member `name`, with their places.
function* having(name, value = api, at = '#') {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value) && name in value) yield [at, value];
  for (const [key, below] of Object.entries(value)) yield* having(name, below, `${at}/${key}`);
}

test('every route is documented, and every documented route exists', async (t) => {
  const server = await serve(t);
  const { body } = await call(server, 'GET', '/api/endpoints');
  const name = (method, route, open, socket) => `${method} ${route}${open ? ' open' : ''}${socket ? ' websocket' : ''}`;
  const there = body.endpoints.map((e) => name(e.method, e.path, e.open, e.websocket));
  const rest = (o) => (find(`#/paths/${encodeURIComponent(o.path.replaceAll('/', '~1'))}`)['x-rest'] ? o.path.replace(/\}$/, '...}') : o.path);
  const told = operations.map((o) => name(o.method, rest(o), isOpen(o), '101' in o.value.responses));
  assert.deepEqual(told.sort(), there.sort());
});

test('the server gives the document that openapi/ holds, and a page that loads nothing from elsewhere', async (t) => {
  const server = await serve(t);
  const { body, headers } = await call(server, 'GET', '/api/openapi.json');
  assert.deepEqual(body, api);
  assert.match(headers.get('content-type'), /^application\/json/);
  const page = await call(server, 'GET', '/api/docs');
  assert.match(page.headers.get('content-type'), /^text\/html/);
  assert.match(page.headers.get('content-security-policy'), /default-src 'self'; script-src 'self';/);
  const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1]).filter((url) => url.startsWith('/api/docs/'));
  assert.deepEqual(files, ['/api/docs/docs.css', '/api/docs/docs.js']);
  for (const one of ['', ...files.map((f) => f.slice('/api/docs'.length))]) {
    const file = await call(server, 'GET', `/api/docs${one}`);
    assert.equal(file.status, 200);
    assert.doesNotMatch(file.text, /https?:\/\/|<script>|style="| on[a-z]+="|eval\(/, one);
  }
  assert.equal((await call(server, 'GET', '/api/docs/..%2florica.json')).status, 404);
});

test('each operation is whole: tags, parameters, refusals', () => {
  const tags = api.tags.map((tag) => tag.name);
  for (const o of operations) {
    const what = `${o.method} ${o.path}`;
    assert.ok(o.value.summary, what);
    assert.ok(o.value.tags?.length && o.value.tags.every((tag) => tags.includes(tag)), `${what}: tags`);
    assert.deepEqual(o.value.responses.default, { $ref: '#/components/responses/Refused' }, what);
    const named = parametersOf(o).filter((p) => p.in === 'path').map((p) => p.name);
    assert.deepEqual(named, [...o.path.matchAll(/\{([^}]+)\}/g)].map((m) => m[1]), `${what}: names in the path`);
    for (const p of parametersOf(o)) assert.ok(p.schema && (p.in !== 'path' || p.required), `${what}: ${p.name}`);
  }
  assert.deepEqual(tags.filter((tag) => !operations.some((o) => o.value.tags.includes(tag))), [], 'tags that nothing has');
});

test('references lead somewhere, and every object says which fields it has', () => {
  const used = new Set();
  for (const [at, { $ref }] of having('$ref')) {
    assert.equal(typeof $ref, 'string', at);
    assert.ok(find($ref), `${at}: ${$ref}`);
    used.add($ref);
  }
  for (const [section, members] of Object.entries(api.components))
    for (const name of section === 'securitySchemes' ? [] : Object.keys(members))
      assert.ok(used.has(`#/components/${section}/${name}`), `nothing uses components/${section}/${name}`);
  for (const [at, schema] of having('properties')) {
    if (schema.type !== 'object' || schema['x-part']) continue;
    assert.ok('additionalProperties' in schema || 'unevaluatedProperties' in schema, `${at}: additionalProperties`);
    for (const name of schema.required ?? []) assert.ok(name in schema.properties, `${at}: '${name}' is required and not there`);
  }
});

test('the codes of errors are those of base/err.c', () => {
  const rows = [...readFileSync(path.join(tree, 'src/base/err.c'), 'utf8').matchAll(/\[LRC_ERR_\w+\] = \{"(\w+)", (\d+),/g)];
  const { enum: words, 'x-status': statuses } = api.components.schemas.Error.properties.code;
  assert.deepEqual(Object.fromEntries(rows.map(([, word, status]) => [word, Number(status)])), statuses);
  assert.deepEqual(new Set(words), new Set(Object.keys(statuses)));
});

test('the check of answers sees what is not documented', () => {
  const health = { method: 'GET', url: 'http://x/api/health', status: 200, type: 'application/json', body: { status: 'healthy', version: '1', needs_token: false } };
  const error = { success: false, error: 'e', detail: 'e', code: 'denied' };
  check(health);
  check({ ...health, status: 403, body: error });
  check({ ...health, url: 'http://x/assets/page.js', status: 200, type: 'text/javascript', body: undefined });
  const bad = {
    'a field more': { ...health, body: { ...health.body, more: 1 } },
    'a field less': { ...health, body: { status: 'healthy', version: '1' } },
    'another type': { ...health, body: { ...health.body, version: 1 } },
    'another status': { ...health, status: 201 },
    'no content of this type': { ...health, type: 'text/plain', body: undefined },
    'a parameter': { ...health, url: 'http://x/api/health?deep=1' },
    'an error of another shape': { ...health, status: 403, body: { error: 'e' } },
    'a code of another status': { ...health, status: 401, body: error },
    'a code that is not documented here': { ...health, status: 404, body: { ...error, code: 'not_found' } },
    'an unknown route that succeeds': { ...health, url: 'http://x/api/nothing', status: 200 },
    'an accepted request that does not fit': { ...health, method: 'POST', url: 'http://x/api/login', request: { token: 1 }, body: { success: true } },
  };
  for (const [name, answer] of Object.entries(bad)) assert.throws(() => check(answer), assert.AssertionError, name);
  const line = { seq: 0, offset: 0, end: 1, timestamp: 1, level: 'info', message: '', raw: '' };
  checkMessage('/ws/jobs/x/logs', JSON.stringify({ type: 'log', log: line, message: '' }));
  assert.throws(() => checkMessage('/ws/jobs/x/logs', JSON.stringify({ type: 'log', log: { ...line, end: '1' }, message: '' })));
  assert.throws(() => checkMessage('/ws/jobs/x/logs', JSON.stringify({ type: 'news' })));
});
