// SPDX-License-Identifier: MIT
// Bodies: limits, streams through the ring, refusals before and within, forms.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { connect, instrumented, sleep, start, statuses, until } from './support.mjs';

let server;
before(async () => (server = await start()));
after(() => server.end());

function fnv(bytes) {
  let h = 2166136261;
  for (const b of bytes) h = Math.imul(h ^ b, 16777619) >>> 0;
  return h;
}

// Writes the pieces with pauses between; resolves with the answer, rejects when the connection breaks.
function put(target, pieces, { headers = {}, pause = 0, method = 'PUT' } = {}) {
  return new Promise((done, fail) => {
    const q = http.request({ host: '127.0.0.1', port: server.port, method, path: target, headers, agent: false }, (r) => {
      let body = '';
      r.on('data', (b) => (body += b));
      r.on('end', () => done({ status: r.statusCode, body, headers: r.headers }));
    });
    q.on('error', fail);
    (async () => {
      for (const piece of pieces) {
        if (!q.write(piece)) await new Promise((go) => q.once('drain', go));
        if (pause) await sleep(pause);
      }
      q.end();
    })();
  });
}

test('a buffered body up to its limit', async () => {
  const exact = 'x'.repeat(100000);
  assert.equal((await server.ask('POST', '/api/echo', { body: exact, headers: { 'Content-Length': 100000 } })).body, exact);
  assert.equal((await put('/api/echo', [exact], { method: 'POST' })).body, exact);
  for (const headers of [{ 'Content-Length': 100001 }, {}]) {
    const r = await put('/api/echo', [exact, 'x'], { method: 'POST', headers });
    assert.equal(r.status, 413);
    assert.equal(JSON.parse(r.body).code, 'limit');
  }
  assert.equal((await server.ask('POST', '/api/echo', { body: '' })).body, '');
  assert.equal((await server.ask('POST', '/api/echo/inline', { body: 'in' })).body, 'in');
});

test('an upload arrives byte for byte: with a length, chunked, in tiny chunks', async () => {
  const bytes = randomBytes(3_000_000);
  const want = { bytes: bytes.length, hash: fnv(bytes) };
  assert.deepEqual(JSON.parse((await put('/api/upload', [bytes], { headers: { 'Content-Length': bytes.length } })).body), want);
  assert.deepEqual(JSON.parse((await put('/api/upload', [bytes])).body), want);
  const tiny = bytes.subarray(0, 3000);
  const pieces = [...tiny].map((_, i) => tiny.subarray(i, i + 1));
  assert.deepEqual(JSON.parse((await put('/api/upload', pieces)).body), { bytes: 3000, hash: fnv(tiny) });
  assert.deepEqual(JSON.parse((await put('/api/upload', [])).body), { bytes: 0, hash: fnv([]) });
});

test('a slow reader holds the client back instead of filling memory', async () => {
  const before = server.rss();
  const piece = randomBytes(1 << 20);
  const [a, b] = await Promise.all([1, 2].map(() => put('/api/upload?sleep_ms=2', Array(12).fill(piece))));
  assert.equal(JSON.parse(a.body).bytes, 12 << 20);
  assert.equal(JSON.parse(b.body).bytes, 12 << 20);
  assert.ok(instrumented || server.rss() - before < 6 << 20, `${server.rss() - before} bytes more`);
});

test('twenty uploads and other requests at once', async () => {
  const bytes = randomBytes(400_000);
  const all = Array.from({ length: 20 }, () => put('/api/upload?sleep_ms=1', [bytes.subarray(0, 100_000), bytes.subarray(100_000)], { pause: 5 }));
  const answers = await Promise.all([...all, ...Array.from({ length: 40 }, () => server.get('/api/slow?ms=5'))]);
  for (const r of answers) assert.ok(r.status === 201 || r.status === 200);
  for (const r of answers.slice(0, 20)) assert.equal(JSON.parse(r.body).hash, fnv(bytes));
});

test('a refusal before the body: no 100, the client need not send it', async () => {
  const s = await connect(server.port);
  s.write('PUT /api/upload?refuse=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n');
  await s.over;
  assert.deepEqual(statuses(s.got.toString()), [409]);
  assert.match(s.got.toString(), /Connection: close/);
  const big = await put('/api/upload', [], { headers: { 'Content-Length': 5 * 2 ** 30 } });
  assert.equal(big.status, 413);
  // Without Expect a body of some MB is taken and thrown away, so that every client reads the refusal.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const bytes = randomBytes(3_000_000);
  for (const target of ['/api/upload?refuse=1', '/api/nope', '/api/upload?refuse=1'])
    assert.equal((await server.ask('PUT', target, { body: bytes, headers: { 'Content-Length': bytes.length }, agent })).status, target === '/api/nope' ? 404 : 409);
  agent.destroy();
});

test('Expect: 100-continue is answered once the handler wants the body', async () => {
  const s = await connect(server.port);
  s.write('PUT /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
  await until(() => statuses(s.got.toString()).includes(100));
  s.write('hello');
  await until(() => statuses(s.got.toString()).length === 2);
  assert.deepEqual(statuses(s.got.toString()), [100, 201]);
  s.write('POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nok');
  await until(() => statuses(s.got.toString()).filter((x) => x === 200).length === 1); // 100 may be left out here
  s.destroy();
  const odd = await server.raw('PUT /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: miracles\r\n\r\n');
  assert.deepEqual(statuses(odd.text), [400]);
});

test('a failure within the body is answered at its end', async () => {
  const r = await put('/api/upload?fail_after=100000', Array(20).fill(randomBytes(100_000)));
  assert.equal(r.status, 507);
  const limit = await put('/api/upload/small', [randomBytes(900), randomBytes(200)], { pause: 20 });
  assert.equal(limit.status, 413);
  const after = await put('/api/upload/small', [randomBytes(1000)]);
  assert.equal(after.status, 201);
});

test('clients that go away in the middle of an upload leave nothing behind', async () => {
  const workers = async () => JSON.parse((await server.get('/api/stats')).body);
  const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(server.port)));
  for (const [i, s] of sockets.entries()) {
    s.write('PUT /api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n');
    s.write(randomBytes(i * 30_000));
  }
  await until(async () => (await workers()).live > 20);
  for (const [i, s] of sockets.entries()) i % 2 ? s.resetAndDestroy() : s.destroy();
  await until(async () => (await workers()).live === 1);
});

test('forms: fields and files of any size', async () => {
  const form = new FormData();
  const file = randomBytes(700_000);
  form.append('dataset_name', 'übung');
  form.append('file0', new Blob([file]), 'a "b".png');
  form.append('file1', new Blob([]), 'empty.txt');
  const r = await fetch(`${server.base}/api/form`, { method: 'POST', body: form });
  assert.equal(r.status, 200);
  assert.deepEqual(await r.json(), [
    { name: 'dataset_name', file: '', bytes: 6 },
    { name: 'file0', file: 'a %22b%22.png', bytes: 700_000 },
    { name: 'file1', file: 'empty.txt', bytes: 0 },
  ]);
});

test('forms that are none', async () => {
  const status = async (type, body) => (await put('/api/form', [body], { method: 'POST', headers: { 'Content-Type': type } })).status;
  assert.equal(await status('application/json', '{}'), 415);
  assert.equal(await status('multipart/form-data', ''), 415);
  assert.equal(await status('multipart/form-data; boundary=b', ''), 400);
  assert.equal(await status('multipart/form-data; boundary=b', '--b\r\n\r\nx\r\n--b--'), 400);
  assert.equal(await status('multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'), 400);
  assert.equal(await status('multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'), 200);
});
