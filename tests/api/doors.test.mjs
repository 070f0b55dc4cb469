// SPDX-License-Identifier: MIT
// Who may come in, asked of the program itself and of every route it has: the token, foreign pages, rebound names, requests
// that hide another one. How the transport decides is tested in http/; here nothing may have been left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { check, find, operationOf, step } from './contract.mjs';
import { assertRefused, malformed } from './http/malformed.mjs';
import { raw, request, websocket } from './http/support.mjs';
import { call, isError, serve } from './support.mjs';

const token = 'a long enough token';
const bearer = { authorization: `Bearer ${token}` };

// One request as it is, Host and all; its answer is held against openapi/ too. {status, headers, body}.
async function knock(server, route, headers = {}, body) {
  const url = server.base + route.path.replace(/\{[^}]*\}/g, 'x');
  if (route.websocket) {
    const w = await websocket(server.port, new URL(url).pathname, { headers });
    w.socket.destroy();
    return { status: w.status, headers: {} };
  }
  const answer = await request(server.port, route.method, new URL(url).pathname, { headers, body });
  const json = answer.headers['content-type']?.includes('json');
  check({ method: route.method, url, status: answer.status, type: answer.headers['content-type'], body: json ? JSON.parse(answer.body) : undefined });
  return { ...answer, body: json ? JSON.parse(answer.body) : answer.body };
}

async function start(t, ...args) {
  const server = await serve(t, { args });
  server.port = Number(new URL(server.base).port);
  const { body } = await call(server, 'GET', '/api/endpoints', undefined, args.length ? bearer : {});
  server.routes = body.endpoints;
  assert.ok(server.routes.length > 20);
  return server;
}

// What openapi says that its body is.
function typeOf(route) {
  const o = operationOf(route.method, route.path.replace('...', ''));
  const type = o.value.requestBody ? Object.keys(find(step(o.at, 'requestBody', 'content')))[0] : 'application/json';
  return type.startsWith('multipart/') ? `${type}; boundary=b` : type;
}

const takesBody = (route) => ['POST', 'PUT', 'PATCH'].includes(route.method);

test('a token server lets nobody in without it, but for health and login', async (t) => {
  const server = await start(t, '--token', token);
  for (const route of server.routes.filter((r) => !r.open))
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { cookie: `lorica_session_${server.port}=${'0'.repeat(64)}` }]) {
      const answer = await knock(server, route, headers, takesBody(route) ? '{}' : undefined);
      // Wrong tokens are counted: after some, the address has to wait.
      assert.ok(answer.status === 401 || (headers.authorization && answer.status === 429), `${route.method} ${route.path}: ${answer.status}`);
      if (answer.status === 401 && !route.websocket) assert.equal(answer.headers['www-authenticate'], 'Bearer');
    }
  const open = server.routes.filter((r) => r.open).map((r) => `${r.method} ${r.path}`);
  assert.deepEqual(open.sort(), ['GET /api/health', 'POST /api/login']);
  assert.equal((await call(server, 'GET', '/api/health')).status, 200);
  isError(assert, await call(server, 'GET', '/api/nothing'), 401, 'auth');
});

test('the page comes without a token, because that is where it is asked for', async (t) => {
  const server = await start(t, '--token', token);
  const page = await call(server, 'GET', '/', undefined, bearer);
  if (page.status !== 200) return t.diagnostic('this build has no page');
  assert.equal((await call(server, 'GET', '/')).status, 200);
  for (const [, file] of page.text.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="(\/[^"]+)"/g)) assert.equal((await call(server, 'GET', file)).status, 200, file);
});

test('a session: cookie in, cookie out, gone after logout', async (t) => {
  const server = await serve(t, { args: ['--token', token] });
  isError(assert, await call(server, 'POST', '/api/login', { token: 'wrong' }), 401, 'auth');
  const login = await call(server, 'POST', '/api/login', { token });
  assert.equal(login.status, 200);
  const cookie = login.headers.get('set-cookie');
  assert.match(cookie, /HttpOnly/i);
  assert.match(cookie, /SameSite=Strict/i);
  const session = { cookie: cookie.split(';')[0] };
  assert.equal((await call(server, 'GET', '/api/jobs', undefined, session)).status, 200);
  assert.equal((await call(server, 'POST', '/api/logout', {}, session)).status, 200);
  isError(assert, await call(server, 'GET', '/api/jobs', undefined, session), 401, 'auth');
});

const evil = 'https://evil.example';
const foreign = {
  'another origin': { Origin: evil, 'Sec-Fetch-Site': 'cross-site' },
  'another origin, older browser': { Origin: evil },
  'a page without an origin': { Origin: 'null' },
  'another port of this machine': { Origin: 'http://127.0.0.1:1', 'Sec-Fetch-Site': 'same-site' },
  'an element of a foreign page': { 'Sec-Fetch-Site': 'cross-site' },
  'a name that was rebound to us': { Host: 'evil.example' },
  'a rebound name that is its own origin': { Host: 'evil.example', Origin: 'http://evil.example', 'Sec-Fetch-Site': 'same-origin' },
};

for (const [name, headers] of Object.entries(foreign))
  test(`every route refuses ${name}`, async (t) => {
    const server = await start(t);
    for (const route of server.routes) {
      const what = `${route.method} ${route.path}`;
      assert.equal((await knock(server, route, headers)).status, 403, what);
      if (!takesBody(route)) continue;
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b'])
        assert.equal((await knock(server, route, { ...headers, 'Content-Type': type }, '{}')).status, 403, `${what} with ${type}`);
    }
    assert.deepEqual((await call(server, 'GET', '/api/jobs')).body.jobs, []);
  });

test('what a form could send is refused even from our own pages', async (t) => {
  const server = await start(t);
  for (const route of server.routes.filter(takesBody))
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      const headers = { Origin: server.base, 'Sec-Fetch-Site': 'same-origin', ...(type ? { 'Content-Type': type } : {}) };
      assert.equal((await knock(server, route, headers, 'a=b')).status, 415, `${route.method} ${route.path} with '${type}'`);
    }
});

test('our own pages and tools come in everywhere', async (t) => {
  const server = await start(t);
  const own = { Origin: server.base, 'Sec-Fetch-Site': 'same-origin' };
  for (const route of server.routes)
    for (const headers of [own, {}, { Host: 'localhost' }]) {
      const { status } = await knock(server, route, { ...headers, 'Content-Type': typeOf(route) }, takesBody(route) ? '{' : undefined);
      assert.ok(route.websocket ? status === 101 : ![401, 403, 415].includes(status), `${route.method} ${route.path}: ${status}`);
    }
});

test('no foreign page is told that it may ask', async (t) => {
  const server = await start(t);
  for (const route of server.routes.filter((r) => !r.websocket)) {
    const headers = { Origin: evil, 'Access-Control-Request-Method': route.method };
    const answer = await knock(server, { method: 'OPTIONS', path: route.path }, headers);
    assert.equal(answer.status, 403, route.path);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  }
});

test('requests that hide another one are refused (decision 17)', async (t) => {
  const server = await start(t);
  for (const [name, bytes] of Object.entries(malformed('/api/login', '/api/docs/SMUGGLED')))
    await t.test(name, async () => assertRefused(name, await raw(server.port, bytes, { quiet: 10000 })));
  assert.match((await call(server, 'GET', '/api/docs/SMUGGLED')).text, /SMUGGLED/, 'it would have been seen');
});
