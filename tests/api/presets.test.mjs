// SPDX-License-Identifier: MIT
// Presets, the dry run over HTTP, calculator and history.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { png } from '../e2e/pictures.mjs';
import { tree, workspace } from '../e2e/support.mjs';
import { call, isError, serve } from './support.mjs';

const shipped = readdirSync(path.join(tree, 'presets')).map((f) => f.replace('.json', '')).sort();

async function ok(server, method, url, send) {
  const answer = await call(server, method, url, send);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

const paths = { project_name: 'a', pretrained_model_name_or_path: 'owner/model', train_data_dir: 'datasets/set', output_dir: 'output' };

function dataset(server) {
  mkdirSync(server.ws.path('datasets', 'set'), { recursive: true });
  for (const name of ['a', 'b']) {
    writeFileSync(server.ws.path('datasets', 'set', `${name}.png`), png(512, 512));
    writeFileSync(server.ws.path('datasets', 'set', `${name}.txt`), 'ohwx, 1girl\n');
  }
}

test('shipped presets: each tells its source, is a valid request, and meets no rule of the dry run', async (t) => {
  const server = await serve(t);
  dataset(server);
  for (const file of ['m', 'ae', 'l', 'g', 't5', 'qwen', 'gemma', 'te', 'byt5'])
    writeFileSync(server.ws.path('pretrained_model', `${file}.ckpt`), 'x'); // files of a kind that is not looked into
  const { presets } = await ok(server, 'GET', '/api/config/presets');
  assert.deepEqual(presets.filter((p) => p.is_builtin).map((p) => p.id), shipped);
  assert.ok(shipped.length >= 15);
  const families = new Set(presets.map((p) => p.model_type));
  for (const family of ['SD1.5', 'SDXL', 'Flux', 'SD3.5', 'Lumina', 'Chroma', 'Anima', 'HunyuanImage', 'Tiny']) assert.ok(families.has(family), family);
  const m = (name) => `pretrained_model/${name}.ckpt`;
  const files = { pretrained_model_name_or_path: m('m'), ae_path: m('ae'), clip_l_path: m('l'), clip_g_path: m('g'),
    t5xxl_path: m('t5'), qwen3: m('qwen'), gemma2: m('gemma'), text_encoder_path: m('te'), byt5_path: m('byt5') };
  for (const { id, description, source } of presets) {
    assert.ok(description.length > 20 && source.length > 10, id);
    const { config, model_type } = await ok(server, 'GET', `/api/config/presets/${id}`);
    assert.equal(config.model_type, model_type);
    if (model_type === 'Tiny') copyFileSync(path.join(tree, 'models/tiny/tiny.safetensors'), server.ws.path('pretrained_model/m.ckpt'));
    const { valid, warnings } = await ok(server, 'POST', '/api/training/validate', { ...config, ...paths, ...files });
    assert.ok(valid, `${id}: ${JSON.stringify(warnings)}`);
    assert.deepEqual(warnings.filter((w) => w.severity !== 'info' && w.field !== 'train_data_dir'), [], id);
  }
});

test('a saved preset comes back as it was, and cannot overwrite what is not its own (W28)', async (t) => {
  const server = await serve(t);
  const text = '{"model_type":"SDXL","unet_lr":1.0,"weight_decay":1e-05,"seed":123456789012345678901234567890,'
    + '"name":"inner","is_builtin":true,"created_at":5,"some_new_key":[1,{"a":null}],"optimizer_args":"a=\\"b\\""}';
  const saved = await call(server, 'POST', '/api/config/presets',
    `{"name":"Mein Stil №1","description":"d","training_type":"checkpoint","config":${text.replace('{', '{"wandb_key":"hush",')}}`);
  assert.equal(saved.status, 200, saved.text);
  assert.equal(saved.body.id, 'mein_stil__1');
  const got = await call(server, 'GET', '/api/config/presets/mein_stil__1');
  assert.equal(got.text.includes(`"config":${text}`), true, got.text);
  assert.deepEqual([got.body.name, got.body.is_builtin, got.body.training_type, got.body.unet_lr], ['Mein Stil №1', false, 'checkpoint', 1]);
  assert.ok(got.body.created_at > 1e12 && !got.text.includes('hush'));
  assert.ok(!readFileSync(server.ws.path('presets', 'mein_stil__1.json'), 'utf8').includes('hush'));
  isError(assert, await call(server, 'POST', '/api/config/presets', { name: 'SDXL-character', config: { unet_lr: 1 } }), 409, 'conflict');
  isError(assert, await call(server, 'POST', '/api/config/presets', { name: 'mein stil №1', overwrite: false, config: { unet_lr: 1 } }), 409, 'conflict');
  isError(assert, await call(server, 'DELETE', '/api/config/presets/sdxl-character'), 403, 'denied');
  isError(assert, await call(server, 'GET', '/api/config/presets/..%2F..%2Fetc'), 403, 'denied');
  isError(assert, await call(server, 'GET', '/api/config/presets/sdxl-charakter'), 404, 'not_found');
  isError(assert, await call(server, 'POST', '/api/config/presets', { name: '', config: {} }), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/config/presets', { name: 'x' }), 400, 'invalid');
  await ok(server, 'DELETE', '/api/config/presets/mein_stil__1');
  assert.ok(!existsSync(server.ws.path('presets', 'mein_stil__1.json')));
});

test('files of KNX are listed, what is no preset is not, and links do not lead out', async (t) => {
  const server = await serve(t);
  const put = (name, value) => writeFileSync(server.ws.path('presets', name), typeof value === 'string' ? value : JSON.stringify(value));
  put('flat.json', { name: 'Flat', description: 'k', model_type: 'SDXL', created_at: 7, LoRA_type: 'LoCon', network_dim: 8 });
  put('nested.json', { name: 'Nested', config: { unet_lr: 0.5, model_type: 'SD1.5' } });
  put('block_weights.json', { sd: { A: [1, 2] } });
  put('broken.json', '{');
  put('flux-12gb.json', { name: 'mine', config: { unet_lr: 1 } });
  writeFileSync(path.join(server.ws.dir, 'secret.json'), JSON.stringify({ unet_lr: 0.25 }));
  symlinkSync(path.join(server.ws.dir, 'secret.json'), server.ws.path('presets', 'out.json'));
  const { presets, findings } = await ok(server, 'GET', '/api/config/presets');
  const own = presets.filter((p) => !p.is_builtin);
  assert.deepEqual(own.filter((p) => p.id !== 'out').map((p) => [p.id, p.name, p.model_type]),
    [['flat', 'Flat', 'SDXL'], ['nested', 'Nested', 'SD1.5']]);
  assert.equal(findings.length, 1);
  assert.match(findings[0].file, /broken\.json$/);
  const flat = await ok(server, 'GET', '/api/config/presets/flat');
  assert.deepEqual([flat.lora_type, flat.config.lora_type, flat.network_dim], ['LoCon', 'LoCon', 8]);
  isError(assert, await call(server, 'GET', '/api/config/presets/out'), 403, 'denied');
});

test('import: every key of kohya_ss, sd-scripts and KNX is mapped or listed with a reason', async (t) => {
  const server = await serve(t);
  const source = { LoRA_type: 'LyCORIS/LoKr', epoch: 8, max_resolution: '768,768', optimizer: 'Adafactor', learning_rate: 2e-4, unet_lr: 0,
    lr_warmup: 10, min_snr_gamma: 5, ip_noise_gamma: 0, sdxl: true, xformers: 'xformers', vae: '', scale_weight_norms: 1, gpu_ids: '',
    wandb_api_key: 'hush', max_token_length: '225', seed: 7, network_dim: 'eight' };
  const made = await ok(server, 'POST', '/api/config/presets/import', { text: JSON.stringify(source), name: 'from kohya', save: true });
  assert.equal(made.format, 'kohya_ss JSON');
  assert.deepEqual([...made.mapped.map((k) => k.from), ...made.unmapped.map((k) => k.key)].sort(), Object.keys(source).sort());
  assert.ok(made.unmapped.every((k) => k.reason.length >= 3));
  const { model_type, lora_type, max_train_epochs, resolution, optimizer_type, unet_lr, lr_warmup_ratio, min_snr_gamma_enabled, cross_attention } = made.config;
  assert.deepEqual([model_type, lora_type, max_train_epochs, resolution, optimizer_type, unet_lr, lr_warmup_ratio, min_snr_gamma_enabled, cross_attention],
    ['SDXL', 'LoKr', 8, 768, 'AdaFactor', 2e-4, 0.1, true, 'xformers']);
  assert.deepEqual(made.unmapped.map((k) => k.key).sort(),
    ['gpu_ids', 'ip_noise_gamma', 'network_dim', 'scale_weight_norms', 'unet_lr', 'vae', 'wandb_api_key']);
  const kept = JSON.parse(readFileSync(server.ws.path('presets', 'from_kohya.json'), 'utf8'));
  assert.equal(kept.unmapped.scale_weight_norms, 1);
  assert.ok(!JSON.stringify([kept, made]).includes('hush'));

  const toml = `pretrained_model_name_or_path = "/m/flux.safetensors"\nnetwork_module = "networks.lora_flux"\nunet_lr = 1e-4
text_encoder_lr = [5e-5, 1e-5]\nnetwork_dim = 16\nnetwork_args = ["conv_dim=8", "train_t5xxl=True"]\noptimizer_type = "LoraEasyCustomOptimizer.came.CAME"
optimizer_args = ["weight_decay=0.01", "betas=(0.9,0.99)"]\nsdpa = true\nxformers = false\nlr_warmup_steps = 0.05\nmax_train_steps = 1600\nvae = "/m/v.safetensors"
[extra]\nblocks_to_swap = 16\nmystery = 1\n[[datasets]]\nresolution = [1024, 1024]\nbatch_size = 2\n[[datasets.subsets]]\nimage_dir = "/d/x"\nnum_repeats = 3\n`;
  const flux = await ok(server, 'POST', '/api/config/presets/import', { text: toml });
  assert.equal(flux.format, 'sd-scripts TOML');
  const c = flux.config;
  assert.deepEqual([c.model_type, c.text_encoder_lr, c.conv_dim, c.optimizer_type, c.optimizer_args, c.cross_attention, c.lr_warmup_ratio,
    c.vae_path, c.blocks_to_swap, c.resolution, c.train_batch_size, c.num_repeats, c.train_data_dir, c.max_train_steps],
    ['Flux', 5e-5, '8', 'CAME', 'weight_decay=0.01, betas=(0.9,0.99)', 'sdpa', 0.05, '/m/v.safetensors', 16, 1024, 2, 3, '/d/x', 1600]);
  assert.deepEqual(flux.unmapped.map((k) => k.key), ['network_args: train_t5xxl', 'xformers', 'mystery']);
  isError(assert, await call(server, 'POST', '/api/config/presets/import', { text: 'x = [' }), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/config/presets/import', { text: '{"nothing":1}' }), 400, 'invalid');

  // What this program itself writes for the trainer comes back as the settings that it came from.
  const { config: preset } = await ok(server, 'GET', '/api/config/presets/sdxl-character');
  const generated = await ok(server, 'POST', '/api/config/generate', { ...preset, ...paths });
  const back = (await ok(server, 'POST', '/api/config/presets/import', { text: generated.config })).config;
  for (const key of ['unet_lr', 'network_dim', 'network_alpha', 'optimizer_type', 'lr_scheduler', 'min_snr_gamma', 'mixed_precision',
    'cross_attention', 'gradient_checkpointing', 'no_half_vae', 'max_train_epochs', 'save_every_n_epochs', 'seed'])
    assert.deepEqual(back[key], preset[key], key);
});

test('a request is compared with a preset as the trainer would read it', async (t) => {
  const server = await serve(t);
  const { config } = await ok(server, 'GET', '/api/config/presets/sdxl-character');
  const same = await ok(server, 'POST', '/api/config/presets/sdxl-character/diff', { ...config, max_grad_norm: 1, network_dim: '32' });
  assert.deepEqual(same.differences, []);
  const { differences, count } = await ok(server, 'POST', '/api/config/presets/sdxl-character/diff', { ...config, unet_lr: 2e-4, min_snr_gamma_enabled: undefined });
  assert.equal(count, 2);
  assert.deepEqual(differences, [{ field: 'unet_lr', preset: 1e-4, request: 2e-4 }, { field: 'min_snr_gamma_enabled', preset: true, request: null }]);
  isError(assert, await call(server, 'POST', '/api/config/presets/sdxl-character/diff', { unet_lr: 'fast' }), 400, 'invalid');
});

test('the command line does the same', (t) => {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'cats', ws.draw()]);
  const request = ws.request('cats', { unet_lr: 3e-4 });
  assert.equal(ws.json(['preset', 'list']).presets.length, shipped.length);
  assert.equal(ws.json(['preset', 'save', 'Cats', request]).id, 'cats');
  ws.json(['preset', 'save', 'Cats', request], { code: 4 });
  ws.json(['preset', 'save', 'Cats', request, '--replace', '--description', 'of cats']);
  assert.deepEqual(ws.json(['preset', 'show', 'cats']).preset.config, JSON.parse(readFileSync(request, 'utf8')));
  assert.equal(ws.json(['preset', 'diff', 'cats', request]).count, 0);
  assert.ok(ws.json(['preset', 'diff', 'sd15-character', request]).count > 3);
  assert.equal(ws.json(['preset', 'import', request, '--name', 'again']).unmapped.length, 0);
  ws.json(['preset', 'delete', 'cats']);
  ws.json(['preset', 'show', 'cats'], { code: 3 });
  assert.match(ws.run(['preset', 'show', 'flux-12gb']).out, /blocks_to_swap\s+16/);
});

test('the dry run over HTTP: a report, findings, and nothing outside of the declared folders', async (t) => {
  const server = await serve(t);
  dataset(server);
  server.ws.addBaseModel();
  const request = { ...paths, model_type: 'SD1.5', resolution: 512, pretrained_model_name_or_path: 'pretrained_model/base.safetensors', mixed_precision: 'no' };
  const good = await ok(server, 'POST', '/api/training/validate?images=true', request);
  assert.equal(good.valid, true, JSON.stringify(good.warnings));
  assert.equal(good.report.steps.images, 2);
  assert.equal(good.report.images.length, 2);
  assert.equal(good.report.model.family, 'SD1.5');
  const conflict = await ok(server, 'POST', '/api/training/validate', { ...request, random_crop: true });
  assert.deepEqual([conflict.valid, conflict.report], [false, null]);
  const outside = path.join(server.ws.dir, 'elsewhere');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'private.png'), '');
  for (const [field, value] of [['train_data_dir', outside], ['pretrained_model_name_or_path', '/etc/passwd'], ['vae_path', '/etc/passwd'], ['output_dir', '/var/x']]) {
    const { valid, warnings, report } = await ok(server, 'POST', '/api/training/validate', { ...request, [field]: value });
    assert.equal(valid, false);
    assert.equal(report, null);
    assert.ok(warnings.some((w) => w.code === 'denied' && w.field === field), JSON.stringify(warnings));
    assert.ok(!JSON.stringify(warnings).includes('private.png'));
    const started = await ok(server, 'POST', '/api/training/start', { ...request, [field]: value });
    assert.equal(started.success, false);
    assert.ok(started.validation_errors.some((w) => w.code === 'denied'));
  }
  writeFileSync(server.ws.path('datasets', 'set', 'c.png'), '');
  server.ws.connectTrainer();
  const refused = await ok(server, 'POST', '/api/training/start', request);
  assert.equal(refused.success, false);
  assert.ok(refused.validation_errors.some((w) => w.code === 'unreadable' && w.file.endsWith('c.png')));
  assert.deepEqual(readdirSync(server.ws.path('output')), []); // nothing is left behind (W29)
  isError(assert, await call(server, 'POST', '/api/training/validate', { ...request, resolution: 'big' }), 422, 'schema');
});

test('calculator and history', async (t) => {
  const server = await serve(t);
  dataset(server);
  const plain = await ok(server, 'POST', '/api/utilities/calculator', { dataset_path: 'set' });
  assert.deepEqual([plain.images, plain.repeats, plain.total_steps, plain.caption], [2, 1, 20, '']);
  mkdirSync(server.ws.path('datasets', 'named', '5_ohwx girl'), { recursive: true });
  for (const name of ['a.png', 'b.PNG', 'c.Png']) writeFileSync(server.ws.path('datasets', 'named', '5_ohwx girl', name), png(8, 8));
  const named = await ok(server, 'POST', '/api/utilities/calculator', { dataset_path: server.ws.path('datasets', 'named'), epochs: 7, batch_size: 3 });
  assert.deepEqual([named.images, named.repeats, named.caption, named.total_steps], [2, 5, 'ohwx girl', Math.floor(2 * 5 * 7 / 3)]);
  assert.equal(named.time_estimate_min, Math.round(named.total_steps * 2 / 60 * 100) / 100);
  isError(assert, await call(server, 'POST', '/api/utilities/calculator', { dataset_path: 'set', epochs: 'abc' }), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/utilities/calculator', { dataset_path: 'set', epochs: -1 }), 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/utilities/calculator', { dataset_path: '/etc' }), 403, 'denied');
  isError(assert, await call(server, 'POST', '/api/utilities/calculator', { dataset_path: 'none' }), 404, 'not_found');
  mkdirSync(server.ws.path('output', 'first'));
  const history = await ok(server, 'GET', '/api/training/history');
  assert.deepEqual(history.trainings.map((x) => x.name), ['first']);
  assert.deepEqual(history.jobs, []);
});
