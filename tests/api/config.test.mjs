// SPDX-License-Identifier: MIT
// /api/config: schema, forms, saved configurations, both TOML files of a request.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { tree, workspace } from '../e2e/support.mjs';
import { call, isError, serve } from './support.mjs';

const body = async (server, method, url, send) => {
  const answer = await call(server, method, url, send);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
};
const load = (server, file) => call(server, 'GET', `/api/config/load?path=${encodeURIComponent(file)}`);
const request = (more) => ({
  project_name: 'a', model_type: 'SDXL', pretrained_model_name_or_path: 'pretrained_model/x.safetensors',
  train_data_dir: 'datasets/x', output_dir: 'output', resolution: 1024, ...more,
});

test('the schema holds every field with its type, default, limits, place and where it applies', async (t) => {
  const server = await serve(t);
  const schema = await body(server, 'GET', '/api/config/schema');
  const rows = readFileSync(path.join(tree, 'src/train/field_rows.h'), 'utf8');
  const names = [...rows.matchAll(/^FIELD\((\w+)/gm)].map((m) => m[1]);
  assert.equal(names.length, 161);
  assert.deepEqual(schema.fields.map((f) => f.name), names);
  assert.deepEqual(schema.subset_fields.map((f) => f.name), [...rows.matchAll(/^SUBSET\((\w+)/gm)].map((m) => m[1]));
  const groups = schema.groups.map((g) => g.id), families = schema.families.map((f) => f.name);
  for (const f of [...schema.fields, ...schema.subset_fields]) {
    assert.match(f.help, /\.$/, f.name);
    assert.ok(groups.includes(f.group) && Number.isInteger(f.order), f.name);
    assert.ok('default' in f && typeof f.required === 'boolean' && typeof f.nullable === 'boolean', f.name);
    assert.equal('choices' in f, f.type === 'choice', f.name);
    for (const mode of ['lora', 'checkpoint']) assert.ok(f.applies[mode].every((x) => families.includes(x)), f.name);
    for (const p of f.places) assert.ok(p.key && p.file && 'section' in p, f.name);
  }
  const by = Object.fromEntries(schema.fields.map((f) => [f.name, f]));
  assert.deepEqual([by.resolution.minimum, by.resolution.maximum, by.unet_lr.exclusiveMinimum], [64, 4096, 0]);
  assert.deepEqual(by.clip_skip.applies.lora.filter((x) => x === 'Flux'), []);
  assert.deepEqual(by.network_dim.applies.checkpoint, []);
  assert.deepEqual(by.clip_l_path.places, [{ file: 'config.toml', section: '', key: 'clip_l' }]);
  assert.equal(by.wandb_key.secret, true);
  assert.deepEqual([by.mixed_precision.suggested, by.vae_path.folder], ['bf16', 'vae']);
  // The page's tests and its mock server work with a copy.
  const copy = JSON.parse(readFileSync(path.join(tree, 'web/mock/schema.json'), 'utf8'));
  assert.deepEqual(copy, schema, 'web/mock/schema.json is old: web/README.md says how to make it');
});

// A file that names more than a third of them is a second list; rules about some of them may stand elsewhere.
const MANY = 50;
test('nothing but the table lists the fields', () => {
  const tables = { 'src/train/field_rows.h': 'the table', 'src/train/option_rows.h': "the trainers' own options",
    'src/engine/config.c': 'options of the embedded trainer' };
  const rows = readFileSync(path.join(tree, 'src/train/field_rows.h'), 'utf8');
  const names = [...rows.matchAll(/^FIELD\((\w+_\w+)/gm)].map((m) => m[1]); // a single word says nothing
  const files = ['src', 'web/src'].flatMap((dir) => readdirSync(path.join(tree, dir), { recursive: true })
    .map((f) => `${dir}/${f}`)).filter((f) => /\.(c|h|ts|tsx)$/.test(f) && !/test[_.]|\.test\./.test(f));
  assert.ok(files.length > 300);
  for (const file of files) {
    const words = new Set(readFileSync(path.join(tree, file), 'utf8').split(/\W+/).map((w) => w.replace(/^LRC_FIELD_/, '')));
    const listed = names.filter((name) => words.has(name)).length;
    if (file in tables) assert.ok(listed > MANY, `${file} is excepted without need`);
    else assert.ok(listed <= MANY, `${file} names ${listed} fields`);
  }
});

test('a new form begins with values that make a valid request', async (t) => {
  const server = await serve(t);
  const { config } = await body(server, 'GET', '/api/config/defaults');
  assert.deepEqual(
    [config.model_type, config.resolution, config.max_train_epochs, config.train_batch_size, config.unet_lr,
      config.text_encoder_lr, config.lr_scheduler, config.optimizer_type, config.network_dim, config.network_alpha,
      config.mixed_precision, config.cache_latents, config.cache_latents_to_disk],
    ['SDXL', 1024, 10, 1, 1e-4, 1e-5, 'constant', 'AdamW8bit', 32, 16, 'bf16', true, true]);
  const made = await call(server, 'POST', '/api/config/generate', { ...config, ...request({}) });
  assert.equal(made.status, 200, made.text);
});

test('a saved configuration is listed and comes back as it was (W28)', async (t) => {
  const server = await serve(t);
  const config = { ...request({ unet_lr: 1e-5, optimizer_args: 'a="b", c=[1,2]' }), vae_path: null, wandb_key: 'secret',
    subsets: [{ image_dir: 'x', num_repeats: 3 }, { image_dir: 'é "q"', class_tokens: null }] };
  const saved = await body(server, 'POST', '/api/config/save', { name: 'mon réglage', config });
  assert.equal(saved.path, 'training_config/mon réglage.toml');
  const file = server.ws.path('training_config', 'mon réglage.toml');
  assert.ok(!readFileSync(file, 'utf8').includes('secret'));
  const list = await body(server, 'GET', '/api/config/templates');
  assert.deepEqual(list.saved.map((s) => [s.name, s.path, s.description]), [['mon réglage', saved.path, 'No description']]);
  for (const p of [saved.path, file]) {
    const { vae_path, wandb_key, subsets, ...rest } = config;
    const loaded = (await load(server, p)).body;
    assert.deepEqual(loaded.config, { ...rest, subsets: [subsets[0], { image_dir: 'é "q"' }] });
    assert.equal(loaded.path, p);
  }
  // Saved again it is replaced, unless one asks that it be not.
  await body(server, 'POST', '/api/config/save', { name: 'mon réglage', config: { seed: 7 } });
  isError(assert, await call(server, 'POST', '/api/config/save', { name: 'mon réglage', config, overwrite: false }), 409, 'conflict');
  assert.equal(readFileSync(file, 'utf8'), 'seed = 7\n');
  assert.deepEqual(readdirSync(server.ws.path('training_config')), ['mon réglage.toml']);
});

test('templates are listed with their first line, and can be loaded (W28)', async (t) => {
  const ws = workspace(t);
  mkdirSync(ws.path('example_configs'), { recursive: true });
  writeFileSync(ws.path('example_configs', 'b.toml'), '# For faces\nseed = 1\n');
  writeFileSync(ws.path('example_configs', 'a.toml'), 'rate = inf\n[t]\nx = [1.0, 2]\n');
  writeFileSync(ws.path('example_configs', 'broken.toml'), 'seed = \n');
  writeFileSync(ws.path('example_configs', 'notes.txt'), 'seed = 1\n');
  symlinkSync('/etc/passwd', ws.path('example_configs', 'link.toml'));
  const server = await serve(t, { ws });
  const { templates } = await body(server, 'GET', '/api/config/templates');
  assert.deepEqual(templates.map((x) => [x.name, x.path, x.description]),
    [['a', 'example_configs/a.toml', 'No description'], ['b', 'example_configs/b.toml', 'For faces']]);
  for (const x of templates) assert.equal((await load(server, x.path)).status, 200);
  assert.deepEqual((await load(server, templates[0].path)).body.config, { rate: 'inf', t: { x: [1, 2] } });
  const broken = await load(server, 'example_configs/broken.toml');
  isError(assert, broken, 400, 'invalid');
  assert.match(broken.body.error, /line 1/);
});

test('a name leads nowhere else, and neither does a path (W4)', async (t) => {
  const server = await serve(t);
  const outside = path.join(server.ws.dir, 'escape.toml');
  for (const name of ['../../escape', '/tmp/x', 'a/b', 'a\\b', '..', '.', '', ' x', '.hidden', 'a\u0000b', 'x'.repeat(300)]) {
    isError(assert, await call(server, 'POST', '/api/config/save', { name, config: {} }), 400, 'invalid');
  }
  for (const wrong of [{}, { name: 'a' }, { name: 'a', config: [] }, { name: 1, config: {} }, { name: 'a', config: { x: [null] } }])
    isError(assert, await call(server, 'POST', '/api/config/save', wrong), 400, 'invalid');
  assert.deepEqual(readdirSync(server.ws.path('training_config')), []);
  assert.ok(!existsSync(outside));
  writeFileSync(outside, 'seed = 1\n');
  writeFileSync(server.ws.path('user_config', 'x.toml'), 'key = "secret"\n');
  writeFileSync(server.ws.path('datasets', 'x.toml'), 'a = 1\n');
  symlinkSync(outside, server.ws.path('training_config', 'link.toml'));
  for (const file of [outside, '../escape.toml', 'training_config/../../escape.toml', 'training_config/link.toml',
    'user_config/x.toml', 'training_config/../user_config/x.toml', 'datasets/x.toml', 'user_config/user_settings.json',
    'config', '/etc/passwd']) {
    const answer = await load(server, file);
    assert.equal(answer.status, 403, `${file}: ${answer.text}`);
    assert.ok(!answer.text.includes('secret'));
  }
  isError(assert, await load(server, 'training_config/none.toml'), 404, 'not_found');
  isError(assert, await call(server, 'GET', '/api/config/load'), 400, 'invalid');
  // A link in the place of the file to be written is replaced, not followed; a folder that leads out is refused.
  assert.notEqual((await call(server, 'POST', '/api/config/save', { name: 'link', config: { seed: 2 } })).status, 500);
  assert.equal(readFileSync(outside, 'utf8'), 'seed = 1\n');
});

test('the form is kept, without keys', async (t) => {
  const server = await serve(t);
  isError(assert, await call(server, 'GET', '/api/config/form'), 404, 'not_found');
  const form = { project_name: 'x', unet_lr: '1e-4', page: { open: [1, 2] } };
  assert.deepEqual(await body(server, 'POST', '/api/config/form', { ...form, wandb_key: 'secret' }), { success: true });
  assert.deepEqual(await body(server, 'GET', '/api/config/form'), { success: true, config: form });
  assert.ok(!server.ws.read('config', 'last_training_form.json').includes('secret'));
  await body(server, 'POST', '/api/config/form', 'null');
  assert.deepEqual(await body(server, 'GET', '/api/config/form'), { success: true, config: null });
  isError(assert, await call(server, 'POST', '/api/config/form', '{"a":'), 400, 'invalid');
  assert.equal((await call(server, 'POST', '/api/config/form', { a: 'x'.repeat(1 << 20) })).status, 413);
  assert.deepEqual(readdirSync(server.ws.path('config')), ['last_training_form.json']);
});

test('validate says what is wrong, all of it, and is no error itself', async (t) => {
  const server = await serve(t);
  const empty = await body(server, 'POST', '/api/config/validate', { config: {} });
  assert.equal(empty.valid, false);
  assert.equal(empty.errors.length, 6);
  assert.ok(empty.errors.includes('project_name: is required'));
  assert.deepEqual(empty.findings.map((f) => f.code), Array(6).fill('missing'));
  const conflict = await body(server, 'POST', '/api/config/validate',
    { config: request({ lr_scheduler: 'constant', lr_warmup_steps: 5 }) });
  assert.ok(conflict.findings.some((f) => f.code === 'conflict' && f.field === 'lr_warmup_steps'), JSON.stringify(conflict));
  const missing = await body(server, 'POST', '/api/config/validate', { config: request({ wandb_key: 'k' }) });
  assert.equal(missing.valid, false);
  assert.ok(missing.corrections.some((c) => c.id === 'B1' && c.why));
  mkdirSync(server.ws.path('datasets', 'x'));
  writeFileSync(server.ws.path('datasets', 'x', 'a.png'), '');
  writeFileSync(server.ws.path('pretrained_model', 'x.safetensors'), '');
  assert.deepEqual((await body(server, 'POST', '/api/config/validate', { config: request({}) })).errors, []);
  isError(assert, await call(server, 'POST', '/api/config/validate', request({})), 400, 'invalid');
});

test('each project has its own pair of files, written as a pair (W18)', async (t) => {
  const server = await serve(t);
  const one = await body(server, 'POST', '/api/config/save-training', request({ project_name: 'one', seed: 1 }));
  const two = await body(server, 'POST', '/api/config/save-training', request({ project_name: '../../two', seed: 2 }));
  assert.notEqual(one.files.config, two.files.config);
  for (const [made, seed] of [[one, 1], [two, 2]]) {
    for (const file of Object.values(made.files)) {
      assert.equal(path.dirname(file), server.ws.path('config'));
      assert.ok(statSync(file).size > 0);
    }
    assert.match(readFileSync(made.files.config, 'utf8'), new RegExp(`^seed = ${seed}$`, 'm'));
    assert.ok(made.corrections.length > 0 && made.findings.length > 0);
    const generated = await body(server, 'POST', '/api/config/generate', request({ project_name: made === one ? 'one' : '../../two', seed }));
    assert.equal(readFileSync(made.files.dataset, 'utf8'), generated.dataset);
    assert.equal(readFileSync(made.files.config, 'utf8'), generated.config);
    assert.equal((await load(server, made.files.config)).body.config.seed, seed);
  }
  const before = readdirSync(server.ws.path('config'));
  isError(assert, await call(server, 'POST', '/api/config/save-training', {}), 422, 'schema');
  const conflict = await call(server, 'POST', '/api/config/save-training', request({ lr_scheduler: 'constant', lr_warmup_steps: 5 }));
  isError(assert, conflict, 400, 'invalid');
  assert.ok(conflict.body.findings.some((f) => f.field === 'lr_warmup_steps'));
  assert.deepEqual(readdirSync(server.ws.path('config')), before);
});
