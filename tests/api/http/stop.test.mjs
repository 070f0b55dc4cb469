// SPDX-License-Identifier: MIT
// Stopping in the middle of everything: answers that were begun arrive whole, nothing hangs, the exit code is 0.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { connect, eventSource, sleep, start, statuses, until, websocket } from './support.mjs';

test('nothing is cut under load', async () => {
  for (let round = 0; round < 3; round++) {
    const server = await start();
    const agents = await Promise.all(Array.from({ length: 20 }, () => connect(server.port)));
    let ask = true;
    const cut = [];
    const loops = agents.map(async (s, k) => {
      let over = false;
      s.over.then(() => (over = true));
      for (let i = 0; ask && !over; i++) {
        s.got = Buffer.alloc(0);
        s.write(`GET /api/${k % 2 ? 'health' : `slow?ms=${i % 20}&id=xxxxxxxxxxxxxxxxxxxx`} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        await until(() => over || /\r\n\r\n[^]{20,}/.test(s.got.toString()), 20000);
        const text = s.got.toString();
        // Whole, or not begun: the listener closed before our request was read.
        if (text && !/\r\n\r\n[^]{20,}$/.test(text)) cut.push(text);
        if (/Connection: close/i.test(text)) break;
      }
    });
    await sleep(300);
    const end = server.end();
    await sleep(200);
    ask = false;
    await end;
    await Promise.all(loops);
    assert.deepEqual(cut, []);
  }
});

test('running handlers get their grace; those that wait are told at once', async () => {
  const server = await start({ workers: 2 });
  const all = Array.from({ length: 10 }, () => server.get('/api/slow?ms=2000'));
  await until(async () => JSON.parse((await server.get('/api/stats')).body).waiting === 8);
  const end = server.end();
  const answers = await Promise.all(all);
  await end;
  assert.equal(answers.filter((r) => r.status === 200).length, 2);
  assert.equal(answers.filter((r) => r.status === 503).length, 8);
});

test('handlers that outlast the grace are answered for', async () => {
  const server = await start({ 'grace-ms': 300 });
  const one = server.get('/api/slow?ms=60000');
  const deaf = server.get('/api/slow?ms=2000&deaf=1');
  await until(async () => JSON.parse((await server.get('/api/stats')).body).live === 3);
  const end = server.end();
  assert.equal((await one).status, 503);
  assert.equal((await deaf).status, 503);
  await end;
});

test('feeds are told', async () => {
  const server = await start();
  const sockets = await Promise.all(Array.from({ length: 100 }, () => websocket(server.port, '/ws/log')));
  const streams = await Promise.all(Array.from({ length: 100 }, () => eventSource(server.port, '/api/log/events')));
  await until(async () => JSON.parse((await server.get('/api/stats')).body).feeds === 200);
  const end = server.end();
  await Promise.all(sockets.map((w) => w.over));
  for (const w of sockets) assert.deepEqual(w.close, { code: 1001, reason: 'the server is stopping' });
  for (const e of streams) assert.equal(await e.over, true);
  await end;
});

test('clients that do not answer, half-done uploads, long answers and silent connections do not hold it up', async () => {
  const server = await start({ 'grace-ms': 500 });
  const rude = await Promise.all(Array.from({ length: 20 }, () => websocket(server.port, '/ws/flood', { read: false })));
  const uploads = await Promise.all(Array.from({ length: 5 }, () => connect(server.port)));
  for (const s of uploads) {
    s.write('PUT /api/upload?sleep_ms=5 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n');
    s.write(randomBytes(3_000_000));
  }
  const streams = await Promise.all(Array.from({ length: 3 }, () => connect(server.port)));
  for (const s of streams) {
    s.pause();
    s.write('GET /api/stream?n=1000000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  }
  const silent = await connect(server.port);
  const half = await connect(server.port);
  half.write('GET /api/health HTTP/1.1\r\nHos');
  await sleep(500);
  const began = Date.now();
  await server.end();
  assert.ok(Date.now() - began < 8000, `${Date.now() - began} ms`);
  for (const s of [...uploads, ...streams, silent, half, ...rude.map((w) => w.socket)]) s.destroy();
});

test('a server that was never asked anything', async () => {
  const server = await start();
  assert.deepEqual(statuses(server.output()), []);
  await server.end('SIGINT');
});
