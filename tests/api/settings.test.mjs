// SPDX-License-Identifier: MIT
// Settings over HTTP: the table, KNX's names, secrets, the disk; and a tagging request with nothing given.
import assert from 'node:assert/strict';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { call, ended, isError, serve } from './support.mjs';

const get = async (server) => (await call(server, 'GET', '/api/settings/user')).body;
const set = (server, body) => call(server, 'POST', '/api/settings/user', body);
const row = (body, key) => body.table.find((r) => r.key === key);
const file = (server) => server.ws.path('user_config', 'user_settings.json');

test('settings of a fresh workspace, for the page and for KNX\'s page', async (t) => {
  const server = await serve(t);
  const { status, body } = await call(server, 'GET', '/api/settings/user');
  assert.equal(status, 200);
  assert.equal(body.success, true);
  assert.deepEqual(body.settings, {
    huggingface_token: null, has_huggingface_token: false, civitai_api_key: null, has_civitai_api_key: false,
    extra_model_dirs: [], extra_vae_dirs: [], comfyui_url: 'http://localhost:8188', comfyui_models_path: null, civitai_base_url: 'https://civitai.com',
  });
  for (const r of body.table) {
    for (const field of ['key', 'kind', 'help', 'initial', 'source']) assert.equal(typeof r[field], 'string', field);
    assert.equal(r.source, 'default');
    assert.ok(r.env === null || typeof r.env === 'string');
    assert.equal('min' in r, r.kind === 'int');
  }
  assert.deepEqual(row(body, 'job.grace_seconds'), {
    key: 'job.grace_seconds', kind: 'int', help: row(body, 'job.grace_seconds').help, value: 10, initial: '10', source: 'default', env: null, min: 0, max: 3600,
  });
  assert.deepEqual(row(body, 'roots').value, []);
  assert.equal(row(body, 'huggingface.token').value, null);
  assert.ok(!body.table.some((r) => r.key === 'comfyui_url'));
});

test('settings are changed, masked, and go back', async (t) => {
  const server = await serve(t);
  const answer = await set(server, { 'job.grace_seconds': 25, 'tagger.default': 'demo', roots: ['/tmp'], huggingface_token: 'hf_abcdefghijklmnop', civitai_api_key: 'short', comfyui_url: 'http://x:1', extra_model_dirs: ['/m'] });
  assert.deepEqual([answer.status, answer.body], [200, { success: true, message: 'Settings updated successfully' }]);
  let body = await get(server);
  assert.deepEqual(['job.grace_seconds', 'tagger.default', 'roots', 'huggingface.token', 'civitai.key'].map((k) => row(body, k).value), [25, 'demo', ['/tmp'], 'hf_a...mnop', '(set)']);
  assert.equal(row(body, 'roots').source, 'file');
  assert.deepEqual([body.settings.huggingface_token, body.settings.has_huggingface_token], ['hf_a...mnop', true]);
  assert.deepEqual([body.settings.civitai_api_key, body.settings.has_civitai_api_key], [null, true], 'as KNX has it');
  assert.deepEqual([body.settings.comfyui_url, body.settings.extra_model_dirs], ['http://x:1', ['/m']]);
  assert.doesNotMatch(JSON.stringify(body), /abcdefghijkl/);
  assert.equal(statSync(file(server)).mode & 0o777, 0o600);
  // A form that sends the mask back does not make it the secret.
  await set(server, { 'huggingface.token': 'hf_a...mnop', 'civitai.key': '(set)' });
  assert.match(readFileSync(file(server), 'utf8'), /hf_abcdefghijklmnop[^]*short|short[^]*hf_abcdefghijklmnop/);
  assert.deepEqual((await call(server, 'GET', '/api/settings/user/huggingface_token')).body, { key: 'huggingface_token', isSet: true, source: 'file' });
  assert.deepEqual((await call(server, 'DELETE', '/api/settings/user/huggingface_token')).body, { success: true, message: 'Removed huggingface_token' });
  assert.equal((await call(server, 'DELETE', '/api/settings/user/huggingface_token')).status, 200);
  assert.equal((await call(server, 'GET', '/api/settings/user/huggingface_token')).body.isSet, false);
  await set(server, { 'job.grace_seconds': '', roots: [], 'tagger.default': null });
  body = await get(server);
  assert.deepEqual(['job.grace_seconds', 'roots', 'tagger.default'].map((k) => [row(body, k).value, row(body, k).source]), [[10, 'default'], [[], 'default'], [null, 'default']]);
  writeFileSync(file(server), JSON.stringify({ ...JSON.parse(readFileSync(file(server), 'utf8')), foreign: { a: 1 } }));
  assert.equal((await call(server, 'DELETE', '/api/settings/user')).body.success, true);
  assert.deepEqual(JSON.parse(readFileSync(file(server), 'utf8')), { foreign: { a: 1 } });
  assert.equal((await call(server, 'DELETE', '/api/settings/user')).status, 200);
});

test('all of a change or none; wrong types and names are refused (W17)', async (t) => {
  const server = await serve(t);
  await set(server, { 'tagger.default': 'demo' });
  const before = readFileSync(file(server), 'utf8');
  for (const wrong of [
    { huggingface_token: 12345 }, { huggingface_token: true }, { huggingface_token: ['x'] }, { huggingface_token: {} }, { 'job.grace_seconds': 'ten' },
    { 'job.grace_seconds': 3601 }, { 'job.grace_seconds': 1.5 }, { 'job.grace_seconds': true }, { roots: [1] }, { roots: 5 }, { roots: ['a\nb'] },
    { 'tagger.default': 5 }, { 'tagger.default': 'a\u0000b' }, { 'tagger.default': 'x'.repeat(5000) }, { 'no.such': 1 }, { '../x': 'y' },
    { huggingface_token: 'a', 'huggingface.token': 'b' },
  ]) {
    const answer = await set(server, { 'tagger.default': 'other', ...wrong });
    assert.ok([400, 413].includes(answer.status), `${JSON.stringify(wrong)}: ${answer.status} ${answer.text}`);
    assert.equal(answer.body.success, false);
    assert.equal(readFileSync(file(server), 'utf8'), before, JSON.stringify(wrong));
  }
  isError(assert, await set(server, 'x'), 400, 'invalid');
  isError(assert, await set(server, '["a"]'), 400, 'invalid');
  for (const key of ['nothing', '..%2Fx', '%2e%2e', 'a%2Fb'])
    for (const method of ['GET', 'DELETE']) assert.ok([400, 404].includes((await call(server, method, `/api/settings/user/${key}`)).status), key);
});

test('a settings file that is broken is neither taken for empty nor overwritten (W17)', async (t) => {
  const server = await serve(t);
  writeFileSync(file(server), '{"huggingface_token": "hf_x", oops');
  const answer = await call(server, 'GET', '/api/settings/user');
  isError(assert, answer, 400, 'invalid');
  assert.match(answer.body.error, /line 1/);
  assert.doesNotMatch(answer.text, /hf_x/);
  assert.equal((await set(server, { 'tagger.default': 'demo' })).status, 400);
  assert.equal(readFileSync(file(server), 'utf8'), '{"huggingface_token": "hf_x", oops');
  writeFileSync(file(server), '{"huggingface_token": 5, "comfyui_url": 7}');
  assert.equal((await set(server, { huggingface_token: '' })).status, 200);
  assert.equal((await get(server)).settings.comfyui_url, 'http://localhost:8188');
  renameSync(file(server), `${file(server)}.old`);
  assert.equal((await get(server)).success, true);
});

test('forty changes at once all stand', async (t) => {
  const server = await serve(t);
  const keys = ['tagger.default', 'trainer.path_map', 'wandb.key', 'civitai.key'];
  await Promise.all(Array.from({ length: 40 }, (_, i) => set(server, { [keys[i % 4]]: `value-${i % 4}-long-enough` })));
  const stored = JSON.parse(readFileSync(file(server), 'utf8'));
  assert.deepEqual(Object.values(stored).sort(), keys.map((_, i) => `value-${i}-long-enough`));
});

test('the environment wins and says so', async (t) => {
  const ws = workspace(t);
  ws.env.HF_TOKEN = 'hf_from_the_environment';
  const server = await serve(t, { ws });
  const body = await get(server);
  assert.deepEqual([row(body, 'huggingface.token').source, row(body, 'huggingface.token').value, row(body, 'huggingface.token').env], ['environment', 'hf_f...ment', 'HF_TOKEN']);
  assert.equal(body.settings.has_huggingface_token, true);
});

test('room on the disk', async (t) => {
  const server = await serve(t);
  const { body } = await call(server, 'GET', '/api/settings/storage');
  const s = body.storage;
  assert.equal(body.success, true);
  assert.equal(s.path, server.ws.root);
  assert.equal(s.used_bytes + s.free_bytes, s.total_bytes);
  assert.equal(s.total_gb, Math.round(s.total_bytes / 2 ** 30 * 100) / 100);
  assert.ok(s.used_percent > 0 && s.used_percent <= 100);
});

test('tagging as the first users send it: dataset/my_dataset, and null for what is not given', async (t) => {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'my_dataset', ws.draw()]);
  ws.json(['settings', 'set', 'tagger.default', 'demo']);
  const server = await serve(t, { ws });
  for (const body of [{ dataset_dir: 'dataset/my_dataset' }, {
    dataset_dir: 'dataset/my_dataset', model: null, threshold: null, general_threshold: null, character_threshold: null, always_first_tags: null,
    undesired_tags: '', tag_replacement: null, overwrite_mode: 'append', use_rating_tags: null, batch_size: 8, max_workers: 2, use_onnx: true,
  }]) {
    const answer = await call(server, 'POST', '/api/jobs/tagging', body);
    assert.equal(answer.status, 200, answer.text);
    const job = await ended(server, answer.body.job_id);
    assert.equal(job.status, 'completed', readFileSync(ws.path('.lorica', 'jobs', job.id, 'log'), 'utf8'));
  }
  for (const dataset_dir of ['/nonexistent', '--help', '-x', '../../etc', '.', 'datasets', ws.root, ws.path('user_config'), 'dataset/../user_config', '']) {
    const answer = await call(server, 'POST', '/api/jobs/tagging', { dataset_dir });
    assert.ok([400, 403, 404].includes(answer.status), `${dataset_dir}: ${answer.status} ${answer.text}`);
  }
});
