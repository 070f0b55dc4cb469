// SPDX-License-Identifier: MIT
// Requests that two readers could read in two ways are refused before any handler runs, and the connection is closed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertRefused, get, host, malformed, post } from './malformed.mjs';
import { connect, sleep, start, statuses, until } from './support.mjs';

let server;
before(async () => (server = await start({ 'idle-s': 2 })));
after(() => server.end());

const hidden = '/api/param/SMUGGLED';
const smuggled = get(hidden);

for (const [name, bytes] of Object.entries(malformed('/api/echo', hidden)))
  test(`refused: ${name}`, async () => assertRefused(name, await server.raw(bytes, { quiet: 10000 })));

test('a control character in a value is refused', async () => {
  const { text } = await server.raw(post('/api/echo', [host, 'X-A: a\x01b', 'Content-Length: 0']));
  assert.deepEqual(statuses(text), [400]);
});

test('ordinary bodies: chunked in pieces, trailers, bytes of the next request behind', async () => {
  const s = await connect(server.port);
  s.write(post('/api/echo', [host, 'Transfer-Encoding: chunked'], ''));
  for (const piece of ['4\r\nab', 'cd\r', '\n3\r\nefg\r\n', '0\r\nX-Trailer: 1\r\n', '\r\n', smuggled]) {
    s.write(piece);
    await sleep(20);
  }
  await until(() => statuses(s.got.toString()).length === 2);
  assert.match(s.got.toString(), /abcdefg/);
  assert.match(s.got.toString(), /SMUGGLED/);
  s.destroy();
});

test('a client that dawdles over its headers is cut off', async () => {
  const s = await connect(server.port);
  const began = Date.now();
  s.write('GET /api/health HTTP/1.1\r\nHost:');
  await s.over;
  assert.ok(Date.now() - began < 8000);
  assert.deepEqual(statuses(s.got.toString()), []);
});

test('a client that dawdles over its body is cut off', async () => {
  const s = await connect(server.port);
  s.write(post('/api/echo', [host, 'Content-Length: 100'], 'some'));
  await s.over;
  assert.deepEqual(statuses(s.got.toString()), []);
});

test('headers larger than the connection has room for', async () => {
  const { text, closed } = await server.raw(`GET /api/health HTTP/1.1\r\n${host}\r\nX-A: ${'a'.repeat(60000)}\r\n\r\n${smuggled}`);
  assert.ok(closed);
  assert.ok(statuses(text).every((s) => s >= 400));
});

test('the server is alive after all that', async () => {
  assert.equal((await server.get('/api/health')).status, 200);
});
