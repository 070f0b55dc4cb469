// SPDX-License-Identifier: MIT
// Datasets over HTTP: list, create, pictures with tags, uploads, the trash.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { call, isError, raw, serve, until, upload } from './support.mjs';

function withDataset(t) {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'cats', ws.draw()]);
  return ws;
}

// Everything below a folder, hidden files too, as sorted relative paths.
function tree(dir) {
  return readdirSync(dir, { recursive: true }).map(String).sort();
}

// The same while somebody works there: what goes meanwhile makes it empty.
function glimpse(dir) {
  try {
    return tree(dir);
  } catch {
    return [];
  }
}

const picture = (server) => readFileSync(server.ws.path('datasets', 'cats', '01_red_disc.png'));

// What names something outside: in a JSON text, and in a query, where % and NUL must be encoded.
const outside = ['../cats', '../../etc', '/etc', '/etc/passwd', 'datasets/../user_config', './../x', 'user_config', '/',
  '..', '.', '', 'datasets', './datasets', 'datasets/', '.lorica', 'output', 'datasets/../../x', '....//....//etc'];

test('the list: counts, covers, and what cannot be read beside the rest', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  mkdirSync(server.ws.path('datasets', 'empty'));
  mkdirSync(server.ws.path('datasets', '.hidden'));
  writeFileSync(server.ws.path('datasets', 'a-file.txt'), 'x');
  symlinkSync('/etc', server.ws.path('datasets', 'link-out'));
  symlinkSync(server.ws.path('user_config'), server.ws.path('datasets', 'link-in'));
  symlinkSync(server.ws.path('datasets', 'cats'), server.ws.path('datasets', 'good-link'));
  const { status, body, headers } = await call(server, 'GET', '/api/dataset/list');
  assert.equal(status, 200);
  assert.match(headers.get('cache-control'), /no-store/);
  assert.deepEqual(body.datasets.map((d) => d.name), ['cats', 'empty', 'good-link']);
  assert.equal(body.total, 3);
  const [cats, empty] = body.datasets;
  assert.equal(cats.path, server.ws.path('datasets', 'cats'));
  assert.ok(cats.image_count > 4);
  assert.equal(cats.tags_present, cats.caption_count > 0);
  assert.equal(cats.covers.length, 4);
  for (const cover of cats.covers) assert.ok(existsSync(cover));
  assert.ok(cats.total_size > 0);
  assert.deepEqual([empty.image_count, empty.covers, empty.tags_present], [0, [], false]);
  assert.equal(body.errors.length, 2);
  assert.ok(body.errors.every((e) => /^link-(in|out): /.test(e)));
  const one = await call(server, 'GET', '/api/dataset/cats');
  assert.deepEqual(one.body, cats);
});

test('create mends a name and refuses a taken one', async (t) => {
  const server = await serve(t);
  const made = await call(server, 'POST', '/api/dataset/create', { name: '  my set: 2*3/4 ' });
  assert.equal(made.status, 200, made.text);
  assert.equal(made.body.name, 'my set_ 2_3_4');
  assert.equal(made.body.path, server.ws.path('datasets', made.body.name));
  assert.equal(typeof made.body.message, 'string');
  assert.ok(existsSync(made.body.path));
  const taken = await call(server, 'POST', '/api/dataset/create', { name: 'my set: 2*3/4' });
  isError(assert, taken, 409, 'conflict');
  assert.match(taken.body.error, /exist/);
  const before = tree(server.ws.root).filter((p) => !p.startsWith('.lorica'));
  for (const name of ['..', '../../escape', '/etc/x', '.lorica', '..%2Fx', 'a\\..\\b']) {
    const { status, body } = await call(server, 'POST', '/api/dataset/create', { name });
    assert.equal(status, 200);
    assert.equal(path.dirname(body.path), server.ws.path('datasets'), name);
    assert.doesNotMatch(body.name, /[/\\]|^\./);
  }
  const after = tree(server.ws.root).filter((p) => !p.startsWith('.lorica') && !before.includes(p));
  assert.ok(after.every((p) => p.startsWith('datasets/')), after.join());
  for (const body of [{}, { name: null }, { name: '' }, { name: '   ' }, { name: 5 }, { name: 'x'.repeat(300) }, '{"name":"a\\u0000b"}', 'no json', '[]'])
    isError(assert, await call(server, 'POST', '/api/dataset/create', body), 400, 'invalid');
});

test('pictures with tags, and their tags written', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const list = async (p = 'cats') => (await call(server, 'GET', `/api/dataset/images-with-tags?dataset_path=${encodeURIComponent(p)}`)).body;
  const { images, total } = await list();
  assert.equal(images.length, total);
  const [first] = images;
  assert.equal(first.image_name, '01_red_disc.png');
  assert.equal(first.image_path, server.ws.path('datasets', 'cats', '01_red_disc.png'));
  assert.equal(first.has_tags, first.tags.length > 0);
  assert.ok(Number.isInteger(first.modified));
  const file = await fetch(server.base + first.url);
  assert.equal(file.headers.get('content-type'), 'image/png');
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), picture(server));
  for (const form of ['./datasets/cats', 'datasets/cats/', 'dataset/cats', server.ws.path('datasets', 'cats')])
    assert.equal((await list(form)).total, total, form);

  const set = await call(server, 'POST', '/api/dataset/update-tags', { image_path: first.image_path, tags: [' red disc', 'solo', '', 'a, b'] });
  assert.equal(set.status, 200, set.text);
  assert.deepEqual([set.body.success, set.body.tags_count, set.body.image_path], [true, 4, first.image_path]);
  assert.equal(readFileSync(set.body.caption_path, 'utf8'), 'red disc, solo, a, b');
  assert.deepEqual((await list()).images[0].tags, ['red disc', 'solo', 'a', 'b']);
  await call(server, 'POST', '/api/dataset/update-tags', { image_path: 'datasets/cats/01_red_disc.png', tags: [] });
  assert.deepEqual([(await list()).images[0].tags, (await list()).images[0].has_tags], [[], false]);

  writeFileSync(server.ws.path('datasets', 'cats', '02_bad.png'), picture(server));
  writeFileSync(server.ws.path('datasets', 'cats', '02_bad.txt'), Buffer.from([0xff, 0x41]));
  const withBad = await list();
  assert.equal(withBad.total, total + 1);
  assert.match(withBad.errors[0], /^02_bad.png: .*UTF-8/);

  const update = (body) => call(server, 'POST', '/api/dataset/update-tags', body);
  isError(assert, await update({ image_path: 'datasets/cats/none.png', tags: [] }), 404, 'not_found');
  isError(assert, await update({ image_path: 'datasets/cats/01_red_disc.txt', tags: [] }), 400, 'invalid');
  isError(assert, await update({ image_path: first.image_path }), 400, 'invalid');
  isError(assert, await update({ image_path: first.image_path, tags: 'a' }), 400, 'invalid');
  isError(assert, await update({ image_path: first.image_path, tags: [1] }), 400, 'invalid');
  isError(assert, await update({ image_path: first.image_path, tags: ['a\nb'] }), 400, 'invalid');
  isError(assert, await update({ tags: [] }), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/dataset/images-with-tags'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=nothing'), 404, 'not_found');
});

test('nothing outside of the datasets is listed, tagged or deleted (W2, W3, W21)', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const { ws } = server;
  mkdirSync(path.join(ws.dir, 'victim'));
  for (const dir of [path.join(ws.dir, 'victim'), ws.path('output'), ws.path('user_config'), ws.root]) {
    writeFileSync(path.join(dir, 'v.png'), picture(server));
    writeFileSync(path.join(dir, 'v.txt'), 'secret words');
  }
  symlinkSync(path.join(ws.dir, 'victim'), ws.path('datasets', 'cats', 'away'));
  symlinkSync(path.join(ws.dir, 'victim', 'v.txt'), ws.path('datasets', 'cats', 'linked.txt'));
  writeFileSync(ws.path('datasets', 'cats', 'linked.png'), picture(server));
  const before = tree(ws.dir).filter((p) => !p.startsWith('ws/.lorica'));
  const bad = [...outside, ws.root, ws.path('output'), path.join(ws.dir, 'victim'), 'cats/away', 'datasets/cats/away', '%2e%2e/victim', '..\\victim', '../victim'];
  for (const place of bad) {
    const q = encodeURIComponent(place);
    for (const answer of [
      await call(server, 'GET', `/api/dataset/images-with-tags?dataset_path=${q}`),
      await call(server, 'GET', `/api/dataset/subfolders?path=${q}`),
      await call(server, 'POST', '/api/dataset/update-tags', { image_path: `${place}/v.png`, tags: ['x'] }),
      await call(server, 'POST', '/api/dataset/delete-image', { dataset_path: place, image_name: 'v.png' }),
    ]) {
      assert.ok([400, 403, 404].includes(answer.status), `${place}: ${answer.status} ${answer.text}`);
      assert.doesNotMatch(answer.text, /secret words/);
    }
  }
  isError(assert, await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=/etc'), 403, 'denied');
  isError(assert, await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=../../etc'), 403, 'denied');
  isError(assert, await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=.'), 400, 'invalid');
  isError(assert, await raw(server, 'GET', '/api/dataset/images-with-tags?dataset_path=cats%00'), 400, 'invalid');

  // A caption that is a link to elsewhere: not read, not written.
  const { body } = await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=cats');
  assert.deepEqual(body.images.find((i) => i.image_name === 'linked.png').tags, []);
  isError(assert, await call(server, 'POST', '/api/dataset/update-tags', { image_path: 'datasets/cats/linked.png', tags: ['x'] }), 403, 'denied');

  for (const name of ['..%2Fvictim', '..%2Fdatasets', '%2e%2e', '..%2F..%2Fvictim', '%2Fetc', '.', '..%5Cx', '.lorica', 'cats%2Faway']) {
    for (const method of ['GET', 'DELETE']) {
      const answer = await raw(server, method, `/api/dataset/${name}`);
      assert.ok([400, 403, 404, 405].includes(answer.status), `${method} ${name}: ${answer.status} ${answer.text}`);
    }
  }
  isError(assert, await raw(server, 'DELETE', '/api/dataset/..%2Fdatasets'), 400, 'invalid');
  assert.deepEqual(tree(ws.dir).filter((p) => !p.startsWith('ws/.lorica')), before);
  assert.equal(readFileSync(path.join(ws.dir, 'victim', 'v.txt'), 'utf8'), 'secret words');
});

test('a picture goes to the trash with its captions and comes back', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const dir = server.ws.path('datasets', 'cats');
  writeFileSync(path.join(dir, '01_red_disc.txt'), 'red');
  writeFileSync(path.join(dir, '01_red_disc.cap'), 'cap');
  const before = tree(dir);
  const gone = await call(server, 'POST', '/api/dataset/delete-image', { dataset_path: 'cats', image_name: '01_red_disc.png' });
  assert.equal(gone.status, 200, gone.text);
  assert.equal(gone.body.success, true);
  assert.equal(gone.body.deleted, '01_red_disc.png');
  assert.deepEqual(gone.body.files, ['01_red_disc.png', '01_red_disc.txt', '01_red_disc.cap']);
  assert.deepEqual(tree(dir), before.filter((p) => !p.startsWith('01_red_disc.')));
  const { body: trash } = await call(server, 'GET', '/api/trash');
  assert.equal(trash.total, 1);
  assert.equal(trash.entries[0].trash_id, gone.body.trash_id);
  isError(assert, await call(server, 'POST', '/api/dataset/delete-image', { dataset_path: 'cats', image_name: '01_red_disc.png' }), 404, 'not_found');

  writeFileSync(path.join(dir, '01_red_disc.txt'), 'in the way');
  isError(assert, await call(server, 'POST', '/api/trash/restore', { trash_id: gone.body.trash_id }), 409, 'conflict');
  assert.ok(!existsSync(path.join(dir, '01_red_disc.png')), 'all or nothing');
  await call(server, 'POST', '/api/trash/restore', { trash_id: gone.body.trash_id });
  // Two pictures of one name share a caption: it stays with the other one.
  writeFileSync(path.join(dir, 'twin.png'), picture2());
  writeFileSync(path.join(dir, 'twin.jpg'), 'x');
  writeFileSync(path.join(dir, 'twin.txt'), 'shared');
  const twin = await call(server, 'POST', '/api/dataset/delete-image', { dataset_path: 'cats', image_name: 'twin.png' });
  assert.deepEqual(twin.body.files, ['twin.png']);
  assert.ok(existsSync(path.join(dir, 'twin.txt')));

  for (const image_name of ['../x.png', '/etc/x.png', '..', '', 'x.txt', '01_red_disc', 'a/b.png', 'a\\b.png', ' a.png'])
    isError(assert, await call(server, 'POST', '/api/dataset/delete-image', { dataset_path: 'cats', image_name }), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/dataset/delete-image', '{"dataset_path":"cats","image_name":"a.png\\u0000"}'), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/trash/restore', { trash_id: '../jobs' }), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/trash/restore', { trash_id: 'trash_1_1' }), 404, 'not_found');

  const whole = await call(server, 'DELETE', '/api/dataset/cats');
  assert.equal(whole.body.deleted_path, dir);
  assert.ok(!existsSync(dir));
  assert.equal((await call(server, 'POST', '/api/trash/restore', { trash_id: whole.body.trash_id })).status, 200);
  assert.ok(existsSync(path.join(dir, 'twin.jpg')));
  isError(assert, await call(server, 'DELETE', '/api/dataset/nothing'), 404, 'not_found');

  function picture2() { return readFileSync(path.join(dir, readdirSync(dir).find((n) => n.endsWith('.png')))); }
});

test('a link to a dataset is removed, not what it leads to', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  symlinkSync(server.ws.path('datasets', 'cats'), server.ws.path('datasets', 'link'));
  symlinkSync('/etc', server.ws.path('datasets', 'etc'));
  for (const name of ['link', 'etc']) assert.equal((await call(server, 'DELETE', `/api/dataset/${name}`)).status, 200);
  assert.ok(existsSync(server.ws.path('datasets', 'cats', '01_red_disc.png')));
  assert.deepEqual(readdirSync(server.ws.path('datasets')), ['cats']);
});

test('subfolders with images', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  for (const name of ['10_girl', '10_girl/deep', 'none']) mkdirSync(server.ws.path('datasets', 'cats', name));
  for (const name of ['10_girl/a.png', '10_girl/deep/b.png']) writeFileSync(server.ws.path('datasets', 'cats', name), picture(server));
  const { body } = await call(server, 'GET', '/api/dataset/subfolders?path=cats');
  assert.deepEqual(body.subfolders, [{ name: '10_girl', path: server.ws.path('datasets', 'cats', '10_girl'), image_count: 2 }]);
});

test('an upload: files, captions, a new dataset, what is refused', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const png = picture(server);
  const { status, body } = await upload(server, 'new: set', [
    ['a.png', png], ['a.TXT', '\ufeffred, disc'], ['b.webp', png], ['Été 猫.jpg', png], ['c.caption', ''],
    ['x.sh', '#!/bin/sh'], ['../../x.png', png], ['/etc/x.png', png], ['..\\x.png', png], ['.hidden.png', png],
    ['empty.png', ''], ['a.png', png], ['bad.txt', Buffer.from([0xff, 0xfe, 0x41])], ['page.svg', '<svg/>'], ['n.png.html', 'x'],
    ['long.txt', 'x'.repeat((1 << 20) + 1)],
  ]);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.success, true);
  assert.equal(body.dataset_name, 'new_ set');
  assert.equal(body.dataset_path, server.ws.path('datasets', 'new_ set'));
  assert.deepEqual(body.uploaded_files, ['a.png', 'a.txt', 'b.webp', 'Été 猫.jpg', 'c.caption']);
  assert.equal(body.files_uploaded, 5);
  assert.equal(body.errors.length, 11);
  for (const e of body.errors) assert.match(e, /^[^:]+: .+/);
  assert.deepEqual(tree(body.dataset_path), ['a.png', 'a.txt', 'b.webp', 'c.caption', 'Été 猫.jpg'].sort());
  assert.deepEqual(readFileSync(path.join(body.dataset_path, 'a.png')), png);
  assert.equal(readFileSync(path.join(body.dataset_path, 'a.txt'), 'utf8'), 'red, disc');
  assert.deepEqual(readdirSync(server.ws.path('datasets')).sort(), ['cats', 'new_ set']);

  mkdirSync(server.ws.path('datasets', 'cats (copy)')); // a name that we would not give
  assert.equal((await upload(server, 'cats (copy)', [['a.png', png]])).body.dataset_name, 'cats (copy)');
  assert.equal((await call(server, 'DELETE', '/api/dataset/cats%20(copy)')).status, 200);
  const only = await upload(server, 'x', [['a.exe', 'x']]);
  assert.deepEqual([only.status, only.body.success, only.body.files_uploaded], [200, false, 0]);
  assert.ok(!existsSync(server.ws.path('datasets', 'x')));
  const byQuery = await upload(server, undefined, [['q.png', png]], '?dataset_name=cats');
  assert.equal(byQuery.body.dataset_name, 'cats');
});

test('an upload of a name that is taken: the old file lies in the trash', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const old = picture(server);
  const again = await upload(server, 'cats', [['01_red_disc.png', old]]);
  assert.deepEqual([again.body.files_uploaded, again.body.replaced_trash_id], [1, null], 'the same bytes change nothing');
  const other = Buffer.concat([old, Buffer.from('more')]);
  const { body } = await upload(server, 'cats', [['01_red_disc.png', other], ['fresh.png', old]]);
  assert.deepEqual(picture(server), other);
  const { body: trash } = await call(server, 'GET', '/api/trash');
  assert.equal(trash.total, 1);
  assert.equal(trash.entries[0].trash_id, body.replaced_trash_id);
  assert.deepEqual(trash.entries[0].files, ['01_red_disc.png']);
  assert.deepEqual(readFileSync(server.ws.path('.lorica', 'trash', body.replaced_trash_id, 'files', '01_red_disc.png')), old);
  // A link of that name is replaced, not followed.
  writeFileSync(server.ws.path('output', 'precious.png'), 'precious');
  symlinkSync(server.ws.path('output', 'precious.png'), server.ws.path('datasets', 'cats', 'link.png'));
  await upload(server, 'cats', [['link.png', old]]);
  assert.equal(readFileSync(server.ws.path('output', 'precious.png'), 'utf8'), 'precious');
  assert.deepEqual(readFileSync(server.ws.path('datasets', 'cats', 'link.png')), old);
});

test('uploads cannot leave the datasets (W2)', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const png = picture(server);
  symlinkSync(path.join(server.ws.dir), server.ws.path('datasets', 'away'));
  const refused = await upload(server, 'away', [['x.png', png]]);
  assert.equal(refused.status, 403);
  for (const name of ['../../escape', '/etc', '..', '.lorica', 'a/../../b', '%2e%2e%2fescape']) {
    const { body } = await upload(server, name, [['x.png', png]]);
    assert.equal(path.dirname(body.dataset_path), server.ws.path('datasets'), name);
  }
  assert.ok(!existsSync(path.join(server.ws.dir, 'x.png')));
  assert.deepEqual(readdirSync(server.ws.dir).sort(), ['pictures', 'ws']);
  assert.ok(!existsSync(server.ws.path('.lorica', 'x.png')));
});

test('forms that are none', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const send = (form) => fetch(`${server.base}/api/dataset/upload-batch`, { method: 'POST', body: form });
  const form = new FormData();
  form.append('files', new Blob(['x']), 'a.png');
  form.append('dataset_name', 'late');
  const answers = [await send(form)];
  const nothing = new FormData();
  nothing.append('dataset_name', 'nothing');
  answers.push(await send(nothing));
  const blank = new FormData();
  blank.append('dataset_name', '  ');
  answers.push(await send(blank));
  for (const answer of answers) {
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).success, false);
  }
  isError(assert, await call(server, 'POST', '/api/dataset/upload-batch', {}), 415, 'media_type');
  assert.deepEqual(readdirSync(server.ws.path('datasets')), ['cats']);
});

test('a torn upload leaves nothing', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const datasets = server.ws.path('datasets');
  const before = tree(datasets);
  const { hostname, port } = new URL(server.base);
  for (const dataset of ['cats', 'brand-new']) {
    const part = (name, bytes) => `--b\r\nContent-Disposition: form-data; name="files"; filename="${name}"\r\n\r\n${bytes}\r\n`;
    const head = `--b\r\nContent-Disposition: form-data; name="dataset_name"\r\n\r\n${dataset}\r\n`
      + part('whole.png', 'w'.repeat(200_000)) + part('01_red_disc.png', 'r'.repeat(200_000))
      + '--b\r\nContent-Disposition: form-data; name="files"; filename="torn.png"\r\n\r\n' + 't'.repeat(200_000);
    const socket = net.connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(`POST /api/dataset/upload-batch HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`
      + `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n${head}`);
    // The stage is there: the upload is under way.
    await until(() => glimpse(datasets).some((p) => p.includes('.import-') && p.endsWith('torn.png')));
    socket.destroy();
    await until(() => JSON.stringify(glimpse(datasets)) === JSON.stringify(before));
  }
  // A body that ends early, by its own length.
  const short = await raw(server, 'POST', '/api/dataset/upload-batch',
    '--b\r\nContent-Disposition: form-data; name="dataset_name"\r\n\r\ncats\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="s.png"\r\n\r\nabc',
    { 'content-type': 'multipart/form-data; boundary=b' });
  isError(assert, short, 400, 'invalid');
  assert.deepEqual(tree(datasets), before);
});

test('uploads and edits at the same time lose nothing', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const png = picture(server);
  const all = [];
  for (let i = 0; i < 12; i++) {
    const files = Array.from({ length: 10 }, (_, k) => [[`u${i}_${k}.png`, png], [`u${i}_${k}.txt`, `u${i}`]]).flat();
    all.push(upload(server, 'both', files));
    all.push(call(server, 'POST', '/api/captions/add-trigger', { dataset_dir: 'cats', trigger_word: `word${i}`, position: 'end' }));
  }
  for (const answer of await Promise.all(all)) assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { body } = await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=both');
  assert.equal(body.total, 120);
  for (const image of body.images) assert.deepEqual(image.tags, [image.image_name.split('_')[0]]);
  const cats = await call(server, 'GET', '/api/dataset/images-with-tags?dataset_path=cats');
  for (const image of cats.body.images)
    for (let i = 0; i < 12; i++) assert.ok(image.tags.includes(`word${i}`), `${image.image_name} lacks word${i}`);
});

test('a large upload needs no memory to speak of', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const size = 192 << 20, piece = Buffer.alloc(1 << 20, 'x');
  const rss = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) << 10;
  const head = '--b\r\nContent-Disposition: form-data; name="dataset_name"\r\n\r\nbig\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="big.png"\r\n\r\n';
  await upload(server, 'warm', [['a.png', piece]]);
  const before = rss();
  async function* body() {
    yield Buffer.from(head);
    for (let sent = 0; sent < size; sent += piece.length) yield piece;
    yield Buffer.from('\r\n--b--\r\n');
  }
  const answer = await fetch(`${server.base}/api/dataset/upload-batch`, {
    method: 'POST', body: body(), duplex: 'half', headers: { 'content-type': 'multipart/form-data; boundary=b' },
  });
  assert.equal((await answer.json()).files_uploaded, 1);
  assert.ok(rss() - before < 16 << 20, `${(rss() - before) >> 20} MB more`);
});
