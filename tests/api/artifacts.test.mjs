// SPDX-License-Identifier: MIT
// A real training of the embedded trainer over HTTP: what it refuses is said before there is a job; its LoRA files, its
// samples and the curves are listed and served, and nothing else is.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { tree, workspace } from '../e2e/support.mjs';
import { call, ended, isError, serve } from './support.mjs';

// A workspace with the Tiny base and a dozen stars; a request of two epochs of 6 steps.
function tiny(t) {
  const ws = workspace(t);
  const pictures = path.join(ws.dir, 'stars');
  assert.equal(ws.run(['native-images', pictures, '--captions', '--size', '32'], { program: 'lorica-worker' }).code, 0);
  ws.json(['dataset', 'import', 'stars', pictures]);
  mkdirSync(ws.path('pretrained_model'), { recursive: true });
  copyFileSync(path.join(tree, 'models/tiny/tiny.safetensors'), ws.path('pretrained_model', 'tiny.safetensors'));
  writeFileSync(ws.path('prompts.txt'), 'sks, rôd, big --d 7 --s 2\ncircle, 星 --n small --d 8 --s 2\n');
  const request = {
    project_name: 'star', model_type: 'Tiny', pretrained_model_name_or_path: 'pretrained_model/tiny.safetensors',
    train_data_dir: 'datasets/stars', output_dir: 'output', resolution: 32, enable_bucket: false, num_repeats: 2,
    train_batch_size: 4, max_train_epochs: 2, network_dim: 4, network_alpha: 4, unet_lr: 1e-3, text_encoder_lr: 0,
    optimizer_type: 'AdamW', lr_scheduler: 'constant', v_parameterization: true, zero_terminal_snr: true,
    save_precision: 'fp16', save_every_n_epochs: 1, sample_every_n_epochs: 1, sample_prompts: 'prompts.txt', seed: 1,
  };
  return { ws, request };
}

// Every file of a workspace and of its jobs, for "nothing is left behind"; locks, index and caches come and go with a server.
const files = (dir) => readdirSync(dir, { recursive: true }).map(String)
  .filter((f) => !f.startsWith('.lorica') || f.startsWith(path.join('.lorica', 'jobs'))).sort();

test('what the embedded trainer would refuse is an error of the start, and leaves nothing', async (t) => {
  const { ws, request } = tiny(t);
  const server = await serve(t, { ws });
  const before = files(ws.root);
  const rows = [
    [{ optimizer_type: 'CAME' }, 'optimizer_type', /no optimizer/],
    [{ resolution: 36 }, 'resolution', /8 divides/],
    [{ v_parameterization: false }, 'v_parameterization', /predicts v/],
    [{ train_batch_size: 5000 }, 'train_batch_size', /1 to 4096/],
  ];
  for (const [change, field, words] of rows) {
    const body = { ...request, ...change };
    const started = await call(server, 'POST', '/api/training/start', body);
    assert.equal(started.status, 200, started.text);
    assert.equal(started.body.success, false, field);
    assert.equal(started.body.job_id, null);
    const [error] = started.body.validation_errors.filter((f) => f.severity === 'error');
    assert.equal(error.field, field);
    assert.match(error.message, words);
    const { body: checked } = await call(server, 'POST', '/api/training/validate', body);
    assert.equal(checked.valid, false);
    assert.ok(checked.warnings.some((f) => f.field === field && words.test(f.message)));
  }
  assert.equal((await call(server, 'POST', '/api/training/validate', request)).body.valid, true);
  assert.deepEqual((await call(server, 'GET', '/api/jobs')).body.jobs, []);
  assert.deepEqual(files(ws.root), before);
});

test('the same refusals at the command line', (t) => {
  const { ws, request } = tiny(t);
  const file = path.join(ws.dir, 'request.json');
  writeFileSync(file, JSON.stringify({ ...request, resolution: 36 }));
  const refused = ws.json(['train', file], { code: 2 });
  assert.deepEqual(refused.findings.filter((f) => f.severity === 'error').map((f) => f.field), ['resolution']);
  assert.deepEqual(ws.json(['job', 'list']).jobs, []);
});

test('samples, LoRA files and the loss of a training', async (t) => {
  const { ws, request } = tiny(t);
  const server = await serve(t, { ws });
  mkdirSync(ws.path('output', 'sample'), { recursive: true });
  writeFileSync(ws.path('output', 'star.toml'), 'x');
  writeFileSync(ws.path('output', 'starfish.safetensors'), 'x');
  writeFileSync(ws.path('output', 'star-000009.safetensors'), 'of an earlier training'); // same name, older
  utimesSync(ws.path('output', 'star-000009.safetensors'), 1e9, 1e9);
  symlinkSync('/etc/passwd', ws.path('output', 'star-000008.safetensors'));
  const { body: { job_id: id } } = await call(server, 'POST', '/api/training/start', request);
  const job = await ended(server, id);
  assert.equal(job.status, 'completed', job.error);
  assert.equal(job.metrics.epoch, 2);
  const get = (what) => call(server, 'GET', `/api/jobs/${id}/${what}`);

  const { body: models } = await get('files');
  assert.deepEqual(models.files.map(({ name, epoch, last }) => [name, epoch, last]),
    [['star-000001.safetensors', 1, false], ['star.safetensors', null, true]]);
  const whole = await fetch(`${server.base}/api/jobs/${id}/files/star.safetensors`);
  assert.match(whole.headers.get('content-disposition'), /attachment/);
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.ok(bytes.equals(readFileSync(ws.path('output', 'star.safetensors'))));
  assert.equal(bytes.length, models.files[1].size);

  const { body: drawn } = await get('samples');
  assert.deepEqual(drawn.samples.map((s) => [s.epoch, s.step, s.prompt_index, s.prompt]), [
    [1, 6, 0, 'sks, rôd, big'], [1, 6, 1, 'circle, 星'], [2, 12, 0, 'sks, rôd, big'], [2, 12, 1, 'circle, 星'],
  ]);
  assert.match(drawn.samples[1].parameters, /^circle, 星\nNegative prompt: small\nSteps: 2, Sampler: DDIM/);
  const picture = await fetch(`${server.base}/api/jobs/${id}/samples/${drawn.samples[0].name}`);
  assert.equal(picture.headers.get('content-type'), 'image/png');
  assert.equal(Buffer.from(await picture.arrayBuffer()).subarray(1, 4).toString(), 'PNG');

  const { body: curve } = await get('metrics?points=5');
  assert.ok(curve.points.length >= 2 && curve.points.length <= 5);
  assert.equal(curve.points.at(-1).step, 12);
  assert.equal(curve.points.at(-1).epoch, 2);
  assert.ok(curve.points.every((p) => p.loss > 0 && p.loss < 2));

  const none = ['files/star.toml', 'files/starfish.safetensors', 'files/star-000009.safetensors', 'files/nothing',
    'files/..%2f..%2fetc%2fpasswd', 'files/sample', `samples/..%2fstar.safetensors`, 'samples/star.safetensors'];
  for (const what of none) isError(assert, await get(what), 404, 'not_found');
  isError(assert, await get('files/star-000008.safetensors'), 403, 'denied');
  isError(assert, await get('metrics?points=0'), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/jobs/training_1_1/samples'), 404, 'not_found');

  renameSync(ws.path('output'), ws.path('output.away'));
  assert.deepEqual((await get('samples')).body.samples, []);
});
