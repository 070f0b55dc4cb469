// SPDX-License-Identifier: MIT
// Who may call: decision 13 over real sockets, for requests and for WebSocket upgrades.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start, statuses, websocket } from './support.mjs';

let server;
before(async () => {
  server = await start({ 'allow-host': ['studio.example', 'pod.example:8443'], 'allow-origin': ['https://app.example'] });
});
after(() => server.end());

const own = () => `127.0.0.1:${server.port}`;

// [headers, expected for GET /api/slow, for GET /, for the WebSocket]
const cases = () => [
  ['curl', {}, 200, 200, 101],
  ['localhost', { Host: 'localhost:1' }, 200, 200, 101],
  ['IPv6 loopback', { Host: '[::1]:3000' }, 200, 200, 101],
  ['allowed host', { Host: 'Studio.Example' }, 200, 200, 101],
  ['allowed host with its port', { Host: 'pod.example:8443' }, 200, 200, 101],
  ['allowed host with another port', { Host: 'pod.example:1' }, 403, 403, 403],
  ['foreign host (DNS rebinding)', { Host: 'evil.example' }, 403, 403, 403],
  ['host that looks like loopback', { Host: '127.0.0.1.evil.example' }, 403, 403, 403],
  ['another loopback address', { Host: '127.1.2.3' }, 200, 200, 101],
  ['same origin', { Origin: `http://${own()}`, 'Sec-Fetch-Site': 'same-origin' }, 200, 200, 101],
  ['same origin behind TLS', { Host: 'studio.example', Origin: 'https://studio.example' }, 200, 200, 101],
  ['foreign origin', { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }, 403, 200, 403],
  ['foreign origin without Sec-Fetch-Site', { Origin: 'https://evil.example' }, 403, 200, 403],
  ['origin with another port', { Origin: 'http://127.0.0.1:1' }, 403, 200, 403],
  ['null origin', { Origin: 'null' }, 403, 200, 403],
  ['an image of a foreign page', { 'Sec-Fetch-Site': 'cross-site' }, 403, 200, 403],
  ['another service of this machine', { 'Sec-Fetch-Site': 'same-site' }, 403, 200, 403],
  ['typed into the address bar', { 'Sec-Fetch-Site': 'none' }, 200, 200, 101],
  ['allowed origin', { Origin: 'https://app.example', 'Sec-Fetch-Site': 'cross-site' }, 200, 200, 101],
  ['allowed origin over http', { Origin: 'http://app.example', 'Sec-Fetch-Site': 'cross-site' }, 403, 200, 403],
];

test('the matrix', async () => {
  for (const [name, headers, api, page, socket] of cases()) {
    assert.equal((await server.get('/api/slow', { headers })).status, api, `${name}: API`);
    assert.equal((await server.get('/', { headers })).status, page, `${name}: page`);
    const w = await websocket(server.port, '/ws/count', { headers });
    assert.equal(w.status, socket, `${name}: WebSocket`);
    w.socket.destroy();
  }
});

test('a body from a page must be JSON, or an upload where uploads go', async () => {
  const origin = { Origin: `http://${own()}` };
  const status = async (target, type, headers = origin, method = 'POST') =>
    (await server.ask(method, target, { body: 'abc', headers: { ...headers, ...(type ? { 'Content-Type': type } : {}) } })).status;
  assert.equal(await status('/api/echo', 'application/json'), 200);
  assert.equal(await status('/api/echo', 'application/json; charset=utf-8'), 200);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', '', 'application/jsonp'])
    assert.equal(await status('/api/echo', type), 415, type);
  assert.equal(await status('/api/upload', 'application/octet-stream', origin, 'PUT'), 201);
  assert.equal(await status('/api/upload', 'image/png', origin, 'PUT'), 201);
  assert.equal(await status('/api/upload', 'text/plain', origin, 'PUT'), 415);
  // curl -d and friends have no Origin.
  assert.equal(await status('/api/echo', 'application/x-www-form-urlencoded', {}), 200);
  assert.equal(await status('/api/echo', '', {}), 200);
  // A form of a foreign page.
  assert.equal(await status('/api/echo', 'text/plain', { Origin: 'https://evil.example' }), 403);
});

test('a refused body is not run: swallowed when it is small, cut off when the client would rather wait', async () => {
  const next = 'GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const small = await server.raw(`POST /api/echo HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\nhello${next}`);
  assert.deepEqual([statuses(small.text), small.closed], [[403, 200], false]);
  const patient = await server.raw(`POST /api/echo HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
  assert.deepEqual([statuses(patient.text), patient.closed], [[403], true]);
  const chunked = await server.raw(`POST /api/echo HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
  assert.deepEqual([statuses(chunked.text), chunked.closed], [[403], true]);
});

test('an allowed origin may read what it is told', async () => {
  const headers = { Origin: 'https://app.example', 'Sec-Fetch-Site': 'cross-site' };
  const r = await server.get('/api/json?n=5000', { headers });
  assert.equal(r.headers['access-control-allow-origin'], 'https://app.example');
  assert.match(r.headers.vary, /Origin/);
  assert.match(r.headers.vary, /Accept-Encoding/);
  const preflight = await server.ask('OPTIONS', '/api/echo', { headers: { ...headers, 'Access-Control-Request-Method': 'POST' } });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers['access-control-allow-methods'], /POST/);
  assert.match(preflight.headers['access-control-allow-headers'], /Content-Type/);
  assert.equal((await server.get('/api/slow')).headers['access-control-allow-origin'], undefined);
  const foreign = await server.ask('OPTIONS', '/api/echo', { headers: { Origin: 'https://evil.example' } });
  assert.equal(foreign.status, 403);
});
