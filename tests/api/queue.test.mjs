// SPDX-License-Identifier: MIT
// The queue, attempts, curves and causes of failure over HTTP.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { call, ended, isError, serve, until } from './support.mjs';

function prepared(t) {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'cats', ws.draw()]);
  ws.connectTrainer();
  ws.addBaseModel();
  ws.json(['settings', 'set', 'job.gpus', 'none']);
  return ws;
}

async function train(server, more = {}) {
  const request = JSON.parse(readFileSync(server.ws.request('cats', more)));
  const { body, text } = await call(server, 'POST', '/api/training/start', request);
  assert.equal(body.success, true, text);
  return body.job_id;
}

const queue = async (server) => (await call(server, 'GET', '/api/queue')).body.queue;
const of = (q, id) => q.jobs.find((job) => job.id === id);

test('a paused queue keeps its order and its pause over a restart; priority moves a job', async (t) => {
  const ws = prepared(t);
  let server = await serve(t, { ws });
  assert.equal((await call(server, 'POST', '/api/queue/pause')).body.queue.paused, true);
  const first = await train(server), second = await train(server);
  await server.stop();
  server = await serve(t, { ws });
  let q = await queue(server);
  assert.equal(q.paused, true);
  assert.deepEqual(q.jobs.map((job) => [job.id, job.position, job.waits]), [[first, 1, 'paused'], [second, 2, 'paused']]);
  q = (await call(server, 'POST', `/api/jobs/${second}/turn`, { priority: 5 })).body.queue;
  assert.deepEqual(q.jobs.map((job) => job.id), [second, first]);
  isError(assert, await call(server, 'POST', `/api/jobs/${second}/turn`, {}), 400, 'invalid');
  isError(assert, await call(server, 'POST', `/api/jobs/${second}/turn`, { priority: 5000 }), 400, 'invalid');
  await call(server, 'POST', `/api/jobs/${first}/turn`, { not_before: Date.now() + 3600000 });
  assert.equal((await call(server, 'POST', '/api/queue/resume')).body.queue.paused, false);
  await ended(server, second);
  assert.equal(of(await queue(server), first).waits, 'time');
  await call(server, 'POST', `/api/jobs/${first}/turn`, { not_before: null });
  const a = await ended(server, first), b = await ended(server, second);
  assert.equal(a.status, 'completed');
  assert.ok(b.started_at <= a.started_at);
  isError(assert, await call(server, 'POST', `/api/jobs/${first}/turn`, { priority: 1 }), 409, 'conflict');
});

test('a failure says its cause, its line and its remedy, and can be tried again', async (t) => {
  const server = await serve(t, { ws: prepared(t) });
  const id = await train(server, { log_prefix: 'step_ms=1 fail_at=3' });
  const job = await ended(server, id);
  assert.equal(job.status, 'failed');
  assert.equal(job.failures[0].cause, 'cuda_out_of_memory');
  assert.match(job.failures[0].said, /2\.00 GiB more were needed/);
  assert.match(job.failures[0].remedy, /train_batch_size/);
  const log = readFileSync(server.ws.path('.lorica', 'jobs', id, 'log'));
  assert.ok(log.subarray(job.failures[0].offset).toString().includes('CUDA out of memory'));
  assert.match(job.error, /CUDA out of memory/);
  const { body: status } = await call(server, 'GET', `/api/training/status/${id}`);
  assert.equal(status.progress, job.progress); // W23: it fell back to 0 at the end
  assert.equal(status.step_num, 2);
  assert.match(server.ws.run(['job', 'show', id]).out, /cause +the GPU ran out of memory: 2\.00 GiB/);

  isError(assert, await call(server, 'POST', `/api/jobs/${id}/resume`), 409, 'conflict');
  const { body: states } = await call(server, 'GET', `/api/jobs/${id}/states`);
  assert.deepEqual([states.best, states.states], [null, []]);
  const again = await call(server, 'POST', `/api/jobs/${id}/retry`);
  const second = await ended(server, again.body.job_id);
  assert.deepEqual([second.attempt, second.retry_of, second.status], [2, id, 'failed']);
  assert.deepEqual(second.inputs, job.inputs);
  isError(assert, await call(server, 'POST', '/api/jobs/training_1_1/retry'), 404, 'not_found');
});

test('curves of a training, as JSON and CSV; a log is read once, however often is asked', async (t) => {
  const server = await serve(t, { ws: prepared(t) });
  const id = await train(server, { log_prefix: 'step_ms=20', max_train_epochs: 3 });
  await ended(server, id);
  const { body } = await call(server, 'GET', `/api/jobs/${id}/metrics?points=5`);
  assert.equal(body.points.length, 5);
  assert.ok(body.total_points >= 30);
  assert.ok(body.points.every((p, i) => i === 0 || (p.step > body.points[i - 1].step && p.loss < body.points[i - 1].loss)));
  assert.deepEqual(body.phases.map((p) => p.phase).slice(-2), ['working', 'saving']);
  assert.equal(body.phases.find((p) => p.phase === 'working').total, body.points.at(-1).step);
  const csv = await call(server, 'GET', `/api/jobs/${id}/metrics?format=csv`);
  assert.match(csv.headers.get('content-type'), /^text\/csv/);
  const lines = csv.text.trim().split('\n');
  assert.equal(lines[0], 'step,epoch,loss,lr,steps_per_second,time');
  assert.equal(lines.length, body.total_points + 1);
  isError(assert, await call(server, 'GET', `/api/jobs/${id}/metrics?format=x`), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/jobs/none/metrics'), 404, 'not_found');
  rmSync(server.ws.path('.lorica', 'jobs', id, 'log')); // what is known stays known
  assert.equal((await call(server, 'GET', `/api/jobs/${id}/metrics?points=5`)).body.points.length, 5);
});

test('what runs is recorded: processor, memory, disk', async (t) => {
  const server = await serve(t, { ws: prepared(t) });
  const id = await train(server, { log_prefix: 'step_ms=200', max_train_epochs: 500 });
  const sample = await until(async () => (await call(server, 'GET', `/api/jobs/${id}/metrics`)).body.resources[0]);
  assert.ok(sample.rss_bytes > 0 && sample.memory_total_bytes > sample.memory_used_bytes && sample.disk_free_bytes > 0);
  await call(server, 'POST', `/api/jobs/${id}/stop?grace=0`);
  await ended(server, id);
});

test('a training comes after the tagging of its data set', async (t) => {
  const server = await serve(t, { ws: prepared(t) });
  await call(server, 'POST', '/api/queue/pause');
  const tag = await call(server, 'POST', '/api/jobs/tagging', { dataset_dir: 'cats', model: 'demo' });
  const id = await train(server, { after: [tag.body.job_id] });
  assert.deepEqual((await call(server, 'GET', `/api/jobs/${id}`)).body.job.after, [tag.body.job_id]);
  const q = await queue(server);
  assert.deepEqual([of(q, id).waits, of(q, id).waits_for], ['after', tag.body.job_id]);
  await call(server, 'POST', `/api/jobs/${tag.body.job_id}/stop`);
  await call(server, 'POST', '/api/queue/resume');
  const job = await ended(server, id);
  assert.equal(job.status, 'cancelled');
  assert.match(job.reason, new RegExp(`${tag.body.job_id}, which it was to come after, did not complete`));
  const refused = JSON.parse(readFileSync(server.ws.request('cats', { after: ['training_1_1'] })));
  assert.match((await call(server, 'POST', '/api/training/start', refused)).text, /no job 'training_1_1'/);
});

test('old jobs go when somebody says so (W30), and lists are short', async (t) => {
  const server = await serve(t, { ws: prepared(t) });
  const ids = [];
  for (let i = 0; i < 3; i++) {
    ids.push(await train(server, { log_prefix: 'step_ms=1 fail_at=1' }));
    await ended(server, ids.at(-1));
  }
  const { body: page } = await call(server, 'GET', '/api/jobs?limit=2&offset=1');
  assert.deepEqual(page.jobs.map((job) => job.id), [ids[1], ids[0]]);
  assert.equal(page.count, 3);
  assert.ok(page.jobs.every((job) => !('command' in job) && !('env' in job) && !('logs' in job)));
  isError(assert, await call(server, 'POST', '/api/jobs/prune', {}), 400, 'invalid');
  assert.equal((await call(server, 'POST', '/api/jobs/prune', { keep: 1 })).body.removed, 2);
  assert.deepEqual((await call(server, 'GET', '/api/jobs')).body.jobs.map((job) => job.id), [ids[2]]);
});
