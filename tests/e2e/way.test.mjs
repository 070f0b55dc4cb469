// SPDX-License-Identifier: MIT
// The whole way by the command line: pictures, tags, trigger word, TOML, a supervised training, the LoRA file.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { safetensorsHeader, workspace } from './support.mjs';

const TRIGGER = 'ohwx';

// What the demo tagger must say of pictures whose content we know, because we drew them.
const known = {
  '01_red_disc': { has: ['red theme', 'square'], not: ['blue theme', 'greyscale', 'landscape', 'portrait'] },
  '02_blue_ring': { has: ['blue theme', 'landscape', 'bright'], not: ['red theme', 'square', 'dark'] },
  '03_green_box': { has: ['green theme', 'portrait'], not: ['landscape', 'bright'] },
  '04_night_flower': { has: ['dark', 'landscape'], not: ['bright', 'red theme'] },
  '05_grey_triangle': { has: ['greyscale', 'square'], not: ['red theme', 'blue theme'] },
  '06_ink_drawing': { has: ['greyscale', 'high contrast', 'portrait', 'bright'], not: ['dark', 'red theme'] },
  '07_yellow_sun': { has: ['yellow theme', 'landscape'], not: ['blue theme', 'dark'] },
  '08_purple_ring': { has: ['purple theme', 'square'], not: ['green theme', 'bright'] },
  '09_orange_box': { has: ['orange theme', 'landscape'], not: ['blue theme', 'greyscale'] },
  '11_dark_red': { has: ['red theme', 'dark', 'square'], not: ['bright', 'green theme'] },
};

function tagsOf(ws, name) {
  return ws.read('datasets', 'cats', `${name}.txt`).trim().split(',').map((tag) => tag.trim());
}

function importTagAndTrigger(ws) {
  const imported = ws.json(['dataset', 'import', 'cats', ws.draw()]);
  assert.equal(imported.success, true);
  ws.json(['tag', 'cats', '--model', 'demo', '--overwrite-mode', 'append']);
  ws.json(['captions', 'add-trigger', 'cats', TRIGGER]);
}

test('from a folder of images to a LoRA file', (t) => {
  const ws = workspace(t);
  importTagAndTrigger(ws);

  for (const [name, { has, not }] of Object.entries(known)) {
    const tags = tagsOf(ws, name);
    assert.equal(tags[0], TRIGGER, name);
    for (const tag of has) assert.ok(tags.includes(tag), `${name}: ${tag} is not in ${tags}`);
    for (const tag of not) assert.ok(!tags.includes(tag), `${name}: ${tag} is in ${tags}`);
  }
  assert.ok(tagsOf(ws, '01_red_disc').includes('a red disc'), 'the caption that came with the picture is kept');

  ws.connectTrainer();
  ws.addBaseModel();
  const request = ws.request('cats');
  const written = ws.json(['toml', '--profile', 'studio', request, '--out', ws.path('config')]);
  assert.deepEqual(written.findings.filter((f) => f.severity === 'error'), []);
  assert.ok(readFileSync(written.dataset, 'utf8').includes(`image_dir = "${ws.path('datasets', 'cats')}"`));

  const trained = ws.json(['train', request]);
  assert.equal(trained.job.status, 'completed');
  const lora = ws.path('output', 'cats.safetensors');
  const header = safetensorsHeader(lora);
  assert.equal(header.__metadata__.ss_network_dim, '4');

  const job = ws.json(['job', 'show', 'last']);
  assert.equal(job.job_id, trained.job_id);
  const log = readFileSync(ws.path('.lorica', 'jobs', trained.job_id, 'log'), 'utf8');
  assert.ok(log.includes('found directory'), 'the trainer saw the images');
  assert.ok(log.includes('12 of 12 images have captions'));
  assert.ok(log.endsWith('model saved.\n'), 'the whole log is there');
});

test('a job keeps what it ran on: later edits and keys do not reach it', (t) => {
  const ws = workspace(t);
  importTagAndTrigger(ws);
  ws.connectTrainer();
  ws.addBaseModel();
  const secret = 'wandb0123456789secret';
  const request = ws.request('cats', { wandb_key: secret, log_with: 'wandb' });
  const { job_id: id } = ws.json(['train', request]);
  const folder = ws.path('.lorica', 'jobs', id);
  const inputs = path.join(folder, 'inputs');

  writeFileSync(ws.path('config', 'cats_config.toml'), 'seed = 1\n');
  writeFileSync(request, '{}');
  assert.ok(readFileSync(path.join(inputs, 'config.toml'), 'utf8').includes('network_dim = 4'));
  assert.equal(JSON.parse(readFileSync(path.join(inputs, 'request.json'))).project_name, 'cats');
  const [images] = JSON.parse(readFileSync(path.join(inputs, 'images.json')));
  assert.equal(images.files, 24); // 12 pictures, 12 captions
  assert.match(images.sha256, /^[0-9a-f]{64}$/);

  for (const dir of [folder, inputs, ws.path('config')])
    for (const name of readdirSync(dir)) {
      const file = path.join(dir, name);
      if (statSync(file).isFile()) assert.ok(!readFileSync(file).includes(secret), `${file} holds the key`);
    }
  assert.equal(statSync(ws.path('user_config', 'user_settings.json')).mode & 0o777, 0o600);
  assert.ok(ws.read('user_config', 'user_settings.json').includes(secret), 'it moved to the settings');
});

test('what cannot be trained is refused, with the reason, and leaves nothing', (t) => {
  const ws = workspace(t);
  importTagAndTrigger(ws);
  const jobs = () => readdirSync(ws.path('.lorica', 'jobs')).length;

  const noModel = ws.json(['train', ws.request('cats')], { code: 2 });
  assert.equal(noModel.success, false);
  assert.ok(noModel.findings.some((f) => f.field === 'pretrained_model_name_or_path'));

  ws.addBaseModel();
  const noTrainer = ws.json(['train', ws.request('cats')], { code: 4 });
  assert.equal(noTrainer.code, 'trainer_missing');
  assert.match(noTrainer.error, /lorica trainer connect DIR/);

  ws.connectTrainer();
  const wrong = ws.json(['train', ws.request('cats', { network_dim: 'many', resolution: 3 })], { code: 2 });
  assert.deepEqual(wrong.findings.map((f) => f.field).sort(), ['network_dim', 'resolution']);

  const noPython = ws.json(['train', ws.request('cats')], { code: 4, env: { LORICA_PYTHON: '/nowhere/python' } });
  assert.equal(noPython.field, 'trainer.python');

  const elsewhere = ws.json(['train', ws.request('cats', { output_dir: 'no/such/output' })], { code: 2 });
  assert.equal(elsewhere.findings[0].field, 'output_dir');
  assert.equal(jobs(), 0);
  assert.ok(!existsSync(ws.path('no')));
});

test('a failed training says so, keeps its log, and shows in the list', (t) => {
  const ws = workspace(t);
  importTagAndTrigger(ws);
  ws.connectTrainer();
  ws.addBaseModel();
  const done = ws.run(['train', ws.request('cats', { log_prefix: 'fail_at=3' })]);
  assert.equal(done.code, 1);
  assert.match(done.err, /failed/);
  const [job] = ws.json(['job', 'list']).jobs;
  assert.equal(job.status, 'failed');
  const log = ws.run(['job', 'logs', job.job_id]).out;
  assert.match(log, /Traceback/);
  assert.match(log, /CUDA out of memory/);
  assert.ok(!existsSync(ws.path('output', 'cats.safetensors')));
  assert.equal(ws.run(['job', 'delete', job.job_id]).code, 0);
  assert.equal(ws.json(['job', 'list']).jobs.length, 0);
});

test('a detached training is shown while it runs, and stops when asked', (t) => {
  const ws = workspace(t);
  importTagAndTrigger(ws);
  ws.connectTrainer();
  ws.addBaseModel();
  const { job_id: id } = ws.json(['train', '--detach', ws.request('cats', { log_prefix: 'step_ms=200', max_train_epochs: 500 })]);
  const deadline = Date.now() + 60000;
  let job;
  do job = ws.json(['job', 'show', id]);
  while (!(job.metrics.step > 0) && Date.now() < deadline);
  assert.equal(job.status, 'running');
  assert.equal(job.metrics.total_steps, 6000);
  assert.ok(job.metrics.loss > 0);
  ws.json(['job', 'stop', id]);
  ws.run(['job', 'wait', id]);
  assert.equal(ws.json(['job', 'show', id]).status, 'cancelled');
});

test('lorica demo does it all with nothing connected, and can be run again', (t) => {
  const ws = workspace(t);
  const lora = ws.path('output', 'demo.safetensors');
  const star = () => ws.read('datasets', 'demo', 'star_01.txt');
  const demo = () => ws.json(['demo'], { timeout: 600000 });

  const first = demo();
  assert.equal(first.trained, true);
  assert.equal(first.not_trained_because, null);
  assert.ok(existsSync(first.dataset_toml) && existsSync(first.config_toml));
  assert.ok(star().startsWith('sks, '));
  const header = safetensorsHeader(lora);
  assert.equal(header.__metadata__.ss_network_dim, '8');
  assert.equal(header.__metadata__.ss_steps, '300');
  assert.ok(existsSync(ws.path('output', 'demo_sheet.png')));
  assert.equal(readdirSync(ws.path('output', 'sample')).length, 20); // 4 prompts after each of 5 epochs
  const [job] = ws.json(['job', 'list']).jobs;
  assert.equal(job.status, 'completed');

  rmSync(lora);
  assert.equal(demo().trained, true);
  assert.ok(existsSync(lora));
  assert.equal(star().match(/sks/g).length, 1, 'the trigger word stands once');
});
