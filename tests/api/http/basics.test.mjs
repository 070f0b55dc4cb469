// SPDX-License-Identifier: MIT
// Requests and answers of a well-behaved client.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { connect, start, statuses, until } from './support.mjs';

let server;
before(async () => {
  server = await start();
  const put = (name, text) => writeFileSync(path.join(server.dir, name), text);
  put('digits.txt', '0123456789');
  put('empty.txt', '');
  put('picture.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  put('page.html', '<script>alert(1)</script>');
  put('übung "1".png', 'not a png');
  mkdirSync(path.join(server.dir, 'folder'));
  symlinkSync('/etc/passwd', path.join(server.dir, 'out'));
  symlinkSync('digits.txt', path.join(server.dir, 'in'));
  utimesSync(path.join(server.dir, 'digits.txt'), 1700000000, 1700000000);
});
after(() => server.end());

test('one connection serves many requests', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set();
  for (let i = 0; i < 50; i++) {
    const r = await server.get(i % 2 ? '/api/health' : '/api/slow?ms=0', { agent });
    assert.equal(r.status, 200);
    ports.add(r.localPort);
  }
  assert.equal(ports.size, 1);
  agent.destroy();
});

test('errors, too, leave the connection open when there is no body', async () => {
  const s = await connect(server.port);
  s.write('GET /api/nope HTTP/1.1\r\nHost: localhost\r\n\r\nDELETE /api/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => statuses(s.got.toString()).length === 3);
  assert.deepEqual(statuses(s.got.toString()), [404, 405, 200]);
  s.destroy();
});

test('pipelined requests are answered in order', async () => {
  const s = await connect(server.port);
  const n = 300;
  let text = '';
  for (let i = 0; i < n; i++) {
    const target = i % 3 ? `/api/slow?ms=${i % 5}&id=n${i}.` : `/api/query?q=n${i}.`;
    text += `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  }
  s.write(text);
  const ids = () => [...s.got.toString().matchAll(/\bn(\d+)\./g)].map((m) => Number(m[1]));
  await until(() => ids().length === n, 20000);
  assert.deepEqual(ids(), [...Array(n).keys()]);
  s.destroy();
});

test('HTTP/1.0 is answered and closed; keep-alive is honoured', async () => {
  const one = await server.raw('GET /api/health HTTP/1.0\r\nHost: localhost\r\n\r\n');
  assert.deepEqual([statuses(one.text), one.closed], [[200], true]);
  const two = await server.raw('GET /api/slow HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n');
  assert.deepEqual([statuses(two.text), two.closed], [[200], false]);
});

test('HEAD is GET without the body', async () => {
  for (const target of ['/api/health', '/api/json', '/api/files/digits.txt', '/index.html', '/api/count/events']) {
    const head = await server.ask('HEAD', target);
    assert.equal(head.status, 200, target);
    assert.equal(head.body, '');
    if (target === '/api/count/events') continue;
    const get = await server.get(target);
    assert.equal(head.headers['content-length'], get.headers['content-length'], target);
    assert.equal(head.headers['content-type'], get.headers['content-type']);
  }
});

test('OPTIONS and 405 tell what is allowed', async () => {
  const options = await server.ask('OPTIONS', '/api/param/x');
  assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD, PUT, OPTIONS']);
  for (const method of ['POST', 'DELETE', 'PATCH', 'PROPFIND']) {
    const r = await server.ask(method, '/api/param/x');
    assert.deepEqual([r.status, r.headers.allow], [405, 'GET, HEAD, PUT, OPTIONS'], method);
  }
});

test('every error has the one shape and its status', async () => {
  const want = { 1: 400, 2: 422, 3: 401, 4: 403, 5: 404, 6: 405, 7: 409, 10: 413, 11: 415, 12: 429, 13: 499, 14: 500, 16: 501, 17: 503, 19: 507 };
  for (const [code, status] of Object.entries(want)) {
    const r = await server.get(`/api/fail?code=${code}`);
    assert.equal(r.status, status);
    assert.equal(r.headers['content-type'], 'application/json');
    const body = JSON.parse(r.body);
    assert.equal(body.success, false);
    assert.equal(body.error, 'asked to "fail"');
  }
  // Our own failures are logged once, with what was asked; a client's mistakes and a busy server are not.
  const logged = () => (server.log().match(/warn GET \/api\/fail: asked to "fail"/g) ?? []).length;
  await until(() => logged() >= 2);
  assert.equal(logged(), 2);
});

test('paths are decoded once; words win over names', async () => {
  const value = async (target) => {
    const r = await server.get(target);
    return r.status === 200 ? r.body : r.status;
  };
  assert.equal(await value('/api/param/fixed'), '{"status":"healthy"}');
  assert.equal(await value('/api/param/%66ixed'), '{"status":"healthy"}');
  assert.equal(await value('/api/param/a%2Fb'), 'a/b');
  assert.equal(await value('/api/param/a%252Fb'), 'a%2Fb');
  assert.equal(await value('/api/param/%C3%BC+x'), 'ü+x');
  assert.equal(await value('/api/param/x/'), 'x');
  assert.equal(await value('/api/param/'), 404);
  assert.equal(await value('/api/param/a/b'), 404);
  assert.equal(await value('/api/query?q=a+b%26c'), 'a b&c');
  for (const bad of ['%', '%2', '%zz', 'a%00b', '%ff', '%ed%a0%80'])
    assert.equal(await value(`/api/param/${bad}`), 400, bad);
  assert.equal(await value('/api/query?q=%zz'), 400);
  assert.equal(await value('/api/query?other=1'), 400);
  assert.equal(await value(`/api/query?${'a=1&'.repeat(100)}q=1`), 400);
});

test('every answer carries the fixed headers', async () => {
  for (const target of ['/api/health', '/api/nope', '/', '/api/files/digits.txt']) {
    const { headers } = await server.get(target);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  }
  const page = await server.get('/');
  assert.match(page.headers['content-security-policy'], /frame-ancestors 'none'/);
});

test('large JSON is gzipped for those who take it', async () => {
  const plain = await server.get('/api/json?n=5000');
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.match(plain.headers.vary, /Accept-Encoding/);
  for (const accept of ['gzip', 'br, gzip;q=0.5', 'deflate, GZIP']) {
    const packed = await server.get('/api/json?n=5000', { headers: { 'Accept-Encoding': accept } });
    assert.equal(packed.headers['content-encoding'], 'gzip', accept);
    assert.ok(packed.bytes.length < plain.bytes.length / 3);
    assert.deepEqual(zlib.gunzipSync(packed.bytes), plain.bytes);
  }
  for (const accept of ['gzip;q=0', 'identity', 'xgzip'])
    assert.equal((await server.get('/api/json?n=5000', { headers: { 'Accept-Encoding': accept } })).headers['content-encoding'], undefined);
  const small = await server.get('/api/json?n=3', { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(small.headers['content-encoding'], undefined);
});

test('ranges', async () => {
  const cases = [
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=5-', 206, '56789', 'bytes 5-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=9-9', 206, '9', 'bytes 9-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=3-1', 200, '0123456789'],
    ['bytes=0-1,3-4', 200, '0123456789'],
    ['lines=0-1', 200, '0123456789'],
    ['bytes=99999999999999999999999-', 200, '0123456789'],
    ['bytes=a-b', 200, '0123456789'],
  ];
  for (const [range, status, body, content] of cases) {
    const r = await server.get('/api/files/digits.txt', { headers: { Range: range } });
    assert.deepEqual([range, r.status, r.body, r.headers['content-range']], [range, status, body, content]);
  }
  assert.equal((await server.get('/api/files/empty.txt', { headers: { Range: 'bytes=0-' } })).status, 416);
  assert.equal((await server.get('/api/files/empty.txt')).body, '');
  assert.equal((await server.ask('HEAD', '/api/files/digits.txt', { headers: { Range: 'bytes=0-1' } })).status, 200);
});

test('conditional requests', async () => {
  const first = await server.get('/api/files/digits.txt');
  const { etag, 'last-modified': modified } = first.headers;
  assert.equal(modified, 'Tue, 14 Nov 2023 22:13:20 GMT');
  const status = async (headers) => (await server.get('/api/files/digits.txt', { headers })).status;
  assert.equal(await status({ 'If-None-Match': etag }), 304);
  assert.equal(await status({ 'If-None-Match': `"x", W/${etag}` }), 304);
  assert.equal(await status({ 'If-None-Match': '*' }), 304);
  assert.equal(await status({ 'If-None-Match': '"x"' }), 200);
  assert.equal(await status({ 'If-Modified-Since': modified }), 304);
  assert.equal(await status({ 'If-Modified-Since': 'Tue, 14 Nov 2023 22:13:19 GMT' }), 200);
  assert.equal(await status({ 'If-Modified-Since': 'yesterday' }), 200);
  assert.equal(await status({ 'If-Modified-Since': modified, 'If-None-Match': '"x"' }), 200);
  assert.equal(await status({ Range: 'bytes=0-1', 'If-Range': etag }), 206);
  assert.equal(await status({ Range: 'bytes=0-1', 'If-Range': modified }), 206);
  assert.equal(await status({ Range: 'bytes=0-1', 'If-Range': '"x"' }), 200);
  const not = await server.get('/api/files/digits.txt', { headers: { 'If-None-Match': etag } });
  assert.deepEqual([not.body, not.headers.etag], ['', etag]);
});

test("people's files cannot run as pages", async () => {
  const svg = await server.get('/api/files/picture.svg');
  assert.equal(svg.headers['content-type'], 'image/svg+xml');
  assert.match(svg.headers['content-security-policy'], /sandbox/);
  assert.match((await server.get('/api/files/page.html')).headers['content-type'], /^text\/plain/);
  const download = await server.get(`/api/files/${encodeURIComponent('übung "1".png')}?download=1`);
  assert.equal(download.headers['content-disposition'], `attachment; filename="__bung _1_.png"; filename*=UTF-8''%C3%BCbung%20%221%22.png`);
});

test('files stay inside their folder', async () => {
  const status = async (target) => (await server.get(target)).status;
  assert.equal(await status('/api/files/in'), 200);
  for (const [target, want] of [
    ['/api/files/out', 403],
    ['/api/files/../../etc/passwd', 403],
    ['/api/files/..%2f..%2fetc%2fpasswd', 403],
    ['/api/files/%2e%2e/etc/passwd', 403],
    ['/api/files//etc/passwd', 403],
    ['/api/files/%2fetc%2fpasswd', 403],
    ['/api/files/folder', 400],
    ['/api/files/nothing', 404],
    ['/api/files/%252e%252e/x', 404],
    ['/api/files/digits.txt/x', 404],
    ['/api/files/', 400],
  ])
    assert.equal(await status(target), want, target);
});

test('the page: hashed names for ever, the rest asked about, addresses inside it answered', async () => {
  const index = await server.get('/');
  assert.match(index.body, /A page that the tests/);
  assert.equal(index.headers['cache-control'], 'no-cache');
  assert.equal((await server.get('/', { headers: { 'If-None-Match': index.headers.etag } })).status, 304);
  const script = await server.get('/assets/app-5d41402a.js', { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8');
  assert.equal(script.headers['content-encoding'], 'gzip');
  const plain = await server.get('/assets/app-5d41402a.js');
  assert.deepEqual(zlib.gunzipSync(script.bytes), plain.bytes);
  assert.notEqual(script.headers.etag, plain.headers.etag);
  const inside = await server.get('/datasets/demo', { headers: { Accept: 'text/html,*/*' } });
  assert.deepEqual([inside.status, inside.body], [200, index.body]);
  assert.equal((await server.get('/assets/nothing.js', { headers: { Accept: '*/*' } })).status, 404);
  assert.equal((await server.get('/api/nothing', { headers: { Accept: 'text/html' } })).status, 404);
  assert.equal((await server.ask('POST', '/index.html')).status, 404);
});

test('a redirect, and an answer that is made piece by piece', async () => {
  const r = await server.get('/api/redirect');
  assert.deepEqual([r.status, r.headers.location], [302, '/api/health']);
  const s = await server.get('/api/stream?n=2000');
  assert.equal(s.body.length, 2000 * 1024);
  assert.equal(s.body.split('\n').length, 2001);
  await assert.rejects(server.get('/api/stream?n=20&fail_at=10'));
  const old = await server.raw('GET /api/stream?n=3 HTTP/1.0\r\nHost: localhost\r\n\r\n');
  assert.equal(old.text.length - old.text.indexOf('\r\n\r\n') - 4, 3 * 1024);
  assert.doesNotMatch(old.text, /chunked/i);
  assert.deepEqual((await server.ask('HEAD', '/api/stream?n=3')).body, '');
});

test('GET /api/endpoints is the table', async () => {
  const list = JSON.parse((await server.get('/api/endpoints')).body);
  assert.ok(list.some((r) => r.method === 'GET' && r.path === '/api/files/{path...}' && r.open === false));
  assert.ok(list.every((r) => r.summary.length > 0));
});
