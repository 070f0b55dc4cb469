// SPDX-License-Identifier: MIT
// Workers: many at once, none for ever, and nobody waits for a client that is gone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, sleep, start, statuses, until } from './support.mjs';

let server;
before(async () => (server = await start({ workers: 8, queue: 40 })));
after(() => server.end());

const stats = async () => JSON.parse((await server.get('/api/stats')).body);
const idle = () => until(async () => ((s) => s.live === 1 && s.waiting === 0)(await stats()), 20000);

test('answers from memory do not wait for workers that hang', async () => {
  const hanging = Array.from({ length: 30 }, () => server.get('/api/slow?ms=800'));
  await until(async () => (await stats()).waiting >= 20);
  const times = [];
  for (let i = 0; i < 50; i++) {
    const began = process.hrtime.bigint();
    assert.equal((await server.get('/api/health')).status, 200);
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  assert.ok(times.sort((a, b) => a - b)[25] < 1000, `median ${times[25]} ms`);
  for (const r of await Promise.all(hanging)) assert.equal(r.status, 200);
});

test('the queue has an end: 503 at once', async () => {
  const all = Array.from({ length: 80 }, () => server.get('/api/slow?ms=2000'));
  const answers = await Promise.all(all);
  const count = (status) => answers.filter((r) => r.status === status).length;
  assert.equal(count(200) + count(503), 80);
  // 8 workers and 40 that wait; a slow machine takes a few more or less, but never all.
  assert.ok(count(200) >= 32 && count(503) > 0, `${count(200)} answered, ${count(503)} refused`);
  const refused = answers.find((r) => r.status === 503);
  assert.equal(refused.headers['retry-after'], '1');
  assert.equal(JSON.parse(refused.body).code, 'busy');
  await idle();
});

test('a handler that takes too long is answered for, and its connection goes on', async () => {
  const s = await connect(server.port);
  const began = Date.now();
  s.write('GET /api/slow/short?ms=3000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => statuses(s.got.toString()).length === 1);
  assert.deepEqual(statuses(s.got.toString()), [503]);
  assert.ok(Date.now() - began < 2900, 'before the handler ended');
  s.destroy();
  // One that does not look whether anybody waits: its late answer goes nowhere, and nothing breaks.
  const deaf = await server.get('/api/slow/short?ms=1200&deaf=1');
  assert.equal(deaf.status, 503);
  await sleep(1300);
  await idle();
});

test('a deadline counts while a request waits for a worker', async () => {
  const hanging = Array.from({ length: 8 }, () => server.get('/api/slow?ms=1000'));
  await until(async () => (await stats()).live >= 9);
  const r = await server.get('/api/slow/short?ms=1');
  assert.equal(r.status, 503);
  await Promise.all(hanging);
});

test('clients that go away free their connection and their worker', async () => {
  const sockets = await Promise.all(Array.from({ length: 40 }, () => connect(server.port)));
  for (const s of sockets) s.write('GET /api/slow?ms=60000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(async () => (await stats()).live === 41);
  for (const s of sockets) s.destroy();
  const began = Date.now();
  await idle();
  assert.ok(Date.now() - began < 3000, `${Date.now() - began} ms`);
});

test('ten thousand short requests, none lost or mixed up', async () => {
  const sockets = await Promise.all(Array.from({ length: 20 }, () => connect(server.port)));
  await Promise.all(sockets.map(async (s, k) => {
    for (let round = 0; round < 50; round++) {
      let text = '';
      for (let i = 0; i < 10; i++) text += `GET /api/slow?id=s${k}.${round}.${i}. HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      s.got = Buffer.alloc(0);
      s.write(text);
      const ids = () => [...s.got.toString().matchAll(/\bs(\d+\.\d+\.\d+)\./g)].map((m) => m[1]);
      await until(() => ids().length === 10, 20000);
      assert.deepEqual(ids(), Array.from({ length: 10 }, (_, i) => `${k}.${round}.${i}`));
    }
    s.destroy();
  }));
});

test('long answers: a client that goes away ends them', async () => {
  const s = await connect(server.port);
  s.pause();
  s.write('GET /api/stream?n=1000000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(async () => (await stats()).live === 2);
  await sleep(200);
  s.destroy();
  await idle();
});
