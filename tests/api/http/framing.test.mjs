// SPDX-License-Identifier: MIT
// Requests that two readers could read in two ways are refused before any handler runs, and the connection is closed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, sleep, start, statuses, until } from './support.mjs';

let server;
before(async () => (server = await start({ 'idle-s': 2 })));
after(() => server.end());

const smuggled = 'GET /api/param/SMUGGLED HTTP/1.1\r\nHost: localhost\r\n\r\n';
const post = (headers, body = '', version = '1.1') => `POST /api/echo HTTP/${version}\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n${body}`;
const host = 'Host: localhost';

const refused = {
  'two Content-Length': post([host, 'Content-Length: 5', 'Content-Length: 6'], `hello${smuggled}`),
  'two equal Content-Length': post([host, 'Content-Length: 5', 'Content-Length: 5'], `hello${smuggled}`),
  'Content-Length list': post([host, 'Content-Length: 5, 5'], `hello${smuggled}`),
  'Content-Length with a sign': post([host, 'Content-Length: +5'], `hello${smuggled}`),
  'negative Content-Length': post([host, 'Content-Length: -5'], `hello${smuggled}`),
  'Content-Length in hex': post([host, 'Content-Length: 0x5'], `hello${smuggled}`),
  'Content-Length too large': post([host, 'Content-Length: 99999999999999999999'], `hello${smuggled}`),
  'empty Content-Length': post([host, 'Content-Length:'], `hello${smuggled}`),
  'Content-Length and chunked': post([host, 'Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
  'chunked and Content-Length': post([host, 'Transfer-Encoding: chunked', 'Content-Length: 5'], `0\r\n\r\n${smuggled}`),
  'two Transfer-Encoding': post([host, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${smuggled}`),
  'another Transfer-Encoding': post([host, 'Transfer-Encoding: gzip'], `0\r\n\r\n${smuggled}`),
  'a list of Transfer-Encodings': post([host, 'Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${smuggled}`),
  'xchunked': post([host, 'Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`),
  'chunked in HTTP/1.0': post([host, 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`, '1.0'),
  'blank before the colon': post([host, 'Content-Length : 5'], `hello${smuggled}`),
  'tab before the colon': post([host, 'Content-Length\t: 5'], `hello${smuggled}`),
  'blank in a name': post([host, 'Content Length: 5'], `hello${smuggled}`),
  'no Host': post(['Content-Length: 0'], smuggled),
  'no Host in 1.0': post(['Content-Length: 0'], smuggled, '1.0'),
  'two Host': post([host, 'Host: other', 'Content-Length: 0'], smuggled),
  'empty Host': post(['Host:', 'Content-Length: 0'], smuggled),
  'Host with a path': post(['Host: localhost/x', 'Content-Length: 0'], smuggled),
  'Host with a user': post(['Host: a@localhost', 'Content-Length: 0'], smuggled),
  'absolute target': `GET http://localhost/api/health HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
  'authority target': `CONNECT localhost:80 HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
  'target without a slash': `GET api/health HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
  'blank in the target': `GET /api/health x HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
  'fragment in the target': `GET /api/health#x HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
  'HTTP/2.0': `GET /api/health HTTP/2.0\r\n${host}\r\n\r\n${smuggled}`,
  'HTTP/0.9': `GET /api/health\r\n${smuggled}`,
  'HTTP/1.2': `GET /api/health HTTP/1.2\r\n${host}\r\n\r\n${smuggled}`,
  'too many headers': post([host, 'Content-Length: 0', ...Array(120).fill('X-A: b')], smuggled),
  'malformed chunk': post([host, 'Transfer-Encoding: chunked'], `zz\r\nhello\r\n0\r\n\r\n${smuggled}`),
  'chunk longer than said': post([host, 'Transfer-Encoding: chunked'], `2\r\nhello\r\n0\r\n\r\n${smuggled}`),
};

for (const [name, bytes] of Object.entries(refused))
  test(`refused: ${name}`, async () => {
    const { text, closed } = await server.raw(bytes);
    const all = statuses(text);
    // libmicrohttpd 0.9.75 writes the head of its own 400 for a bad Content-Length twice, before it closes.
    assert.ok(all.length <= (/head><title>Request malformed|too large/.test(text) ? 2 : 1), text);
    assert.ok(all.every((s) => (s >= 400 && s < 600) || (s === 301 && name === 'blank in the target')), text); // 1.0.1's own
    assert.ok(closed, `still open after: ${text}`);
    assert.doesNotMatch(text, /SMUGGLED/);
  });

test('a control character in a value is refused', async () => {
  const { text } = await server.raw(post([host, 'X-A: a\x01b', 'Content-Length: 0']));
  assert.deepEqual(statuses(text), [400]);
});

test('ordinary bodies: chunked in pieces, trailers, bytes of the next request behind', async () => {
  const s = await connect(server.port);
  s.write(post([host, 'Transfer-Encoding: chunked'], ''));
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
  s.write(post([host, 'Content-Length: 100'], 'some'));
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
