// SPDX-License-Identifier: MIT
// Token mode: nothing without it, Bearer for tools, a session for the page.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start, websocket } from './support.mjs';

const token = 'correct horse battery staple';
const dir = mkdtempSync(path.join(os.tmpdir(), 'lorica-token-'));
const sessions = path.join(dir, 'sessions');
let server;
before(async () => (server = await start({ token, sessions, dir })));
after(async () => {
  await server.end();
  rmSync(dir, { recursive: true });
});

const bearer = { Authorization: `Bearer ${token}` };
const login = async (secret, headers = {}) => {
  const r = await server.ask('POST', '/api/login', { body: secret, headers });
  return { status: r.status, cookie: r.headers['set-cookie']?.[0], headers: r.headers };
};

test('every route of the table asks for the token, but those that are open', async () => {
  const list = JSON.parse((await server.get('/api/endpoints', { headers: bearer })).body);
  assert.ok(list.length > 20);
  for (const { method, path: p, open } of list) {
    const target = p.replace(/\{[^}]*\}/g, 'x');
    const r = await server.ask(method, target);
    if (open) {
      // Login itself says 401 to a wrong token, which the empty body is.
      if (p !== '/api/login') assert.ok(r.status < 300, p);
      continue;
    }
    assert.equal(r.status, 401, `${method} ${p}`);
    assert.equal(r.headers['www-authenticate'], 'Bearer');
  }
  for (const target of ['/ws/count', '/ws/log']) {
    const w = await websocket(server.port, target);
    assert.equal(w.status, 401);
    w.socket.destroy();
  }
  assert.equal((await server.get('/api/there-is-no-such-thing')).status, 401);
  assert.equal((await server.ask('DELETE', '/api/echo')).status, 401);
});

test('health and the page are open', async () => {
  assert.equal((await server.get('/api/health')).status, 200);
  assert.equal((await server.get('/')).status, 200);
  assert.equal((await server.get('/assets/app-5d41402a.js')).status, 200);
  assert.equal((await server.get('/', { headers: { Host: 'anything.example' } })).status, 200);
});

test('Bearer', async () => {
  assert.equal((await server.get('/api/slow', { headers: bearer })).status, 200);
  for (const value of ['Bearer wrong', `Bearer ${token.slice(0, -1)}`, 'Bearer ', `Basic ${token}`, token])
    assert.equal((await server.get('/api/slow', { headers: { Authorization: value } })).status, 401, value);
  const w = await websocket(server.port, '/ws/count', { headers: bearer });
  assert.equal(w.status, 101);
  w.socket.destroy();
});

test('a session: cookie in, cookie out, gone after logout', async () => {
  const { status, cookie } = await login(token);
  assert.equal(status, 204);
  assert.match(cookie, new RegExp(`^lorica_session_${server.port}=[0-9a-f]{64}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict$`));
  const headers = { Cookie: `other=1; ${cookie.split(';')[0]}` };
  assert.equal((await server.get('/api/slow', { headers })).status, 200);
  const w = await websocket(server.port, '/ws/count', { headers });
  assert.equal(w.status, 101);
  w.socket.destroy();
  const out = await server.ask('POST', '/api/logout', { headers });
  assert.equal(out.status, 204);
  assert.match(out.headers['set-cookie'][0], /Max-Age=0/);
  assert.equal((await server.get('/api/slow', { headers })).status, 401);
  assert.equal((await server.get('/api/slow', { headers: { Cookie: `lorica_session_${server.port}=${'0'.repeat(64)}` } })).status, 401);
});

test('sessions outlive the server; what is saved is no key', async () => {
  const { cookie } = await login(token);
  const saved = readFileSync(sessions, 'utf8');
  assert.doesNotMatch(saved, new RegExp(cookie.split(/[=;]/)[1]));
  assert.equal(statSync(sessions).mode & 0o777, 0o600);
  const port = server.port;
  await server.stop();
  server = await start({ token, sessions, dir, port });
  assert.equal((await server.get('/api/slow', { headers: { Cookie: cookie.split(';')[0] } })).status, 200);
});

test('guessing is slowed down; a session is not locked out', async () => {
  const { cookie } = await login(token);
  const seen = new Set();
  for (let i = 0; i < 15; i++) seen.add((await login(`guess ${i}`)).status);
  assert.deepEqual([...seen], [401, 429]);
  const late = await login(token);
  assert.equal(late.status, 429);
  assert.ok(Number(late.headers['retry-after']) > 0);
  assert.equal((await server.get('/api/slow', { headers: bearer })).status, 429);
  assert.equal((await server.get('/api/slow', { headers: { Cookie: cookie.split(';')[0] } })).status, 200);
  assert.equal((await server.get('/api/health')).status, 200);
});

test('an address that others can reach needs a token', async () => {
  await assert.rejects(start({ host: '0.0.0.0' }), /needs a token|token/);
  const open = await start({ host: '0.0.0.0', token });
  assert.equal((await open.get('/api/slow')).status, 401);
  await open.stop();
  await assert.rejects(start({ port: server.port }), /in use/);
});
