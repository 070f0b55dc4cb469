// SPDX-License-Identifier: MIT
// WebSockets and event streams: the same feed, every byte, slow and broken clients, a thousand of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, eventSource, frame, instrumented, sleep, start, until, upgradeText, websocket } from './support.mjs';

let server;
before(async () => (server = await start({ 'feed-idle-ms': 500, 'feed-stall-ms': 2000, feeds: 1100 })));
after(() => server.end());

const stats = async () => JSON.parse((await server.get('/api/stats')).body);
const none = () => until(async () => ((s) => s.feeds === 0 && s.objects === 0)(await stats()));
const append = (text) => server.ask('POST', '/api/log', { body: text });
let size = 0;
async function log(lines) {
  const text = lines.map((l) => `${l}\n`).join('');
  await append(text);
  size += Buffer.byteLength(text);
}

test('handshake', async () => {
  const w = await websocket(server.port, '/ws/count');
  assert.match(w.head, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  await w.over;
  assert.deepEqual([w.messages, w.close], [['0', '1', '2'], { code: 1000, reason: '' }]);
  const status = async (headers, target = '/ws/count') => {
    const o = await websocket(server.port, target, { headers });
    o.socket.destroy();
    return o.status;
  };
  assert.equal(await status({ Upgrade: null }), 400);
  assert.equal(await status({ Upgrade: 'h2c' }), 400);
  assert.equal(await status({ Connection: 'keep-alive' }), 400);
  assert.equal(await status({ Connection: 'keep-alive, Upgrade' }), 101);
  assert.equal(await status({ 'Sec-WebSocket-Version': '8' }), 400);
  assert.equal(await status({ 'Sec-WebSocket-Key': 'short' }), 400);
  assert.equal(await status({}, '/ws/nothing'), 404);
  const plain = await server.get('/ws/count');
  assert.equal(plain.status, 400);
  assert.match(plain.body, /WebSocket upgrade required/);
  await none();
});

test('event streams: ids, events, a clean end', async () => {
  const e = await eventSource(server.port, '/api/count/events');
  assert.equal(e.headers['content-type'], 'text/event-stream');
  assert.equal(await e.over, true);
  assert.deepEqual(e.events.map((x) => [x.id, x.data]), [['0', '0'], ['1', '1'], ['2', '2']]);
});

test('followers get what is there, what comes, and go on where they were', async () => {
  await log(['one', 'two']);
  const w = await websocket(server.port, '/ws/log');
  const e = await eventSource(server.port, '/api/log/events');
  await until(() => w.messages.length === 2 && e.events.length === 2);
  await log(['three', 'übung', '']);
  await until(() => w.messages.length === 5 && e.events.length === 5);
  assert.deepEqual(w.messages, ['one', 'two', 'three', 'übung', '']);
  assert.deepEqual(e.events.map((x) => x.data), w.messages);
  assert.deepEqual(e.events.map((x) => x.event), Array(5).fill('log'));
  const at = e.events[3].id;
  e.close();
  await log(['six']);
  const again = await eventSource(server.port, '/api/log/events', { headers: { 'Last-Event-ID': at } });
  await until(() => again.events.length === 2);
  assert.deepEqual(again.events.map((x) => x.data), ['', 'six']);
  const w2 = await websocket(server.port, `/ws/log?from=${at}`);
  await until(() => w2.messages.length === 2);
  assert.deepEqual(w2.messages, ['', 'six']);
  again.close();
  for (const one of [w, w2]) one.bye();
  await Promise.all([w.over, w2.over]);
  assert.equal(w.close.code, 1000);
  await none();
});

test('what a client says; bytes that come together with the handshake', async () => {
  const w = await websocket(server.port, `/ws/log?from=${size}`, { extra: Buffer.concat([frame(1, 'first'), frame(9, 'p')]) });
  await until(() => w.messages.length === 1 && w.pongs.length === 1);
  assert.deepEqual([w.messages, w.pongs], [['first'], ['p']]);
  w.socket.write(Buffer.concat([frame(1, 'fr', { fin: false }), frame(9, 'between'), frame(0, 'ag', { fin: false }), frame(0, 'ment')]));
  await until(() => w.messages.length === 2);
  assert.deepEqual([w.messages[1], w.pongs[1]], ['fragment', 'between']);
  const large = 'x'.repeat(300_000);
  w.send(large);
  await until(() => w.messages.length === 3);
  assert.equal(w.messages[2], large);
  w.socket.write(frame(2, 'binary is ignored'));
  const bytes = frame(1, 'slowly');
  for (const b of bytes) {
    w.socket.write(Buffer.from([b]));
    await sleep(2);
  }
  await until(() => w.messages.length === 4);
  w.send('bye');
  await w.over;
  assert.deepEqual(w.close, { code: 4004, reason: 'as you wish' });
  await none();
});

test('clients that break the rules are told and closed', async () => {
  const cases = [
    ['unmasked frame', frame(1, 'x', { mask: false }), [1002]],
    ['reserved opcode', frame(3, 'x'), [1002]],
    ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0]), [1002]],
    ['continuation of nothing', frame(0, 'x'), [1002]],
    ['fragmented ping', frame(9, 'x', { fin: false }), [1002]],
    ['long ping', frame(9, 'x'.repeat(126)), [1002]],
    ['text that is not UTF-8', frame(1, Buffer.from([0xff, 0xfe])), [1007]],
    ['too long', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5]), [1009]],
    ['bad close code', frame(8, Buffer.from([0x03, 0xed])), [1002, 1005]],
  ];
  for (const [name, bytes, codes] of cases) {
    const w = await websocket(server.port, `/ws/log?from=${size}`);
    w.socket.write(bytes);
    await Promise.race([w.over, sleep(5000).then(() => assert.fail(`${name}: still open`))]);
    if (w.close) assert.ok(codes.includes(w.close.code), `${name}: ${w.close.code}`);
  }
  await none();
});

test('heartbeats; a client that answers none is cut off', async () => {
  const e = await eventSource(server.port, `/api/log/events?from=${size}`);
  const w = await websocket(server.port, `/ws/log?from=${size}`);
  const dead = await websocket(server.port, `/ws/log?from=${size}`);
  dead.answerPings = false;
  await until(() => e.comments >= 2 && w.pings >= 2);
  await dead.over;
  await sleep(600);
  assert.equal(w.close, null);
  e.close();
  w.bye();
  await w.over;
  await none();
});

test('clients that do not read slow nobody down, cost little, and are cut off', async () => {
  const before = server.rss();
  const stuck = await Promise.all(Array.from({ length: 50 }, () => websocket(server.port, '/ws/flood', { read: false })));
  const stuckEvents = await Promise.all(Array.from({ length: 20 }, async () => {
    const s = await connect(server.port);
    s.pause();
    s.write('GET /api/flood/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return s;
  }));
  await until(async () => (await stats()).feeds === 70);
  await sleep(300);
  const live = await websocket(server.port, `/ws/log?from=${size}`);
  const began = Date.now();
  await log(['still quick']);
  await until(() => live.messages.length === 1);
  assert.ok(Date.now() - began < 1000);
  assert.ok(instrumented || server.rss() - before < 70 * 400_000, `${server.rss() - before} bytes`);
  await until(async () => (await stats()).feeds === 1);
  for (const w of stuck) w.socket.destroy();
  for (const s of stuckEvents) s.destroy();
  live.bye();
  await live.over;
  await none();
});

test('a thousand WebSockets follow one log', async () => {
  const many = await start({ feeds: 1000 });
  const all = [];
  for (let i = 0; i < 1000; i += 100)
    all.push(...(await Promise.all(Array.from({ length: 100 }, () => websocket(many.port, '/ws/log')))));
  const lines = Array.from({ length: 200 }, (_, i) => `line ${i} of a broadcast`);
  for (let i = 0; i < lines.length; i += 20)
    await many.ask('POST', '/api/log', { body: lines.slice(i, i + 20).map((l) => `${l}\n`).join('') });
  await until(() => all.every((w) => w.messages.length === lines.length), 60000);
  for (const w of all) assert.deepEqual(w.messages, lines);
  const last = JSON.parse((await many.get('/api/stats')).body);
  assert.equal(last.feeds, 1000);
  for (const w of all) w.socket.destroy();
  await until(async () => JSON.parse((await many.get('/api/stats')).body).objects === 0);
  await many.end();
});

test('more feeds than the limit are refused, and other requests are not', async () => {
  const few = await start({ feeds: 3 });
  const all = await Promise.all(Array.from({ length: 3 }, () => websocket(few.port, '/ws/log')));
  await until(async () => JSON.parse((await few.get('/api/stats')).body).feeds === 3);
  const w = await websocket(few.port, '/ws/log');
  assert.equal(w.status, 503);
  assert.equal((await few.get('/api/log/events')).status, 503);
  assert.equal((await few.get('/api/slow')).status, 200);
  for (const one of all) one.socket.destroy();
  w.socket.destroy();
  await few.end();
});

test('connections that churn', async () => {
  for (let round = 0; round < 20; round++) {
    const all = await Promise.all(Array.from({ length: 25 }, (_, i) =>
      i % 2 ? websocket(server.port, `/ws/log?from=${size}`) : eventSource(server.port, `/api/log/events?from=${size}`)));
    for (const [i, one] of all.entries()) {
      if (!one.socket) one.close();
      else if (i % 4 === 1) one.socket.resetAndDestroy();
      else one.socket.destroy();
    }
    if (round % 5 === 0) await log([`round ${round}`]);
  }
  const half = await connect(server.port);
  half.write(upgradeText(server.port, '/ws/log'));
  half.destroy();
  await none();
});
