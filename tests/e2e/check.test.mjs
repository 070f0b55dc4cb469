// SPDX-License-Identifier: MIT
// The dry run on datasets and requests that are broken, one thing at a time: the finding that each must give, and that
// nothing else of its severity or worse comes with it. Then what a good one answers.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { png } from './pictures.mjs';
import { modelTensors, safetensors, tree, workspace } from './support.mjs';

const pictures = path.join(tree, 'tests/fixtures/pictures');

// A dataset "set" of two good pictures with captions, and a base model of the request's family.
function good(t, family = 'SD1.5') {
  const ws = workspace(t);
  const from = path.join(ws.dir, 'pictures');
  mkdirSync(from);
  for (const name of ['a', 'b']) {
    writeFileSync(path.join(from, `${name}.png`), png(512, 512));
    writeFileSync(path.join(from, `${name}.txt`), '1girl, solo\n');
  }
  ws.json(['dataset', 'import', 'set', from]);
  ws.addBaseModel('base.safetensors', modelTensors[family]);
  return ws;
}

const put = (name, bytes) => (ws) => {
  const file = ws.path('datasets', 'set', ...name.split('/'));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
};
const copy = (name, fixture) => (ws) => copyFileSync(path.join(pictures, fixture), ws.path('datasets', 'set', name));
const model = (name, kind) => (ws) => writeFileSync(ws.path('pretrained_model', name), safetensors(modelTensors[kind]));
const cut = (bytes, n) => bytes.subarray(0, bytes.length - n);
const jpeg = readFileSync(path.join(pictures, 'plain.jpg'));
const SDXL = { model_type: 'SDXL', mixed_precision: 'bf16', resolution: 1024 };
const flux = (ws) => {
  for (const [file, kind] of [['ae', 'VAE'], ['l', 'CLIP-L'], ['t5', 'T5']]) model(`${file}.safetensors`, kind)(ws);
};
const FLUX = { model_type: 'Flux', mixed_precision: 'bf16', resolution: 1024, ae_path: 'pretrained_model/ae.safetensors',
  clip_l_path: 'pretrained_model/l.safetensors', t5xxl_path: 'pretrained_model/t5.safetensors' };

// [what is broken, severity, code, request fields, what is done to the workspace, name in the finding's file or field]
const corpus = [
  ['a picture of no bytes', 'error', 'unreadable', {}, put('c.png', ''), 'c.png'],
  ['text with a picture\'s name', 'error', 'unreadable', {}, put('c.jpg', 'not a picture'), 'c.jpg'],
  ['a web page with a picture\'s name', 'error', 'unreadable', {}, put('c.webp', '<!doctype html><title>404</title>'), 'c.webp'],
  ['a PNG cut in its pixels', 'error', 'cut_short', {}, put('c.png', cut(png(512, 512), 40)), 'c.png'],
  ['a JPEG cut in its pixels', 'error', 'cut_short', {}, put('c.jpg', cut(jpeg, 60)), 'c.jpg'],
  ['a JPEG without its end mark, which Pillow refuses', 'error', 'cut_short', {}, put('c.jpg', cut(jpeg, 2)), 'c.jpg'],
  ['a PNG without its end mark, which Pillow reads', 'warning', 'no_end', {}, put('c.png', cut(png(512, 512), 12)), 'c.png'],
  ['AVIF content in a .png', 'error', 'content', {}, copy('c.png', 'plain.avif'), 'c.png'],
  ['a folder called like a picture', 'error', 'folder_as_image', {}, (ws) => mkdirSync(ws.path('datasets/set/c.png')), 'c.png'],
  ['a suffix in mixed case', 'warning', 'unseen', {}, put('c.Png', png(512, 512)), 'c.Png'],
  ['a .jfif', 'warning', 'unseen', {}, copy('c.jfif', 'plain.jpg'), 'c.jfif'],
  ['a .gif', 'warning', 'unseen', {}, copy('c.gif', 'frames.gif'), 'c.gif'],
  ['two pictures of one name', 'warning', 'shared_name', {}, copy('a.jpg', 'plain.jpg'), 'a.png'],
  ['a picture turned by a note', 'warning', 'turned', {}, copy('c.jpg', 'turned.jpg'), 'c.jpg'],
  ['a picture with transparency', 'info', 'alpha', {}, put('c.png', png(512, 512, { alpha: true })), 'c.png'],
  ['pictures in a sub-folder', 'warning', 'below', {}, put('10_more/c.png', png(512, 512)), 'subsets'],
  ['all pictures in sub-folders', 'error', 'no_images', { train_data_dir: 'datasets' }, undefined, 'train_data_dir'],
  ['a caption that is missing', 'warning', 'no_caption', {}, put('c.png', png(512, 512)), 'c.png'],
  ['a caption file of no bytes', 'error', 'empty_caption', {}, put('a.txt', ''), 'a.txt'],
  ['a caption of blanks', 'warning', 'blank_caption', {}, put('a.txt', ' \n'), 'a.txt'],
  ['a caption below a blank line', 'warning', 'blank_caption', {}, put('a.txt', '\n1girl'), 'a.txt'],
  ['a caption in Windows-1252', 'error', 'caption_encoding', {}, put('a.txt', Buffer.from('caf\xe9', 'latin1')), 'a.txt'],
  ['a caption with a byte order mark', 'warning', 'caption_mark', {}, put('a.txt', '\ufeff1girl'), 'a.txt'],
  ['a caption of several lines', 'info', 'caption_lines', {}, put('a.txt', 'one\ntwo'), 'a.txt'],
  ['a caption of 300 tags', 'warning', 'long_caption', {}, put('a.txt', Array(300).fill('tag').join(', ')), 'a.png'],
  ['a picture far too long', 'warning', 'cropped', {}, put('c.png', png(2000, 40)), 'c.png'],
  ['a picture too thin for a bucket', 'error', 'too_thin', { bucket_no_upscale: true }, put('c.png', png(600, 30)), 'c.png'],
  ['a subset named twice', 'warning', 'same_subset', { subsets: [{ image_dir: '.' }, { image_dir: '.' }] }, undefined, 'subsets'],
  ['a subset without pictures', 'warning', 'empty_subset', { subsets: [{ image_dir: '.' }, { image_dir: 'none' }] },
    (ws) => mkdirSync(ws.path('datasets/set/none')), 'subsets'],
  ['buckets smaller than a batch', 'info', 'small_buckets', { train_batch_size: 8, num_repeats: 1 }, undefined, 'train_batch_size'],
  ['a base model of no bytes', 'error', 'bad_model', {}, (ws) => writeFileSync(ws.path('pretrained_model/base.safetensors'), ''),
    'pretrained_model_name_or_path'],
  ['a base model cut short', 'error', 'bad_model', {},
    (ws) => writeFileSync(ws.path('pretrained_model/base.safetensors'), cut(safetensors(modelTensors['SD1.5']), 1)),
    'pretrained_model_name_or_path'],
  ['a LoRA as base model', 'error', 'wrong_part', {}, model('base.safetensors', 'LoRA'), 'pretrained_model_name_or_path'],
  ['an autoencoder as base model', 'error', 'wrong_part', {}, model('base.safetensors', 'VAE'), 'pretrained_model_name_or_path'],
  ['SDXL where SD1.5 is said', 'error', 'wrong_family', {}, model('base.safetensors', 'SDXL'), 'pretrained_model_name_or_path'],
  ['SD 2 without v2', 'error', 'wrong_family', {}, model('base.safetensors', 'SD2'), 'v2'],
  ['the refiner of SDXL', 'error', 'wrong_family', SDXL, model('base.safetensors', 'SDXL refiner'), 'pretrained_model_name_or_path'],
  ['a v-prediction model not said so', 'warning', 'v_prediction', SDXL, model('base.safetensors', 'SDXL v'), 'v_parameterization'],
  ['a text encoder as autoencoder', 'error', 'wrong_part', { vae_path: 'pretrained_model/v.safetensors' }, model('v.safetensors', 'T5'),
    'vae_path'],
  ['a base model to continue from', 'error', 'wrong_part', { continue_from_lora: 'pretrained_model/base.safetensors' }, undefined,
    'continue_from_lora'],
  ['a model that is not there', 'error', 'not_found', { pretrained_model_name_or_path: 'pretrained_model/none.safetensors' },
    undefined, 'pretrained_model_name_or_path'],
  ['Flux without T5', 'error', 'missing_file', { ...FLUX, t5xxl_path: undefined }, flux, 't5xxl_path', 'Flux'],
  ['Flux with too many blocks swapped', 'error', 'conflict', { ...FLUX, blocks_to_swap: 40 }, flux, 'blocks_to_swap', 'Flux'],
  ['no timesteps left', 'error', 'conflict', { min_timestep: 500, max_timestep: 500 }, undefined, 'min_timestep'],
  ['fp8 without half precision', 'error', 'conflict', { fp8_base: true }, undefined, 'fp8_base'],
  ['random crops of cached latents', 'error', 'conflict', { random_crop: true }, undefined, 'random_crop'],
  ['bucket steps that are no multiple', 'error', 'conflict', { bucket_reso_steps: 48 }, undefined, 'bucket_reso_steps'],
  ['a resolution below the buckets', 'error', 'conflict', { resolution: 128 }, undefined, 'min_bucket_reso'],
  ['warm-up with a constant rate', 'error', 'conflict', { lr_scheduler: 'constant', lr_warmup_steps: 10 }, undefined, 'lr_warmup_steps'],
  ['a warm-up as long as the training', 'warning', 'long_warmup', { lr_warmup_steps: 500 }, undefined, 'lr_warmup_steps'],
  ['a learning rate that destroys', 'warning', 'high_rate', { unet_lr: 0.01 }, undefined, 'unet_lr'],
  ['Prodigy with a tiny rate', 'warning', 'low_rate', { optimizer_type: 'Prodigy' }, undefined, 'unet_lr'],
  ['a rank of 256', 'warning', 'high_dim', { network_dim: 256 }, undefined, 'network_dim'],
  ['SDXL\'s own VAE in fp16', 'warning', 'half_vae', { ...SDXL, mixed_precision: 'fp16' }, undefined, 'no_half_vae', 'SDXL'],
  ['zero terminal SNR for noise prediction', 'warning', 'zero_snr', { zero_terminal_snr: true }, undefined, 'zero_terminal_snr'],
  ['samples without prompts', 'warning', 'no_prompts', { sample_every_n_epochs: 1 }, undefined, 'sample_prompts'],
  ['an odd resolution without buckets', 'warning', 'odd_resolution', { enable_bucket: false, resolution: 500 }, undefined, 'resolution'],
];

const rank = { error: 0, warning: 1, info: 2 };
const noise = new Set(['no_caption', 'small_buckets']); // of files that a row adds without a caption

for (const [what, severity, code, fields, change, where, family] of corpus)
  test(`broken: ${what}`, (t) => {
    const ws = good(t, family ?? (fields.model_type === 'SDXL' ? 'SDXL' : 'SD1.5'));
    change?.(ws);
    const before = readdirSync(ws.path('output')).concat(readdirSync(ws.path('config')));
    const args = ['check', ws.request('set', fields)];
    const answer = ws.json(args, { code: severity === 'error' ? 2 : 0 });
    const found = answer.findings.filter((f) => f.code === code);
    assert.equal(found.length > 0, true, JSON.stringify(answer.findings));
    assert.ok(found.every((f) => f.severity === severity));
    assert.ok(found.some((f) => f.field === where || path.basename(f.file ?? '') === where), JSON.stringify(found));
    assert.ok(found.every((f) => f.message.length > 10));
    const others = answer.findings.filter((f) => f.code !== code && !noise.has(f.code) && rank[f.severity] <= rank[severity]);
    assert.deepEqual(others, []);
    assert.deepEqual(readdirSync(ws.path('output')).concat(readdirSync(ws.path('config'))), before);
  });

test('the corpus has at least 40 rows', () => assert.ok(corpus.length >= 40));

test('a good dataset: counts, buckets, steps, estimates', (t) => {
  const ws = good(t);
  put('c.png', png(768, 512))(ws);
  put('c.txt', 'a long hat')(ws);
  const answer = ws.json(['check', ws.request('set', { train_batch_size: 2, num_repeats: 5, gradient_accumulation_steps: 2 }), '--images']);
  assert.deepEqual(answer.findings, []);
  const { report } = answer;
  assert.equal(answer.valid, true);
  assert.deepEqual(report.subsets.map((s) => [s.images, s.captions, s.repeats, s.unseen]), [[3, 3, 5, 0]]);
  assert.deepEqual(report.buckets.map((b) => [...b.size, b.images, b.samples, b.batches, b.last_batch]),
    [[512, 512, 2, 10, 5, 2], [640, 384, 1, 5, 3, 1]]);
  assert.equal(report.steps.batches_per_epoch, 8);
  assert.equal(report.steps.steps_per_epoch, 4);
  assert.equal(report.steps.total, 8);
  assert.equal(report.steps.epochs, 2);
  assert.equal(report.images.length, 3);
  assert.ok(report.images.every((i) => i.resized[0] >= i.bucket[0] && i.resized[1] >= i.bucket[1]));
  assert.equal(report.model.family, 'SD1.5');
  assert.equal(report.memory.estimate, true);
  assert.equal(report.tokens.exact, false);
  assert.equal(report.images_read, 3);
  const again = ws.json(['check', ws.request('set'), '--quiet']);
  assert.equal(again.report.images_read, 0); // the table knows them
  const deep = ws.json(['check', ws.request('set'), '--deep']);
  assert.equal(deep.report.images_read, 3);
});

test('every family is known by its header', (t) => {
  const ws = good(t);
  for (const family of ['SD1.5', 'SDXL', 'Flux', 'Chroma', 'SD3', 'SD3.5', 'Lumina', 'Anima', 'HunyuanImage']) {
    ws.addBaseModel('base.safetensors', modelTensors[family]);
    const answer = JSON.parse(ws.run(['check', ws.request('set', { model_type: family, resolution: 1024 }), '--json']).out);
    assert.equal(answer.report.model.family, family);
    assert.ok(!answer.findings.some((f) => f.code.startsWith('wrong_')), family);
  }
});

test('train --check-only says the same and starts nothing; train refuses what the check refuses', (t) => {
  const ws = good(t);
  ws.connectTrainer();
  assert.equal(ws.json(['train', ws.request('set'), '--check-only']).valid, true);
  const { job_id } = ws.json(['train', ws.request('set', { num_repeats: 20 })]); // what it was estimated at is kept
  const kept = JSON.parse(readFileSync(ws.path('.lorica', 'jobs', job_id, 'inputs', 'estimate.json')));
  assert.equal(kept.family, 'SD1.5');
  assert.ok(kept.memory > 1e9 && kept.work > 0);
  const { report } = ws.json(['check', ws.request('set')]);
  assert.equal(report.memory.past_runs, 0); // no GPU was seen at work
  ws.json(['job', 'delete', job_id]);
  for (const file of readdirSync(ws.path('output'))) rmSync(ws.path('output', file), { recursive: true });
  put('c.png', '')(ws);
  assert.equal(ws.json(['train', ws.request('set'), '--check-only'], { code: 2 }).valid, false);
  const refused = ws.json(['train', ws.request('set')], { code: 2 });
  assert.ok(refused.findings.some((f) => f.code === 'unreadable'));
  assert.deepEqual(ws.json(['job', 'list']).jobs, []);
  assert.deepEqual(readdirSync(ws.path('output')), []);
});

test('tokens are counted exactly with a tokenizer', (t) => {
  const ws = good(t);
  // Merges that make one piece of "1girl" but for its digit, and none of other words.
  const merges = ['#version: 0.2', 'g i', 'r l</w>', 'gi rl</w>', ...Array.from({ length: 120 }, (_, i) => `\u0100${i} x${i}`)];
  writeFileSync(path.join(ws.dir, 'merges.txt'), merges.join('\n'));
  put('a.txt', '1girl')(ws);
  put('b.txt', 'GIRL abc!!')(ws);
  const { report } = ws.json(['check', ws.request('set'), '--images', '--tokenizer', path.join(ws.dir, 'merges.txt')]);
  assert.equal(report.tokens.exact, true);
  assert.deepEqual(report.images.map((i) => i.tokens), [2, 1 + 3 + 2]);
});
