// SPDX-License-Identifier: MIT
// Captions over HTTP: one by one, whole datasets, and taking edits back.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { call, isError, raw, serve } from './support.mjs';

// A server with datasets/<name> of these captions; null is an image without one.
async function withCaptions(t, captions, name = 'test') {
  const server = await serve(t, { ws: workspace(t) });
  const dir = server.ws.path('datasets', name);
  mkdirSync(dir);
  for (const [stem, text] of Object.entries(captions)) {
    writeFileSync(path.join(dir, `${stem}.png`), 'x');
    if (text !== null) writeFileSync(path.join(dir, `${stem}.txt`), text);
  }
  server.dir = dir;
  server.text = (stem) => readFileSync(path.join(dir, `${stem}.txt`), 'utf8');
  return server;
}

const post = (server, route, body) => call(server, 'POST', `/api/captions/${route}`, body);

test('the trigger word: as the first users send it, and sent twice (W21, W33)', async (t) => {
  const server = await withCaptions(t, { a: 'cat, dog', b: '', c: null });
  const body = '{"dataset_dir":"./datasets/test","trigger_word":"test","position":"start"}';
  const answer = await raw(server, 'POST', '/api/captions/add-trigger', body, { 'content-type': 'application/json' });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.success, true);
  assert.equal(answer.body.message, 'Added trigger word to 3 captions');
  assert.deepEqual([answer.body.files_modified, answer.body.files_created, answer.body.errors], [3, 1, []]);
  assert.deepEqual(['a', 'b', 'c'].map(server.text), ['test, cat, dog', 'test', 'test']);
  // curl -d without a type, and the same word again: nothing to do.
  const again = await raw(server, 'POST', '/api/captions/add-trigger', body, { 'content-type': 'application/x-www-form-urlencoded' });
  assert.deepEqual([again.status, again.body.files_modified], [200, 0]);
  for (const dataset_dir of ['test', 'datasets/test', 'dataset/test', './datasets/test/', server.dir]) {
    const { status } = await post(server, 'add-trigger', { dataset_dir, trigger_word: 'x', position: 'end' });
    assert.equal(status, 200, dataset_dir);
  }
  assert.equal(server.text('a'), 'test, cat, dog, x');
  assert.equal((await post(server, 'add-trigger', { dataset_dir: 'test', trigger_word: 'x', position: 'end', repeat: true })).body.files_modified, 3);
  assert.equal(server.text('a'), 'test, cat, dog, x, x');

  const good = { dataset_dir: 'test', trigger_word: 'w', position: 'start' };
  for (const [wrong, status, code] of [
    [{ dataset_dir: undefined }, 400, 'invalid'], [{ dataset_dir: 5 }, 400, 'invalid'], [{ dataset_dir: '' }, 400, 'invalid'],
    [{ dataset_dir: 'nothing' }, 404, 'not_found'], [{ trigger_word: '' }, 400, 'invalid'], [{ trigger_word: undefined }, 400, 'invalid'],
    [{ trigger_word: 'a\nb' }, 400, 'invalid'], [{ position: 'first' }, 400, 'invalid'], [{ position: undefined }, 400, 'invalid'],
    [{ caption_separator: '' }, 400, 'invalid'], [{ recursive: 'yes' }, 400, 'invalid'],
  ]) isError(assert, await post(server, 'add-trigger', { ...good, ...wrong }), status, code);
  isError(assert, await post(server, 'add-trigger', '{'), 400, 'invalid');
});

test('one caption is read and written', async (t) => {
  const server = await withCaptions(t, { a: '\ufeffcat', b: null });
  const read = async (p, more = '') => (await call(server, 'GET', `/api/captions/read?image_path=${encodeURIComponent(p)}${more}`)).body;
  const a = await read(path.join(server.dir, 'a.png'));
  assert.deepEqual(a, {
    success: true, image_path: path.join(server.dir, 'a.png'), caption_path: path.join(server.dir, 'a.txt'), caption_text: 'cat', exists: true,
  });
  assert.deepEqual(await read('datasets/test/a.png'), a);
  assert.deepEqual(await read('./datasets/test/a.png'), a);
  const b = await read('datasets/test/b.png');
  assert.deepEqual([b.caption_text, b.exists], [null, false]);
  const text = 'ein Bär, "quoted"\nzweite Zeile\n';
  const written = await post(server, 'write', { image_path: 'datasets/test/b.png', caption_text: text });
  assert.equal(written.status, 200, written.text);
  assert.deepEqual([written.body.message, written.body.files_modified, written.body.errors], ['Caption written to b.txt', 1, []]);
  assert.equal((await read('datasets/test/b.png')).caption_text, text);
  await post(server, 'write', { image_path: 'datasets/test/b.png', caption_text: '', caption_extension: '.caption' });
  assert.deepEqual((await read('datasets/test/b.png', '&caption_extension=.caption')).caption_text, '');
  assert.equal(server.text('b'), text);
  writeFileSync(path.join(server.dir, 'b.txt'), Buffer.from([0xff]));
  isError(assert, await call(server, 'GET', '/api/captions/read?image_path=datasets/test/b.png'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/captions/read'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/captions/read?image_path=datasets/none/b.png'), 404, 'not_found');
  isError(assert, await post(server, 'write', { image_path: 'datasets/test/b.png' }), 400, 'invalid');
  isError(assert, await post(server, 'write', { image_path: 'datasets/test/b.png', caption_text: 'x'.repeat((1 << 20) + 1) }), 413, 'limit');
});

test('the extension is no way out (W3)', async (t) => {
  const server = await withCaptions(t, { a: 'cat' });
  const w = server.ws;
  mkdirSync(w.path('datasets', 'w.png_set'));
  writeFileSync(w.path('datasets', 'w.png_set', 'a.png'), 'x');
  const state = () => JSON.stringify(readdirSync(w.dir, { recursive: true }).map(String).filter((p) => !/\/\.lorica\/(locks|journal)/.test(p)).sort());
  const before = state();
  const bad = ['/../../../output/pwn.txt', '../x', 'txt', '', '.', '..', './x', '.a/b', '.a\\b', '.png', '.JPG', '.txt\n', '.%2e', '.' + 'x'.repeat(16), '.a b', '.tx\u0000'];
  for (const caption_extension of bad) {
    isError(assert, await post(server, 'write', { image_path: 'datasets/test/a.png', caption_text: 'pwned', caption_extension }), 400, 'invalid');
    for (const [route, more] of [['add-trigger', { trigger_word: 'x', position: 'end' }], ['remove-tags', { tags_to_remove: ['cat'] }],
      ['replace', { find_text: 'c', replace_text: 'x' }], ['normalize', {}], ['add-tags', { tags_to_add: ['x'] }]])
      isError(assert, await post(server, route, { dataset_dir: 'test', caption_extension, ...more }), 400, 'invalid');
    const answer = await raw(server, 'GET', `/api/captions/read?image_path=datasets/test/a.png&caption_extension=${encodeURIComponent(caption_extension)}`);
    isError(assert, answer, 400, 'invalid');
  }
  assert.equal(state(), before);
  assert.equal(server.text('a'), 'cat');
  const odd = await post(server, 'write', { image_path: 'datasets/w.png_set/a.png', caption_text: 'x' });
  assert.equal(odd.body.caption_path, w.path('datasets', 'w.png_set', 'a.txt'));
  for (const image_path of ['datasets/test/noext', 'datasets/test/.png', 'tmp/x', 'datasets/test', 'datasets/test/a.txt', '', 'datasets/test/a.png/'])
    assert.ok([400, 404].includes((await post(server, 'write', { image_path, caption_text: 'x' })).status), image_path);
});

test('no path leads out of the datasets: text, links, escapes (W2, W6, W21)', async (t) => {
  const server = await withCaptions(t, { a: 'cat', link: null, sub: null });
  const w = server.ws;
  mkdirSync(path.join(w.dir, 'victim'));
  const secrets = w.path('user_config', 'user_settings.json');
  writeFileSync(secrets, '{"huggingface_token": "hf_very_secret_token", "x": "cat"}');
  for (const dir of [path.join(w.dir, 'victim'), w.path('output'), w.path('user_config'), w.root, w.path('datasets')]) {
    writeFileSync(path.join(dir, 'v.png'), 'x');
    writeFileSync(path.join(dir, 'v.txt'), 'cat, victim');
  }
  symlinkSync(secrets, path.join(server.dir, 'link.txt'));
  symlinkSync(path.join(w.dir, 'victim'), path.join(server.dir, 'away'));
  symlinkSync(path.join(w.dir, 'victim', 'v.png'), path.join(server.dir, 'pic.png'));
  symlinkSync('/etc/passwd', path.join(server.dir, 'pic.txt'));
  const places = ['../../victim', path.join(w.dir, 'victim'), '/etc', w.root, w.path('output'), w.path('user_config'), 'user_config',
    'output', '.', '..', '', './', '../', 'datasets', './datasets', w.path('datasets'), 'datasets/..', 'datasets/../output', 'test/../../victim',
    'datasets/test/away', 'away', '.lorica', w.path('.lorica'), '..%2f..%2fvictim', '-rf', '--help', '~', '/proc/self/root'];
  for (const dataset_dir of places) {
    for (const [route, more] of [['add-trigger', { trigger_word: 'pwned', position: 'end' }], ['remove-tags', { tags_to_remove: ['cat'] }],
      ['replace', { find_text: 'cat', replace_text: 'pwned' }], ['add-tags', { tags_to_add: ['pwned'] }], ['normalize', { sort: true }],
      ['replace-tag', { tags_to_replace: ['cat'], replace_with: 'pwned' }], ['undo', {}], ['redo', {}]]) {
      for (const caption_extension of ['.txt', '.json']) {
        const answer = await post(server, route, { dataset_dir, caption_extension, recursive: true, dry_run: true, ...more });
        assert.ok([400, 403, 404].includes(answer.status), `${route} ${dataset_dir}: ${answer.status} ${answer.text}`);
        assert.doesNotMatch(answer.text, /very_secret|cat, victim/);
      }
    }
    const bulk = await call(server, 'POST', '/api/dataset/bulk-tag-operation', { dataset_path: dataset_dir, operation: 'add', tags: ['pwned'] });
    assert.ok([400, 403, 404].includes(bulk.status), `${dataset_dir}: ${bulk.text}`);
    const image_path = `${dataset_dir}/v.png`;
    const written = await post(server, 'write', { image_path, caption_text: 'pwned' });
    assert.ok([400, 403, 404].includes(written.status), `write ${image_path}: ${written.status} ${written.text}`);
    const got = await call(server, 'GET', `/api/captions/read?image_path=${encodeURIComponent(image_path)}`);
    assert.ok([400, 403, 404].includes(got.status), `read ${image_path}: ${got.status} ${got.text}`);
  }
  isError(assert, await post(server, 'add-trigger', { dataset_dir: '/etc', trigger_word: 'x', position: 'end' }), 403, 'denied');
  isError(assert, await post(server, 'write', { image_path: '/etc/x.png', caption_text: 'x' }), 403, 'denied');
  isError(assert, await raw(server, 'GET', '/api/captions/read?image_path=datasets%2F..%2F..%2Fvictim%2Fv.png'), 403, 'denied');
  isError(assert, await raw(server, 'GET', '/api/captions/read?image_path=datasets/test/a.png%00'), 400, 'invalid');
  isError(assert, await post(server, 'write', '{"image_path":"datasets/test/a.png\\u0000","caption_text":"x"}'), 400, 'invalid');
  isError(assert, await post(server, 'add-trigger', '{"dataset_dir":"test\\u0000","trigger_word":"x","position":"end"}'), 400, 'invalid');
  // A caption that is a link out: refused alone, and left out of an edit of all.
  isError(assert, await call(server, 'GET', '/api/captions/read?image_path=datasets/test/link.png'), 403, 'denied');
  isError(assert, await post(server, 'write', { image_path: 'datasets/test/link.png', caption_text: 'x' }), 403, 'denied');
  isError(assert, await call(server, 'GET', '/api/captions/read?image_path=datasets/test/pic.png'), 403, 'denied');
  const all = await post(server, 'replace', { dataset_dir: 'test', find_text: 'cat', replace_text: 'dog' });
  assert.equal(all.body.files_modified, 1);
  assert.deepEqual(all.body.errors.map((e) => e.split(': ')[0]).sort(), ['link.txt', 'pic.txt']);
  assert.equal(server.text('a'), 'dog');
  assert.equal(readFileSync(secrets, 'utf8'), '{"huggingface_token": "hf_very_secret_token", "x": "cat"}');
  for (const dir of [path.join(w.dir, 'victim'), w.path('output'), w.path('user_config'), w.root, w.path('datasets')])
    assert.equal(readFileSync(path.join(dir, 'v.txt'), 'utf8'), 'cat, victim', dir);
});

test('tags are added, removed, replaced, tidied', async (t) => {
  const server = await withCaptions(t, { a: 'cat,, Dog', b: 'bird', c: null });
  const is = (a, b) => assert.deepEqual([server.text('a'), server.text('b')], [a, b]);
  let answer = await post(server, 'remove-tags', { dataset_dir: 'test', tags_to_remove: [' DOG '] });
  assert.deepEqual([answer.body.message, answer.body.files_modified], ['Removed tags from 1 captions', 1]);
  is('cat', 'bird');
  answer = await post(server, 'remove-tags', { dataset_dir: 'test', tags_to_remove: [] });
  assert.deepEqual([answer.status, answer.body.files_modified], [200, 0]);
  answer = await post(server, 'add-tags', { dataset_dir: 'test', tags_to_add: ['x', 'cat'] });
  assert.equal(answer.body.files_modified, 3);
  is('cat, x', 'bird, x, cat');
  assert.equal(server.text('c'), 'x, cat');
  await post(server, 'add-tags', { dataset_dir: 'test', tags_to_add: ['first'], position: 'start' });
  is('first, cat, x', 'first, bird, x, cat');
  await post(server, 'replace-tag', { dataset_dir: 'test', tags_to_replace: ['CAT', 'bird'], replace_with: 'animal' });
  is('first, animal, x', 'first, animal, x');
  answer = await post(server, 'normalize', { dataset_dir: 'test', sort: true, keep: 1 });
  assert.deepEqual([answer.body.files_modified, server.text('c')], [1, 'first, animal, x']);
  for (const [operation, more, expected] of [['add', {}, 'first, animal, x, t'], ['replace', { replace_with: 'u' }, 'first, animal, x, u'], ['remove', { tags: ['U'] }, 'first, animal, x']]) {
    answer = await call(server, 'POST', '/api/dataset/bulk-tag-operation', { dataset_path: 'test', operation, tags: ['t'], ...more });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.total_files, 3);
    assert.equal(server.text('a'), expected);
  }
  const bulk = (more) => call(server, 'POST', '/api/dataset/bulk-tag-operation', { dataset_path: 'test', operation: 'add', tags: ['t'], ...more });
  isError(assert, await bulk({ operation: 'drop' }), 400, 'invalid');
  isError(assert, await bulk({ tags: [] }), 400, 'invalid');
  isError(assert, await post(server, 'remove-tags', { dataset_dir: 'test', tags_to_remove: 'cat' }), 400, 'invalid');
  isError(assert, await post(server, 'remove-tags', { dataset_dir: 'test' }), 400, 'invalid');
  isError(assert, await post(server, 'normalize', { dataset_dir: 'test', keep: -1 }), 400, 'invalid');
});

test('text is replaced; bad patterns are refused, slow ones end (W10, W33)', async (t) => {
  const server = await withCaptions(t, { a: 'a cat, a Cat', b: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' });
  let answer = await post(server, 'replace', { dataset_dir: 'test', find_text: 'cat', replace_text: '$&dog' });
  assert.equal(answer.body.message, 'Replaced text in 1 captions');
  assert.equal(server.text('a'), 'a $&dog, a Cat');
  await post(server, 'replace', { dataset_dir: 'test', find_text: '(c)AT', replace_text: '[$1]', use_regex: true, ignore_case: true });
  assert.equal(server.text('a'), 'a $&dog, a [C]');
  isError(assert, await post(server, 'replace', { dataset_dir: 'test', find_text: '', replace_text: 'x' }), 400, 'invalid');
  isError(assert, await post(server, 'replace', { dataset_dir: 'test', find_text: '(', replace_text: 'x', use_regex: true }), 400, 'invalid');
  isError(assert, await post(server, 'replace', { dataset_dir: 'test', find_text: 'x' }), 400, 'invalid');
  answer = await post(server, 'replace', { dataset_dir: 'test', find_text: '(a+)+$', replace_text: 'x', use_regex: true });
  assert.equal(answer.status, 200);
  assert.match(answer.body.errors.join(), /^b\.txt: /);
  assert.equal((await call(server, 'GET', '/api/health')).status, 200);
});

test('a preview changes nothing; edits are taken back and given back, also by another server', async (t) => {
  const server = await withCaptions(t, { a: 'cat', b: 'dog' });
  const preview = await post(server, 'replace', { dataset_dir: 'test', find_text: 'cat', replace_text: 'fox', dry_run: true });
  assert.deepEqual([preview.body.dry_run, preview.body.files_modified, preview.body.operation_id], [true, 1, 0]);
  assert.deepEqual(preview.body.examples, [{ path: path.join(server.dir, 'a.txt'), before: 'cat', after: 'fox' }]);
  assert.equal(server.text('a'), 'cat');
  isError(assert, await post(server, 'undo', {}), 404, 'not_found');
  const { body: done } = await post(server, 'add-trigger', { dataset_dir: 'test', trigger_word: 'w', position: 'start' });
  await server.stop();
  const next = await serve(t, { ws: server.ws });
  const undone = await post(next, 'undo', { dataset_dir: 'test' });
  assert.deepEqual([undone.body.operation_id, undone.body.files_modified, undone.body.dataset_dir], [done.operation_id, 2, server.dir]);
  assert.equal(server.text('a'), 'cat');
  assert.equal((await post(next, 'redo', {})).body.files_modified, 2);
  assert.equal(server.text('a'), 'w, cat');
  const history = await call(next, 'GET', '/api/captions/history');
  assert.equal(history.body.total, 3);
  assert.deepEqual(history.body.operations.map((o) => o.kind), ['redo', 'undo', 'add-trigger']);
  writeFileSync(path.join(server.dir, 'a.txt'), 'somebody else');
  const refused = await post(next, 'undo', { dataset_dir: 'test' });
  isError(assert, refused, 409, 'conflict');
  assert.deepEqual(refused.body.findings.map((f) => f.file), ['a.txt']);
  assert.equal(server.text('b'), 'w, dog');
  assert.ok(existsSync(server.dir));
});

test('ten edits at once lose nothing (W13)', async (t) => {
  const server = await withCaptions(t, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`i${i}`, 'base'])));
  const words = Array.from({ length: 10 }, (_, i) => `word${i}`);
  const answers = await Promise.all(words.map((trigger_word) => post(server, 'add-trigger', { dataset_dir: 'test', trigger_word, position: 'end' })));
  for (const { status, body } of answers) assert.deepEqual([status, body.files_modified, body.errors], [200, 200, []]);
  for (let i = 0; i < 200; i++)
    assert.deepEqual(server.text(`i${i}`).split(', ').sort(), ['base', ...words].sort());
});
