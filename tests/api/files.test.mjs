// SPDX-License-Identifier: MIT
// Looking into the workspace over HTTP: listings, texts, pictures; and what is never served.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { call, isError, raw, serve } from './support.mjs';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

async function start(t) {
  const server = await serve(t, { ws: workspace(t) });
  const w = server.ws;
  mkdirSync(w.path('datasets', 'cats'));
  writeFileSync(w.path('datasets', 'cats', 'a.png'), PNG);
  writeFileSync(w.path('user_config', 'user_settings.json'), '{"huggingface_token":"hf_very_secret_token"}');
  mkdirSync(path.join(w.dir, 'victim'));
  writeFileSync(path.join(w.dir, 'victim', 'v.txt'), 'very_secret');
  writeFileSync(path.join(w.dir, 'victim', 'v.png'), 'very_secret');
  return server;
}

test('the workspace and its listing', async (t) => {
  const server = await start(t);
  const { body: ws } = await call(server, 'GET', '/api/files/workspace');
  assert.deepEqual(ws, { path: server.ws.root, allowed_dirs: [server.ws.root] });
  const { status, body } = await call(server, 'GET', '/api/files/list'); // as the first users send it
  assert.equal(status, 200);
  assert.equal(body.path, server.ws.root);
  assert.equal(body.parent, null);
  const names = body.files.map((f) => f.name);
  assert.ok(names.includes('datasets') && names.includes('output'));
  assert.ok(!names.includes('user_config') && !names.includes('.lorica'), 'secrets and state are not listed');
  const datasets = body.files.find((f) => f.name === 'datasets');
  assert.deepEqual([datasets.type, datasets.size, datasets.path, datasets.is_image], ['dir', 0, server.ws.path('datasets'), false]);

  for (const [name, bytes] of [['b.txt', 'x'], ['A.toml', 'yy'], ['pic.PNG', PNG], ['.dot', ''], ['v.svg', '<svg/>']])
    writeFileSync(server.ws.path('output', name), bytes);
  mkdirSync(server.ws.path('output', 'zdir'));
  utimesSync(server.ws.path('output', 'b.txt'), 1000.5, 1000.5);
  symlinkSync(path.join(server.ws.dir, 'victim'), server.ws.path('output', 'away'));
  symlinkSync('/etc/passwd', server.ws.path('output', 'passwd'));
  symlinkSync(server.ws.path('datasets', 'cats'), server.ws.path('output', 'good'));
  const out = (await call(server, 'GET', '/api/files/list?path=output')).body;
  assert.deepEqual(out.files.map((f) => f.name), ['good', 'zdir', '.dot', 'A.toml', 'b.txt', 'pic.PNG', 'v.svg']);
  assert.equal(out.parent, server.ws.root);
  const by = Object.fromEntries(out.files.map((f) => [f.name, f]));
  assert.deepEqual([by['b.txt'].size, by['b.txt'].modified, by['b.txt'].mime_type], [1, 1000500, 'text/plain; charset=utf-8']);
  assert.deepEqual([by['pic.PNG'].is_image, by['pic.PNG'].mime_type, by['v.svg'].is_image], [true, 'image/png', false]);
  assert.equal(by.good.type, 'dir');
  for (const form of ['./output', 'output/', server.ws.path('output'), 'output//', 'output/.'])
    assert.equal((await call(server, 'GET', `/api/files/list?path=${encodeURIComponent(form)}`)).body.path, server.ws.path('output'), form);
  assert.deepEqual((await call(server, 'GET', '/api/files/list?path=tagger_models')).body.files, []);
  assert.equal((await call(server, 'GET', '/api/files/list?path=')).body.path, server.ws.root);
  isError(assert, await call(server, 'GET', '/api/files/list?path=nothing'), 404, 'not_found');
  isError(assert, await call(server, 'GET', '/api/files/list?path=output/b.txt'), 400, 'invalid');
});

test('a text is read', async (t) => {
  const server = await start(t);
  writeFileSync(server.ws.path('config', 'é.toml'), Buffer.concat([Buffer.from('a = "é"\n'), Buffer.from([0xff])]));
  const { body } = await call(server, 'GET', `/api/files/read?path=${encodeURIComponent('config/é.toml')}`);
  assert.deepEqual(body, { path: server.ws.path('config', 'é.toml'), content: 'a = "é"\n\ufffd', size: 10 });
  isError(assert, await call(server, 'GET', '/api/files/read'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/files/read?path=output'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/files/read?path=output/none'), 404, 'not_found');
  writeFileSync(server.ws.path('output', 'big'), Buffer.alloc((8 << 20) + 1));
  isError(assert, await call(server, 'GET', '/api/files/read?path=output/big'), 413, 'limit');
  execFileSync('mkfifo', [server.ws.path('output', 'pipe')]);
  isError(assert, await call(server, 'GET', '/api/files/read?path=output/pipe'), 400, 'invalid');
});

test('a picture: type, Range, ETag, and nothing that could run (W12)', async (t) => {
  const server = await start(t);
  const get = (url, headers = {}) => fetch(server.base + url, { headers });
  for (const url of ['/api/files/image/cats/a.png', '/api/files/image/datasets/cats/a.png', `/api/files/image/${server.ws.path('datasets', 'cats', 'a.png')}`, '/api/files/image/cats%2Fa.png']) {
    const answer = await get(url);
    assert.equal(answer.status, 200, url);
    assert.equal(answer.headers.get('content-type'), 'image/png');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'.*sandbox/);
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), PNG);
  }
  const etag = (await get('/api/files/image/cats/a.png')).headers.get('etag');
  assert.equal((await get('/api/files/image/cats/a.png', { 'if-none-match': etag })).status, 304);
  const part = await get('/api/files/image/cats/a.png', { range: 'bytes=1-3' });
  assert.deepEqual([part.status, await part.text()], [206, 'PNG']);
  for (const name of ['x.svg', 'x.html', 'x.txt', 'x.png.html', 'noext', 'x.js']) {
    writeFileSync(server.ws.path('datasets', 'cats', name), '<script>alert(1)</script>');
    const answer = await call(server, 'GET', `/api/files/image/cats/${name}`);
    isError(assert, answer, 400, 'invalid');
    assert.match(answer.body.error, /^Not an image file/);
  }
  symlinkSync(server.ws.path('datasets', 'cats', 'x.html'), server.ws.path('datasets', 'cats', 'dressed.png'));
  isError(assert, await call(server, 'GET', '/api/files/image/cats/dressed.png'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/files/image/cats/none.png'), 404, 'not_found');
  mkdirSync(server.ws.path('datasets', 'dir.png'));
  isError(assert, await call(server, 'GET', '/api/files/image/dir.png'), 400, 'invalid');
});

test('a download', async (t) => {
  const server = await start(t);
  writeFileSync(server.ws.path('output', 'é "x".html'), '<script>1</script>');
  const answer = await fetch(`${server.base}/api/files/download${encodeURI(server.ws.path('output', 'é "x".html'))}`);
  assert.equal(answer.status, 404, 'one slash: relative to the workspace');
  for (const url of [`/api/files/download/${encodeURI(server.ws.path('output', 'é "x".html'))}`, `/api/files/download/${encodeURI('output/é "x".html')}`]) {
    const got = await fetch(server.base + url);
    assert.equal(got.status, 200, url);
    assert.equal(got.headers.get('content-type'), 'application/octet-stream');
    assert.match(got.headers.get('content-disposition'), /^attachment; filename="[ -~]*"; filename\*=UTF-8''%C3%A9%20%22x%22\.html$/);
    assert.equal(await got.text(), '<script>1</script>');
  }
});

test('nothing outside, no secrets, no state, by no spelling (W6, W11, W32)', async (t) => {
  const server = await start(t);
  const w = server.ws;
  symlinkSync(path.join(w.dir, 'victim'), w.path('datasets', 'away'));
  symlinkSync(path.join(w.dir, 'victim', 'v.png'), w.path('datasets', 'cats', 'v.png'));
  symlinkSync(path.join(w.dir, 'victim', 'v.txt'), w.path('datasets', 'cats', 'v.txt'));
  symlinkSync(w.path('user_config'), w.path('datasets', 'conf'));
  symlinkSync(w.path('user_config', 'user_settings.json'), w.path('output', 'settings.json'));
  symlinkSync(w.path('user_config', 'user_settings.json'), w.path('datasets', 'cats', 's.png'));
  symlinkSync('../../victim/v.txt', w.path('output', 'up.txt'));
  symlinkSync('loop', w.path('output', 'loop'));
  const files = ['/etc/passwd', path.join(w.dir, 'victim', 'v.txt'), path.join(w.dir, 'victim', 'v.png'), '../victim/v.txt', '../victim/v.png',
    'datasets/../../victim/v.txt', 'datasets/away/v.txt', 'away/v.png', 'cats/v.png', 'datasets/cats/v.txt', 'user_config/user_settings.json', './user_config//user_settings.json',
    'datasets/conf/user_settings.json', 'output/settings.json', 'cats/s.png', 'output/up.txt', 'output/loop', w.path('user_config', 'user_settings.json'), w.path('.lorica', 'jobs'), '.lorica/jobs',
    'datasets/../user_config/user_settings.json', '/proc/self/environ', '/proc/self/root/etc/passwd', '/dev/zero', '....//victim/v.txt', '..\\victim\\v.txt',
    'file:///etc/passwd', '~/x', '-', '--help', `${w.root}-other/x`, `${w.root}/../victim/v.png`, '..', '/', '../', 'user_config', '.lorica', w.path('user_config')];
  for (const name of files) {
    const q = encodeURIComponent(name), each = name.split('/').map(encodeURIComponent).join('/');
    for (const target of [`/api/files/list?path=${q}`, `/api/files/read?path=${q}`, `/api/files/image/${q}`, `/api/files/image/${each}`,
      `/api/files/image/${name.replaceAll(' ', '%20')}`, `/api/files/download/${q}`, `/api/files/download/${each}`, `/api/files/list?path=${q.replaceAll('.', '%2e')}`]) {
      const answer = await raw(server, 'GET', target);
      assert.ok([400, 403, 404].includes(answer.status), `${target}: ${answer.status} ${answer.text.slice(0, 200)}`);
      assert.doesNotMatch(answer.text, /very_secret|root:/);
      assert.equal(answer.body.success, false);
    }
  }
  isError(assert, await raw(server, 'GET', '/api/files/read?path=%2Fetc%2Fpasswd'), 403, 'denied');
  isError(assert, await raw(server, 'GET', '/api/files/read?path=user_config/user_settings.json'), 403, 'denied');
  isError(assert, await raw(server, 'GET', '/api/files/image/..%2f..%2fvictim%2fv.png'), 403, 'denied');
  // Decoded once: what is encoded twice is a name that does not exist.
  isError(assert, await raw(server, 'GET', '/api/files/read?path=%252e%252e%252fvictim%252fv.txt'), 404, 'not_found');
  for (const target of ['/api/files/read?path=output%00', '/api/files/image/cats/a.png%00.png', '/api/files/list?path=%ff', '/api/files/read?path=%zz'])
    isError(assert, await raw(server, 'GET', target), 400, 'invalid');
  assert.equal((await raw(server, 'GET', `/api/files/list?path=${'x'.repeat(5000)}`)).status >= 400, true);
  assert.match(readFileSync(w.path('user_config', 'user_settings.json'), 'utf8'), /very_secret/);
});

test('a declared folder outside is reached, and no longer when it is taken back', async (t) => {
  const server = await start(t);
  const more = path.join(server.ws.dir, 'victim');
  assert.equal((await call(server, 'GET', `/api/files/list?path=${encodeURIComponent(more)}`)).status, 403);
  assert.equal((await call(server, 'POST', '/api/settings/user', { roots: [more] })).status, 200);
  const { body } = await call(server, 'GET', `/api/files/list?path=${encodeURIComponent(more)}`);
  assert.deepEqual(body.files.map((f) => f.name), ['v.png', 'v.txt']);
  assert.deepEqual((await call(server, 'GET', '/api/files/workspace')).body.allowed_dirs, [server.ws.root, more]);
  assert.equal((await call(server, 'GET', `/api/dataset/images-with-tags?dataset_path=${encodeURIComponent(more)}`)).body.total, 1);
  await call(server, 'POST', '/api/settings/user', { roots: [server.ws.dir] }); // holds the workspace: no dataset
  isError(assert, await call(server, 'GET', `/api/dataset/images-with-tags?dataset_path=${encodeURIComponent(server.ws.dir)}`), 403, 'denied');
  isError(assert, await call(server, 'GET', `/api/files/read?path=${encodeURIComponent(server.ws.path('user_config', 'user_settings.json'))}`), 403, 'denied');
  await call(server, 'POST', '/api/settings/user', { roots: [] });
  assert.equal((await call(server, 'GET', `/api/files/list?path=${encodeURIComponent(more)}`)).status, 403);
});
