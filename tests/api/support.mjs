// SPDX-License-Identifier: MIT
// A real `lorica serve` on a free port, in a workspace of its own. What it answers to fetch() is held against openapi/.
import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';

import { tree, workspace } from '../e2e/support.mjs';
import { check, watch } from './contract.mjs';

const bin = process.env.LORICA_BIN ?? path.join(tree, 'build/dev/bin');

// Starts a server for a test; it is stopped by its PID when the test ends. Options: ws (an earlier workspace), args.
export async function serve(t, { ws = workspace(t), args = [] } = {}) {
  const child = spawn(path.join(bin, 'lorica'), ['serve', '--port', '0', ...args], { cwd: ws.dir, env: ws.env });
  let said = '';
  child.stderr.on('data', (bytes) => { said += bytes; });
  const base = await new Promise((done, failed) => {
    let out = '';
    child.stdout.on('data', (bytes) => {
      out += bytes;
      const found = out.match(/http:\/\/\S+:\d+/);
      if (found) done(found[0]);
    });
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  ws.stops.push(stop);
  watch(base);
  return { ws, base, stop, child };
}

// {status, body, headers}; the body is parsed when it is JSON.
export async function call(server, method, url, body, headers = {}) {
  const answer = await fetch(server.base + url, {
    method, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const json = (answer.headers.get('content-type') ?? '').includes('json');
  return { status: answer.status, headers: answer.headers, text, body: json ? JSON.parse(text) : text };
}

// As call(), but the target goes out as it is: fetch would resolve "..".
export function raw(server, method, target, body, headers = {}) {
  return new Promise((done, failed) => {
    const { hostname, port } = new URL(server.base);
    const request = http.request({ hostname, port, method, path: target, headers }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const type = answer.headers['content-type'] ?? '';
        const parsed = type.includes('json') ? JSON.parse(text) : undefined;
        try {
          check({ method, url: server.base + target, status: answer.statusCode, type, body: parsed });
        } catch (e) {
          return failed(e);
        }
        done({ status: answer.statusCode, headers: answer.headers, text, body: parsed ?? text });
      });
    });
    request.on('error', failed);
    request.end(body);
  });
}

// Files into a dataset: [[name, bytes or text], …]. `field` first, as a streaming server needs it.
export async function upload(server, dataset, files, query = '') {
  const form = new FormData();
  if (dataset !== undefined) form.append('dataset_name', dataset);
  for (const [name, bytes] of files) form.append('files', new Blob([bytes]), name);
  const answer = await fetch(`${server.base}/api/dataset/upload-batch${query}`, { method: 'POST', body: form });
  return { status: answer.status, body: await answer.json() };
}

export async function until(what, ms = 60000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await what();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

// Waits until a job has ended; its last state.
export function ended(server, id) {
  return until(async () => {
    const { body } = await call(server, 'GET', `/api/jobs/${id}`);
    return ['completed', 'failed', 'cancelled'].includes(body.job.status) && body.job;
  });
}

// The one shape of every error.
export function isError(assert, answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.success, false);
  assert.equal(typeof answer.body.error, 'string');
  assert.equal(typeof answer.body.detail, 'string');
  assert.equal(answer.body.code, code);
}
