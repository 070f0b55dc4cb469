// SPDX-License-Identifier: MIT
// Small pictures and dimensions over HTTP: what comes, what is refused, and what becomes of the server when a decoder ends.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { tree, workspace } from '../e2e/support.mjs';
import { call, isError, serve, until } from './support.mjs';

const fixture = (name) => path.join(tree, 'tests/fixtures/pictures', name);
const small = (query) => `/api/dataset-tools/thumbnail?${new URLSearchParams(query)}`;
const dims = (query) => `/api/dataset-tools/image-dims?${new URLSearchParams(query)}`;

// A server whose workspace holds some pictures.
async function withPictures(t, args) {
  const ws = workspace(t);
  mkdirSync(ws.path('datasets/cats'), { recursive: true });
  for (const name of ['plain.jpg', 'turned.jpg', 'frames.gif', 'plain.avif', 'plain.tif'])
    copyFileSync(fixture(name), ws.path('datasets/cats', name));
  return serve(t, { ws, args });
}

// {width, height} of a WebP (VP8, VP8L or VP8X header).
async function webp(answer) {
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(bytes.subarray(0, 4).toString(), 'RIFF');
  assert.equal(bytes.subarray(8, 12).toString(), 'WEBP');
  assert.equal(bytes.length, bytes.readUInt32LE(4) + 8);
  const kind = bytes.subarray(12, 16).toString();
  if (kind === 'VP8 ') return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  if (kind === 'VP8L') return { width: (bytes.readUInt32LE(21) & 0x3fff) + 1, height: (bytes.readUInt32LE(21) >> 14 & 0x3fff) + 1 };
  return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
}

// PIDs of the server's decoders.
function decoders(server) {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
      return Number(stat[1]) === server.child.pid && stat[0] !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('lorica-worker');
    } catch {
      return false; // it has just ended
    }
  }).map(Number);
}

test('small pictures: squares of a few sizes, of every format, by relative and absolute path', async (t) => {
  const server = await withPictures(t);
  for (const name of readdirSync(server.ws.path('datasets/cats'))) {
    const answer = await fetch(server.base + small({ path: `datasets/cats/${name}` }));
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers.get('content-type'), 'image/webp');
    assert.deepEqual(await webp(answer), { width: 240, height: 240 });
  }
  for (const [asked, given] of [[32, 160], [160, 160], [161, 240], [320, 320], [480, 480], [481, 800], [800, 800]]) {
    const answer = await fetch(server.base + small({ path: server.ws.path('datasets/cats/plain.jpg'), size: asked }));
    assert.deepEqual(await webp(answer), { width: given, height: given });
  }
  for (const baseFolder of ['datasets', './datasets/', server.ws.path('datasets'), ''])
    assert.equal((await call(server, 'GET', small({ path: `${baseFolder ? '' : 'datasets/'}cats/plain.jpg`, baseFolder }))).status, 200);
});

test('caching: a tag that changes with the picture, for ever with v=', async (t) => {
  const server = await withPictures(t);
  const url = server.base + small({ path: 'datasets/cats/plain.jpg', size: 160 });
  const first = await fetch(url);
  const tag = first.headers.get('etag');
  assert.match(tag, /^"[0-9a-f]{32}"$/);
  assert.equal(first.headers.get('cache-control'), 'private, no-cache');
  assert.equal((await fetch(`${url}&v=17`)).headers.get('cache-control'), 'private, max-age=31536000, immutable');
  assert.equal((await fetch(url, { headers: { 'if-none-match': tag } })).status, 304);
  copyFileSync(fixture('turned.jpg'), server.ws.path('datasets/cats/plain.jpg'));
  const second = await fetch(url, { headers: { 'if-none-match': tag } });
  assert.equal(second.status, 200);
  assert.notEqual(second.headers.get('etag'), tag);
  // Kept by what it is: the same name in two folders is two pictures (W31), a folder may be renamed.
  mkdirSync(server.ws.path('datasets/dogs'));
  copyFileSync(fixture('plain.jpg'), server.ws.path('datasets/dogs/plain.jpg'));
  const cat = await fetch(server.base + small({ path: 'plain.jpg', baseFolder: 'datasets/cats', size: 160 }));
  const dog = await fetch(server.base + small({ path: 'plain.jpg', baseFolder: 'datasets/dogs', size: 160 }));
  assert.notDeepEqual(Buffer.from(await cat.arrayBuffer()), Buffer.from(await dog.arrayBuffer()));
  renameSync(server.ws.path('datasets/dogs'), server.ws.path('datasets/wolves'));
  const kept = readdirSync(server.ws.path('.lorica/thumbs'), { recursive: true }).length;
  const wolf = await fetch(server.base + small({ path: 'datasets/wolves/plain.jpg', size: 160 }));
  assert.equal(wolf.headers.get('etag'), dog.headers.get('etag'));
  assert.equal(readdirSync(server.ws.path('.lorica/thumbs'), { recursive: true }).length, kept);
});

test('dimensions: upright, as browsers show the picture', async (t) => {
  const server = await withPictures(t);
  const of = async (name) => (await call(server, 'GET', dims({ path: `datasets/cats/${name}` }))).body;
  assert.deepEqual(await of('plain.jpg'), { width: 16, height: 12, format: 'JPEG', orientation: 1, pages: 1, alpha: false });
  assert.deepEqual(await of('turned.jpg'), { width: 12, height: 16, format: 'JPEG', orientation: 6, pages: 1, alpha: false });
  assert.deepEqual(await of('frames.gif'), { width: 16, height: 12, format: 'GIF', orientation: 1, pages: 2, alpha: true });
});

test('what is no picture is an error that names it', async (t) => {
  const server = await withPictures(t);
  const put = (name, bytes) => writeFileSync(server.ws.path('datasets/cats', name), bytes);
  put('text.png', 'no picture');
  put('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  put('empty.png', '');
  put('cut.jpg', readFileSync(fixture('plain.jpg')).subarray(0, 30));
  const huge = Buffer.from(readFileSync(path.join(tree, 'models/tiny/sheet.png')));
  huge.writeUInt32BE(0x7fffffff, 16); // a bomb of 2^31 x 2^31 pixels; its checksum is wrong, too
  huge.writeUInt32BE(0x7fffffff, 20);
  put('huge.png', huge);
  for (const url of [small, dims]) {
    const ask = (query) => call(server, 'GET', url(query));
    isError(assert, await ask({ path: 'datasets/cats/text.png' }), 415, 'media_type');
    isError(assert, await ask({ path: 'datasets/cats/drawing.svg' }), 415, 'media_type');
    isError(assert, await ask({ path: 'datasets/cats/empty.png' }), 400, 'invalid');
    isError(assert, await ask({ path: 'datasets/cats/cut.jpg' }), 400, 'invalid');
    const refused = await ask({ path: 'datasets/cats/huge.png' });
    assert.ok(refused.status >= 400 && refused.status < 500, refused.text);
    isError(assert, await ask({ path: 'datasets/cats/gone.png' }), 404, 'not_found');
    isError(assert, await ask({ path: 'datasets/cats' }), 400, 'invalid');
    isError(assert, await ask({}), 400, 'invalid');
    isError(assert, await ask({ path: '' }), 400, 'invalid');
    assert.match((await ask({ path: 'datasets/cats/text.png' })).body.error, /text\.png/);
  }
  for (const size of ['31', '801', 'x', '1e2', '-1', ''])
    isError(assert, await call(server, 'GET', small({ path: 'datasets/cats/plain.jpg', size })), 400, 'invalid');
  assert.equal((await call(server, 'GET', small({ path: 'datasets/cats/plain.jpg' }))).status, 200);
});

test('nothing outside the declared folders, by no spelling, base folder or link', async (t) => {
  const server = await withPictures(t);
  const { ws } = server;
  const outside = path.join(ws.dir, 'outside');
  mkdirSync(outside);
  copyFileSync(fixture('plain.jpg'), path.join(outside, 'secret.jpg'));
  copyFileSync(fixture('plain.jpg'), ws.path('.lorica/secret.jpg'));
  copyFileSync(fixture('plain.jpg'), ws.path('user_config/secret.jpg'));
  symlinkSync(outside, ws.path('datasets/cats/out'));
  symlinkSync(path.join(outside, 'secret.jpg'), ws.path('datasets/cats/link.jpg'));
  symlinkSync('../../.lorica', ws.path('datasets/cats/state'));
  symlinkSync('plain.jpg', ws.path('datasets/cats/fine.jpg'));
  const attacks = [
    { path: path.join(outside, 'secret.jpg') },
    { path: '../outside/secret.jpg' },
    { path: 'datasets/../../outside/secret.jpg' },
    { path: 'datasets/cats/out/secret.jpg' },
    { path: 'datasets/cats/link.jpg' },
    { path: 'datasets/cats/state/secret.jpg' },
    { path: '.lorica/secret.jpg' },
    { path: ws.path('.lorica/secret.jpg') },
    { path: 'user_config/secret.jpg' },
    { path: 'secret.jpg', baseFolder: outside },
    { path: 'secret.jpg', baseFolder: '../outside' },
    { path: '../outside/secret.jpg', baseFolder: 'datasets' },
    { path: 'secret.jpg', baseFolder: 'datasets/cats/out' },
    { path: 'secret.jpg', baseFolder: '.lorica' },
    { path: '/proc/self/environ' },
  ];
  for (const url of [small, dims]) {
    for (const query of attacks)
      isError(assert, await call(server, 'GET', url(query)), 403, 'denied');
    for (const raw of ['..%2Foutside%2Fsecret.jpg', '%2e%2e%2Foutside%2Fsecret.jpg', 'datasets%2F..%2F..%2Foutside%2Fsecret.jpg'])
      isError(assert, await call(server, 'GET', `${url({})}path=${raw}`), 403, 'denied');
    const twice = await call(server, 'GET', `${url({})}path=%252e%252e%252Foutside%252Fsecret.jpg`); // decoded once
    isError(assert, twice, 404, 'not_found');
    const nul = await call(server, 'GET', `${url({})}path=datasets%2Fcats%2Fplain.jpg%00.png`);
    assert.ok(nul.status >= 400 && nul.status < 500, nul.text);
    assert.equal((await call(server, 'GET', url({ path: 'datasets/cats/fine.jpg' }))).status, 200);
  }
  for (const bad of [{ path: 'secret.jpg', baseFolder: 'datasets/nope' }, { path: 'x', baseFolder: 'datasets/cats/plain.jpg' }])
    assert.ok((await call(server, 'GET', small(bad))).status >= 400);
});

test('a decoder that is killed is started anew', async (t) => {
  const server = await withPictures(t);
  const ask = async (name, size) => (await call(server, 'GET', small({ path: `datasets/cats/${name}`, size }))).status;
  assert.equal(await ask('plain.jpg', 160), 200);
  for (const size of [240, 320, 480]) {
    const before = decoders(server);
    assert.ok(before.length > 0);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await until(() => decoders(server).every((pid) => !before.includes(pid)));
    assert.equal(await ask('plain.jpg', size), 200);
    assert.equal((await call(server, 'GET', dims({ path: 'datasets/cats/turned.jpg' }))).status, 200);
  }
  await server.stop();
  await until(() => decoders(server).length === 0);
});

test('many at once: every one is answered, equal ones alike', async (t) => {
  const server = await withPictures(t);
  const names = ['plain.jpg', 'turned.jpg', 'frames.gif', 'plain.tif'];
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) =>
    fetch(server.base + small({ path: `datasets/cats/${names[i % 4]}`, size: 320 }))));
  assert.ok(answers.every((a) => a.status === 200));
  assert.equal(new Set(answers.map((a) => a.headers.get('etag'))).size, 4);
  await Promise.all(answers.map((a) => a.arrayBuffer()));
  const kept = readdirSync(server.ws.path('.lorica/thumbs'), { recursive: true }).filter((n) => n.endsWith('.webp'));
  assert.equal(kept.length, 4);
  rmSync(server.ws.path('.lorica/thumbs'), { recursive: true }); // somebody tidies by hand
  assert.equal((await call(server, 'GET', small({ path: 'datasets/cats/plain.jpg', size: 320 }))).status, 200);
});

test('a token server asks for it here, too', async (t) => {
  const server = await withPictures(t, ['--token', 'a long enough token']);
  for (const url of [small, dims]) {
    isError(assert, await call(server, 'GET', url({ path: 'datasets/cats/plain.jpg' })), 401, 'auth');
    const authorization = 'Bearer a long enough token';
    assert.equal((await call(server, 'GET', url({ path: 'datasets/cats/plain.jpg' }), undefined, { authorization })).status, 200);
  }
});
