// SPDX-License-Identifier: MIT
// Jobs, logs, training, tagging and configuration over HTTP.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { checkMessage } from './contract.mjs';
import { assertWhole, emptyLog, followers } from './followers.mjs';
import { websocket } from './http/support.mjs';
import { call, ended, isError, serve, until } from './support.mjs';

function withDataset(t) {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'cats', ws.draw()]);
  return ws;
}

const log = (server, id) => readFileSync(server.ws.path('.lorica', 'jobs', id, 'log'));

test('health, endpoints and what does not exist', async (t) => {
  const server = await serve(t);
  const health = await call(server, 'GET', '/api/health');
  assert.equal(health.status, 200);
  assert.equal(health.body.status, 'healthy');
  const { body } = await call(server, 'GET', '/api/endpoints');
  assert.ok(body.endpoints.some((e) => e.method === 'GET' && e.path === '/api/jobs/{id}/logs'));
  assert.ok(body.endpoints.every((e) => e.summary));
  isError(assert, await call(server, 'GET', '/api/nothing'), 404, 'not_found');
  isError(assert, await call(server, 'DELETE', '/api/health'), 405, 'method');
});

test('a dataset is tagged as a job, and free command lines are refused (W1, W11)', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  isError(assert, await call(server, 'POST', '/api/jobs', { type: 'training', command: 'id', args: ['-u'] }), 403, 'denied');
  const none = await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: 'cats' });
  isError(assert, none, 409, 'model_missing');
  const started = await call(server, 'POST', '/api/jobs/tagging', {
    dataset_dir: 'dataset/cats', model: 'demo', overwrite_mode: 'append', always_first_tags: '--json', threshold: 0.5,
  });
  assert.equal(started.status, 200, started.text);
  const job = await ended(server, started.body.job_id);
  assert.equal(job.status, 'completed', log(server, job.id).toString());
  assert.equal(job.progress, 100);
  assert.ok(server.ws.read('datasets', 'cats', '01_red_disc.txt').includes('red theme'));

  isError(assert, await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: 'dogs', model: 'demo' }), 404, 'not_found');
  isError(assert, await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: '/etc', model: 'demo' }), 403, 'denied');
  isError(assert, await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: '../../etc', model: 'demo' }), 403, 'denied');
  const mode = await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: 'cats', model: 'demo', overwrite_mode: 'x' });
  isError(assert, mode, 400, 'invalid');
  isError(assert, await call(server, 'POST', '/api/jobs/tagging', '{"dataset_dir":'), 400, 'invalid');
});

test('a training outlives the server, and whoever follows its log goes on where it was cut off', async (t) => {
  const ws = withDataset(t);
  ws.connectTrainer();
  ws.addBaseModel();
  const request = JSON.parse(readFileSync(ws.request('cats', { log_prefix: 'step_ms=60', max_train_epochs: 12 })));
  let server = await serve(t, { ws });
  const started = await call(server, 'POST', '/api/training/start', request);
  assert.equal(started.body.success, true, started.text);
  const id = started.body.job_id;
  await until(async () => (await call(server, 'GET', `/api/training/status/${id}`)).body.step_num > 0);

  const logs = Object.fromEntries(Object.keys(followers).map((who) => [who, emptyLog()]));
  const follow = () => Promise.all(Object.entries(followers).map(([who, by]) => by(server, id, logs[who])));
  for (const signal of ['SIGTERM', 'SIGKILL']) { // a server that stops, and one that dies
    const before = Object.values(logs).map((log) => log.lines.length);
    const cutOff = follow();
    await until(() => Object.values(logs).every((log, i) => log.lines.length >= before[i] + 3));
    await server.stop(signal);
    await cutOff;
    for (const [who, one] of Object.entries(logs)) assert.equal(one.complete, false, `${who}: the job was to be longer than that`);
    server = await serve(t, { ws }); // the job goes on
  }
  await follow();
  assert.equal((await ended(server, id)).status, 'completed');
  const bytes = log(server, id);
  for (const [who, one] of Object.entries(logs)) {
    assert.equal(one.complete, true, who);
    assertWhole(bytes, one, who);
  }

  const raw = logs.polling.lines.map((l) => l.raw);
  const byLine = [];
  for (let since = 0; ;) {
    const { body } = await call(server, 'GET', `/api/training/logs/${id}?since=${since}&limit=5`);
    assert.equal(body.status, 'completed');
    if (body.logs.length === 0) break;
    byLine.push(...body.logs);
    since = body.next_since;
  }
  assert.deepEqual(byLine.map((l) => l.raw), raw);
  const byTime = await call(server, 'GET', `/api/jobs/${id}/logs?since=0`);
  assert.deepEqual(byTime.body.logs.map((l) => l.raw), raw);
  assert.equal((await call(server, 'GET', `/api/jobs/${id}/logs?since=${byTime.body.logs.at(-1).timestamp}`)).body.logs.length, 0);

  const part = await fetch(`${server.base}/api/jobs/${id}/log`, { headers: { range: 'bytes=10-19' } });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), bytes.subarray(10, 20).toString());
  assert.equal((await fetch(`${server.base}/api/jobs/${id}/log`, { headers: { range: `bytes=${bytes.length}-` } })).status, 416);
  const { body: list } = await call(server, 'GET', '/api/jobs?limit=1');
  assert.equal(list.jobs[0].id, id);
  assert.equal((await call(server, 'DELETE', `/api/jobs/${id}`)).status, 200);
  isError(assert, await call(server, 'GET', `/api/jobs/${id}`), 404, 'not_found');
});

test('followers of a job that does not exist are told, and of its state alone', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const port = Number(new URL(server.base).port);
  const none = await websocket(port, '/ws/jobs/none/logs');
  await none.over;
  assert.deepEqual([none.close.code, none.messages.map(JSON.parse)], [4004, [{ error: 'Job none not found', job_id: 'none' }]]);
  isError(assert, await call(server, 'GET', '/api/jobs/none/logs'), 404, 'not_found');
  isError(assert, await call(server, 'GET', '/api/jobs/none/log'), 404, 'not_found');
  isError(assert, await call(server, 'GET', '/api/training/status/none'), 404, 'not_found');

  const { body: { job_id: id } } = await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: 'cats', model: 'demo' });
  const state = await websocket(port, `/ws/jobs/${id}/status`);
  await state.over;
  for (const text of state.messages) checkMessage(`/ws/jobs/${id}/status`, text);
  const types = state.messages.map((text) => JSON.parse(text).type);
  assert.equal(types.at(-1), 'complete');
  assert.ok(!types.includes('log'));
  assert.equal(state.close.code, 1000);
});

test('refusals of a training: schema, missing parts, and nothing left behind (W29)', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const schema = await call(server, 'POST', '/api/training/start', { model_type: 'SDXL' });
  isError(assert, schema, 422, 'schema');
  assert.ok(schema.body.findings.some((f) => f.field === 'project_name'));
  const request = JSON.parse(readFileSync(server.ws.request('cats')));
  const refused = await call(server, 'POST', '/api/training/start', request);
  assert.equal(refused.status, 200);
  assert.equal(refused.body.success, false);
  assert.equal(refused.body.job_id, null);
  assert.ok(refused.body.validation_errors.some((f) => f.field === 'pretrained_model_name_or_path' && f.severity === 'error'));
  const valid = await call(server, 'POST', '/api/training/validate', request);
  assert.equal(valid.body.valid, false);
  // Settings that the trainer would stop at: the same answer, everything that is wrong at once.
  const conflict = await call(server, 'POST', '/api/training/start', { ...request, lr_scheduler: 'constant', lr_warmup_steps: 9 });
  assert.deepEqual([conflict.status, conflict.body.success, conflict.body.job_id], [200, false, null], conflict.text);
  assert.ok(conflict.body.validation_errors.some((f) => f.field === 'lr_warmup_steps'), conflict.text);
  assert.ok(conflict.body.validation_errors.length > 1, conflict.text);
  assert.deepEqual((await call(server, 'GET', '/api/jobs')).body.jobs, []);
});

test('a long training is stopped', async (t) => {
  const ws = withDataset(t);
  ws.connectTrainer();
  ws.addBaseModel();
  const server = await serve(t, { ws });
  const request = JSON.parse(readFileSync(ws.request('cats', { log_prefix: 'step_ms=200', max_train_epochs: 500 })));
  const { body: { job_id: id } } = await call(server, 'POST', '/api/training/start', request);
  await until(async () => (await call(server, 'GET', `/api/jobs/${id}`)).body.job.status === 'running');
  isError(assert, await call(server, 'DELETE', `/api/jobs/${id}`), 409, 'conflict');
  assert.equal((await call(server, 'POST', `/api/training/stop/${id}`)).status, 200);
  assert.equal((await ended(server, id)).status, 'cancelled');
  isError(assert, await call(server, 'POST', `/api/jobs/${id}/stop`), 409, 'conflict');
});

test('both TOML files of a request, as JSON or as exact bytes', async (t) => {
  const server = await serve(t, { ws: withDataset(t) });
  const request = JSON.parse(readFileSync(server.ws.request('cats')));
  const { body } = await call(server, 'POST', '/api/config/generate', request);
  assert.match(body.dataset, /^\[general\]/);
  assert.match(body.config, /network_dim = 4/);
  assert.ok(body.findings.length > 0, 'the base model is not there: a finding, not a refusal');
  const part = await call(server, 'POST', '/api/config/generate?part=dataset', request);
  assert.equal(part.text, body.dataset);
  isError(assert, await call(server, 'POST', '/api/config/generate?part=x', request), 400, 'invalid');
  const conflict = await call(server, 'POST', '/api/config/generate', { ...request, lr_scheduler: 'constant', lr_warmup_steps: 9 });
  isError(assert, conflict, 400, 'invalid');
  assert.ok(conflict.body.findings.some((f) => f.field === 'lr_warmup_steps'), conflict.text);
});
