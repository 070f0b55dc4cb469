// SPDX-License-Identifier: MIT
// The page inside the program: what a browser that opens the address gets, and what it may keep.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { call, isError, serve } from './support.mjs';

const asBrowser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

// fetch() asks for gzip by itself and unpacks; this shows the bytes that came.
function raw(server, path, headers) {
  return new Promise((done, failed) => {
    http.get(server.base + path, { headers }, (answer) => {
      const parts = [];
      answer.on('data', (bytes) => parts.push(bytes));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(parts) }));
    }).on('error', failed);
  });
}

test('the page at every address of its own, its parts for ever, packed for whoever takes it', async (t) => {
  const server = await serve(t);
  const index = await call(server, 'GET', '/', undefined, asBrowser);
  assert.equal(index.status, 200);
  assert.match(index.headers.get('content-type'), /^text\/html/);
  assert.equal(index.headers.get('cache-control'), 'no-cache');
  assert.match(index.headers.get('content-security-policy'), /script-src 'self'; style-src 'self' 'unsafe-inline'/);
  const tag = index.headers.get('etag');
  assert.equal((await call(server, 'GET', '/', undefined, { ...asBrowser, 'if-none-match': tag })).status, 304);
  for (const place of ['/datasets', '/datasets/my%20cats?picture=a.png', '/jobs/tagging_1_2', '/login'])
    assert.equal((await call(server, 'GET', place, undefined, asBrowser)).text, index.text, place);

  const parts = [...index.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1]);
  assert.ok(parts.some((part) => part.endsWith('.js')) && parts.some((part) => part.endsWith('.css')), index.text);
  for (const part of parts) {
    const plain = await raw(server, part, {});
    assert.equal(plain.status, 200, part);
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(plain.headers['content-encoding'], undefined);
    const packed = await raw(server, part, { 'accept-encoding': 'gzip' });
    if (packed.headers['content-encoding'] === undefined) continue; // not worth it
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.match(packed.headers.vary, /Accept-Encoding/i);
    assert.ok(packed.bytes.length < plain.bytes.length);
    assert.deepEqual(gunzipSync(packed.bytes), plain.bytes);
  }
  assert.equal((await raw(server, parts.find((part) => part.endsWith('.css')), { 'accept-encoding': 'gzip' })).headers['content-encoding'], 'gzip');
});

test('what is no address of the page is an error, not the page', async (t) => {
  const server = await serve(t);
  isError(assert, await call(server, 'GET', '/api/nothing', undefined, asBrowser), 404, 'not_found');
  isError(assert, await call(server, 'GET', '/assets/gone-12345678.js'), 404, 'not_found');
  isError(assert, await call(server, 'GET', '/..%2f..%2fetc%2fpasswd'), 404, 'not_found');
  assert.ok((await call(server, 'POST', '/', {})).status >= 400);
});

test('a token server gives its page to anybody, and nothing else', async (t) => {
  const server = await serve(t, { args: ['--token', 'a long enough token'] });
  const index = await call(server, 'GET', '/login', undefined, asBrowser);
  assert.equal(index.status, 200);
  for (const [, part] of index.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g))
    assert.equal((await call(server, 'GET', part)).status, 200);
  isError(assert, await call(server, 'GET', '/api/jobs', undefined, asBrowser), 401, 'auth');
});
