// SPDX-License-Identifier: MIT
// Logs as KNX's clients read them (its own cursor tests, re-expressed), searching, raw bytes, diagnostics.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { workspace } from '../e2e/support.mjs';
import { call, ended, isError, serve } from './support.mjs';

// A trainer that is a shell script: `body` runs in the place of Python, with the script and its arguments as "$@".
function withTrainer(t, body) {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'cats', ws.draw()]);
  ws.connectTrainer();
  ws.addBaseModel();
  mkdirSync(path.join(ws.dir, 'bin'));
  const python = path.join(ws.dir, 'bin', 'python');
  writeFileSync(python, `#!/bin/bash\n${body}\n`);
  chmodSync(python, 0o755);
  ws.json(['settings', 'set', 'trainer.python', python]);
  return ws;
}

async function run(t, body, options = {}) {
  const server = await serve(t, { ws: withTrainer(t, body), ...options });
  const request = JSON.parse(readFileSync(server.ws.request('cats')));
  const started = await call(server, 'POST', '/api/training/start', request);
  assert.equal(started.body.success, true, started.text);
  const job = await ended(server, started.body.job_id);
  return { server, id: job.id, job, log: () => readFileSync(server.ws.path('.lorica', 'jobs', job.id, 'log')) };
}

const numbers = (answer) => answer.body.logs.map((line) => Number(line.raw.split(' ')[1]));
const lines = (n) => `for ((i = 0; i < ${n}; i++)); do echo "line $i"; done`;

test('KNX: a line cursor gives everything from 0, from the middle, nothing at the tip and past it, and never stalls', async (t) => {
  const { server, id } = await run(t, lines(25));
  const from = (since, limit = 0) => call(server, 'GET', `/api/training/logs/${id}?since=${since}&limit=${limit}`);
  const all = await from(0);
  assert.deepEqual(numbers(all), [...Array(25).keys()]);
  assert.deepEqual([all.body.next_since, all.body.total_logs, all.body.success], [25, 25, true]);
  assert.deepEqual(numbers(await from(10)), [...Array(15).keys()].map((i) => i + 10));
  const tip = await from(25);
  assert.deepEqual([tip.body.logs, tip.body.next_since], [[], 25]);
  const past = await from(99);
  assert.deepEqual([past.body.logs, past.body.next_since], [[], 99]);
  const seen = [];
  for (let since = 0, rounds = 0; rounds < 30; rounds++) {
    const { body } = await from(since, 3); // `limit` keeps the first ones
    if (!body.logs.length) break;
    seen.push(...body.logs.map((line) => line.seq));
    assert.equal(body.next_since, since + body.logs.length);
    since = body.next_since;
  }
  assert.deepEqual(seen, [...Array(25).keys()]);
  isError(assert, await from(-1), 400, 'invalid');
  isError(assert, await call(server, 'GET', '/api/training/logs/none'), 404, 'not_found');
});

test('KNX: what its ring of 2000 lines would have forgotten is still there (W16)', async (t) => {
  const { server, id } = await run(t, lines(6000));
  const seen = [];
  for (let since = 0; ;) {
    const { body } = await call(server, 'GET', `/api/training/logs/${id}?since=${since}&limit=2000`);
    if (!body.logs.length) break;
    seen.push(...body.logs.map((line) => line.raw));
    since = body.next_since;
  }
  assert.equal(seen.length, 6000);
  assert.ok(seen.every((raw, i) => raw === `line ${i}`));
});

test('KNX: a time cursor gives each line once, strictly rising between answers; limit keeps the last ones', async (t) => {
  const { server, id } = await run(t, `${lines(50)}; sleep 0.6; ${lines(50)}; sleep 0.6; ${lines(20)}`);
  const by = (since, limit) => call(server, 'GET', `/api/jobs/${id}/logs?since=${since}${limit === undefined ? '' : `&limit=${limit}`}`);
  const all = (await by(0)).body;
  assert.equal(all.logs.length, 120);
  assert.ok(all.logs.every((line, i) => i === 0 || line.timestamp >= all.logs[i - 1].timestamp));
  const times = [...new Set(all.logs.map((line) => line.timestamp))];
  assert.ok(times.length >= 3);
  for (const time of times) { // after each moment come exactly the lines that are later
    const later = (await by(time)).body.logs;
    assert.deepEqual(later.map((line) => line.seq), all.logs.filter((line) => line.timestamp > time).map((line) => line.seq));
  }
  const last = (await by(0, 7)).body;
  assert.deepEqual(last.logs.map((line) => line.seq), [113, 114, 115, 116, 117, 118, 119]);
  assert.equal(last.dropped, 113);
  assert.equal((await by(0, 0)).body.logs.length, 120);
  assert.equal(all.status, 'failed'); // terminal, one of the five words
});

test('KNX: the trainer runs unbuffered, in its own folder, with its packages on the path (W22)', async (t) => {
  const { server, id } = await run(t, 'echo "args $*"; echo "cwd $PWD"; env | sort');
  const text = (await call(server, 'GET', `/api/training/logs/${id}?limit=0`)).body.logs.map((line) => line.raw).join('\n');
  assert.match(text, /^args -u \S*train_network\.py --config_file/m);
  assert.match(text, /^cwd \S*sd_scripts$/m);
  assert.match(text, /^PYTHONUNBUFFERED=1$/m);
  assert.match(text, /^PYTHONUTF8=1$/m);
  assert.match(text, /^PYTHONPATH=\S+/m);
  assert.doesNotMatch(text, /^WANDB_API_KEY=/m);
});

test('KNX: of a failure the whole traceback is in the log, and its last line is the error (W23)', async (t) => {
  const traceback = ['Traceback (most recent call last):', ...Array.from({ length: 40 }, (_, i) => `  File "x.py", line ${i}, in f`), 'RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB'];
  const { job, log } = await run(t, `echo "steps:  50%|#####     | 2/4 [00:01<00:01, 2.00it/s, avr_loss=0.1]" >&2; cat <<'END' >&2\n${traceback.join('\n')}\nEND\nexit 1`);
  assert.ok(log().toString().includes(traceback.join('\n')));
  assert.equal(job.error, traceback.at(-1));
  assert.equal(job.progress, 50); // not back to 0
  assert.equal(job.failures[0].cause, 'cuda_out_of_memory');
});

test('megabytes of stderr hang nothing, and every byte is kept (W25)', async (t) => {
  const { server, id, job, log } = await run(t, `head -c 6291456 /dev/zero | tr '\\0' e >&2; echo >&2; echo done; exit 2`);
  assert.equal(job.exit_code, 2);
  assert.equal(log().length, 6291456 + 6);
  const raw = await fetch(`${server.base}/api/jobs/${id}/log`);
  assert.ok(Buffer.from(await raw.arrayBuffer()).equals(log()));
  const { body } = await call(server, 'GET', `/api/jobs/${id}/logs?since=0`);
  assert.equal(body.logs.at(-1).raw, 'done');
  assert.ok(body.logs[0].raw.length < 70000, 'a line of megabytes is shown cut');
  assert.equal(body.logs[0].end - body.logs[0].offset, 6291457);
});

test('NULs, invalid UTF-8 and rewritten bars are shown as text, and kept as bytes', async (t) => {
  const { server, id, log } = await run(t, `printf 'nul\\000nul\\n\\377\\376bad\\nbar:  10%%|# | 1/10 [00:00<00:01]\\rbar:  20%%|# | 2/10 [00:00<00:01]\\rno end'`);
  const { body } = await call(server, 'GET', `/api/jobs/${id}/logs?since=0`);
  assert.deepEqual(body.logs.map((line) => line.raw), ['nul\0nul', '\ufffd\ufffdbad', 'bar:  20%|# | 2/10 [00:00<00:01]', 'no end']);
  assert.deepEqual(body.logs.map((line) => line.message), ['nul\u2400nul', '\ufffd\ufffdbad', 'bar:  20%|# | 2/10 [00:00<00:01]', 'no end']);
  const raw = await fetch(`${server.base}/api/jobs/${id}/log`);
  assert.ok(Buffer.from(await raw.arrayBuffer()).equals(log()));
});

test('a log is searched, page by page', async (t) => {
  const { server, id, log } = await run(t, `${lines(500)}; echo "[ERROR] line of trouble"; ${lines(3)}`);
  const search = (query) => call(server, 'GET', `/api/jobs/${id}/search?${query}`);
  const { body: first } = await search('q=LINE%204&limit=50');
  assert.equal(first.matches, 111);
  assert.equal(first.logs.length, 50);
  const { body: second } = await search(`q=line%204&limit=100&since=${first.next_since}`);
  assert.equal(second.logs.length, 61);
  assert.equal(second.next_since, null);
  const all = [...first.logs, ...second.logs];
  for (const line of all) assert.equal(log().subarray(line.offset, line.end).toString(), `${line.raw}\n`);
  assert.deepEqual((await search('q=line&level=error')).body.logs.map((line) => line.message), ['line of trouble']);
  assert.deepEqual((await search('q=nowhere')).body.logs, []);
  isError(assert, await search('q='), 400, 'invalid');
  assert.match(server.ws.run(['job', 'logs', id, '--grep', 'TROUBLE']).out, /^\[ERROR\] line of trouble\n$/);
});

test('all about a job comes as a zip, with a name, and without secrets', async (t) => {
  const { server, id } = await run(t, 'echo "token=abcdefgh"; exit 1');
  const answer = await fetch(`${server.base}/api/jobs/${id}/diagnostics`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/zip');
  assert.match(answer.headers.get('content-disposition'), new RegExp(`attachment.*${id}\\.zip`));
  const zip = Buffer.from(await answer.arrayBuffer());
  assert.equal(zip.subarray(0, 4).toString('latin1'), 'PK\x03\x04');
  for (const name of ['job.json', 'log.txt', 'inputs/config.toml', 'doctor.json', 'README.txt']) assert.ok(zip.includes(`${id}/${name}`), name);
  isError(assert, await call(server, 'GET', '/api/jobs/none/diagnostics'), 404, 'not_found');
  const file = path.join(server.ws.dir, 'x.zip');
  server.ws.json(['job', 'bundle', id, '--out', file]);
  assert.equal(readFileSync(file).subarray(0, 2).toString(), 'PK');
});
