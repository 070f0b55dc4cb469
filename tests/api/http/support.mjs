// SPDX-License-Identifier: MIT
// A server to talk to, raw sockets to talk badly with, and a small WebSocket client. Node's own modules only.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const tree = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const bin = process.env.LORICA_BIN ?? path.join(tree, 'build/dev/bin');
export const program = path.resolve(bin, '../tests/http-server');

// Sanitizers keep freed memory and take their time: figures mean nothing there.
export const instrumented = /asan|tsan/.test(bin);

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(what, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await what();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(20);
  }
}

// Starts a server on a free port with a folder of its own. `await server.stop()` gives its exit code and what it said.
export async function start(options = {}) {
  const dir = options.dir ?? mkdtempSync(path.join(os.tmpdir(), 'lorica-http-'));
  const args = ['--dir', dir];
  for (const [name, value] of Object.entries(options)) {
    if (name === 'dir') continue;
    for (const one of [value].flat()) args.push(`--${name}`, String(one));
  }
  if (!existsSync(program)) throw new Error(`${program} is not built`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (b) => (out += b));
  child.stderr.on('data', (b) => (err += b));
  const ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
  const server = {
    dir,
    pid: child.pid,
    // What is left of it when a test failed.
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const how = await ended;
      if (!options.dir) rmSync(dir, { recursive: true, force: true });
      return { ...how, out, err };
    },
    // The same, and it must have been a good end.
    async end(signal) {
      const how = await server.stop(signal);
      const said = how.err.replace(/^\S+Z warn (GET|PUT|POST) .*\n/gm, ''); // failures that tests ask for
      assert.deepEqual([said, how.code, how.signal], ['', 0, null]);
      assert.match(how.out, /stopped/);
    },
    output: () => out,
    log: () => err,
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) * 1024,
    get: (target, opts) => request(server.port, 'GET', target, opts),
    ask: (method, target, opts) => request(server.port, method, target, opts),
    raw: (bytes, opts) => raw(server.port, bytes, opts),
  };
  await until(() => {
    if (child.exitCode !== null) throw new Error(`server ended: ${err}`);
    return /listening (\d+)/.exec(out);
  });
  server.port = Number(/listening (\d+)/.exec(out)[1]);
  server.base = `http://127.0.0.1:${server.port}`;
  return server;
}

// One request on a connection of its own (or on `agent`): { status, headers, body }.
export function request(port, method, target, { headers = {}, body, agent } = {}) {
  return new Promise((done, fail) => {
    const q = http.request({ host: '127.0.0.1', port, method, path: target, headers, agent: agent ?? false }, (r) => {
      const parts = [];
      const localPort = r.socket.localPort;
      r.on('data', (b) => parts.push(b));
      r.on('error', fail);
      r.on('end', () => {
        const bytes = Buffer.concat(parts);
        done({ status: r.statusCode, headers: r.headers, bytes, body: bytes.toString(), localPort });
      });
    });
    q.on('error', fail);
    if (body !== undefined) q.write(body);
    q.end();
  });
}

// A socket whose received bytes pile up in `.got`; `.over` resolves when the server closes.
export function connect(port) {
  return new Promise((done, fail) => {
    const s = net.connect(port, '127.0.0.1', () => done(s));
    s.got = Buffer.alloc(0);
    s.on('data', (b) => (s.got = Buffer.concat([s.got, b])));
    s.over = new Promise((end) => s.on('close', end));
    s.on('error', fail);
    s.on('error', () => {});
  });
}

// Write bytes, and take what comes until the server closes or it is quiet for `quiet` ms.
export async function raw(port, bytes, { quiet = 400 } = {}) {
  const s = await connect(port);
  s.write(bytes);
  let closed = false;
  s.over.then(() => (closed = true));
  let length = -1;
  while (!closed && s.got.length !== length) {
    length = s.got.length;
    await Promise.race([s.over, sleep(quiet)]);
  }
  s.destroy();
  return { text: s.got.toString('latin1'), closed };
}

// Status codes of all responses in a text, in order.
export const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]));

// ---- WebSocket ---------------------------------------------------------------------------------------------------------

export function frame(opcode, payload, { mask = true, fin = true } = {}) {
  const bytes = Buffer.from(payload);
  const head = [(fin ? 0x80 : 0) | opcode];
  const m = mask ? 0x80 : 0;
  if (bytes.length < 126) head.push(m | bytes.length);
  else if (bytes.length < 65536) head.push(m | 126, bytes.length >> 8, bytes.length & 255);
  else head.push(m | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (bytes.length >>> by) & 255));
  if (!mask) return Buffer.concat([Buffer.from(head), bytes]);
  const key = randomBytes(4);
  const masked = Buffer.from(bytes.map((b, i) => b ^ key[i & 3]));
  return Buffer.concat([Buffer.from(head), key, masked]);
}

export function upgradeText(port, target, headers = {}) {
  const all = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, v]) => v !== null).map(([k, v]) => `${k}: ${v}\r\n`);
  return `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

// { status, messages, pings, close: {code, reason}, send, ping, over } - messages are texts, in order.
export async function websocket(port, target, { headers, extra = Buffer.alloc(0), read = true } = {}) {
  const s = net.connect(port, '127.0.0.1');
  const w = { socket: s, messages: [], pings: 0, pongs: [], close: null, status: 0, head: '' };
  let rest = Buffer.alloc(0);
  const take = () => {
    for (;;) {
      if (rest.length < 2) return;
      let n = rest[1] & 127;
      let at = 2;
      if (n === 126) {
        if (rest.length < 4) return;
        n = rest.readUInt16BE(2);
        at = 4;
      } else if (n === 127) {
        if (rest.length < 10) return;
        n = Number(rest.readBigUInt64BE(2));
        at = 10;
      }
      if (rest.length < at + n) return;
      const payload = rest.subarray(at, at + n);
      const opcode = rest[0] & 15;
      rest = rest.subarray(at + n);
      if (opcode === 1) w.messages.push(payload.toString());
      else if (opcode === 8) w.close = { code: payload.length ? payload.readUInt16BE(0) : 1005, reason: payload.subarray(2).toString() };
      else if (opcode === 9) {
        w.pings++;
        if (w.answerPings !== false) s.write(frame(10, payload));
      } else if (opcode === 10) w.pongs.push(payload.toString());
      if (opcode === 8 && w.answerClose !== false) s.write(frame(8, payload));
    }
  };
  w.over = new Promise((end) => s.on('close', () => end()));
  w.send = (text) => s.write(frame(1, text));
  w.ping = (text) => s.write(frame(9, text));
  w.bye = (code = 1000) => s.write(frame(8, Buffer.from([code >> 8, code & 255])));
  await new Promise((done, fail) => {
    s.on('error', (e) => (w.status ? null : fail(e)));
    s.on('close', () => (w.status ? null : fail(new Error('closed without an answer'))));
    s.on('connect', () => s.write(Buffer.concat([Buffer.from(upgradeText(port, target, headers)), extra])));
    s.on('data', (b) => {
      rest = Buffer.concat([rest, b]);
      if (!w.status) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        w.head = rest.subarray(0, end).toString();
        w.status = Number(w.head.split(' ')[1]);
        rest = rest.subarray(end + 4);
        if (!read) s.pause();
        done();
      }
      if (w.status === 101) take();
    });
  });
  return w;
}

// Server-sent events: { events: [{id, event, data}], over, socket, head }.
export async function eventSource(port, target, { headers = {} } = {}) {
  const e = { events: [], comments: 0, ended: false };
  await new Promise((done, fail) => {
    const q = http.request({ host: '127.0.0.1', port, path: target, agent: false, headers: { Accept: 'text/event-stream', ...headers } }, (r) => {
      e.status = r.statusCode;
      e.headers = r.headers;
      let text = '';
      r.setEncoding('utf8');
      r.on('data', (b) => {
        text += b;
        for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
          const one = { data: [] };
          for (const line of text.slice(0, end).split('\n')) {
            const [name, ...value] = line.split(': ');
            if (line.startsWith(':')) e.comments++;
            else if (name === 'data') one.data.push(value.join(': '));
            else one[name] = value.join(': ');
          }
          if (one.data.length) e.events.push({ ...one, data: one.data.join('\n') });
        }
      });
      e.over = new Promise((end) => {
        r.on('end', () => end((e.ended = true)));
        r.on('error', () => end(false));
        r.on('close', () => end(e.ended));
      });
      e.close = () => q.destroy();
      done();
    });
    q.on('error', (x) => (e.status ? null : fail(x)));
    q.end();
  });
  return e;
}
