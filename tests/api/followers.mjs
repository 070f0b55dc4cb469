// SPDX-License-Identifier: MIT
// The three ways to follow a job's log: each reads from byte `since` until the log is complete or the server goes away, and
// fills `log`: {lines, at: where to go on, complete}. What it is told is held against openapi/.
import assert from 'node:assert/strict';

import { checkMessage } from './contract.mjs';
import { eventSource, websocket } from './http/support.mjs';
import { call } from './support.mjs';

const port = (server) => Number(new URL(server.base).port);

function take(log, pathname, text) {
  checkMessage(pathname, text);
  const message = JSON.parse(text);
  if (message.type === 'complete') log.complete = true;
  if (message.type !== 'log') return;
  log.lines.push(message.log);
  log.at = message.log.end;
}

async function bySocket(server, id, log) {
  const pathname = `/ws/jobs/${id}/logs`;
  const w = await websocket(port(server), `${pathname}?since=${log.at}`);
  assert.equal(w.status, 101);
  w.messages.push = (text) => take(log, pathname, text);
  for (const text of w.messages.splice(0)) take(log, pathname, text);
  await w.over;
}

async function byEvents(server, id, log) {
  const pathname = `/api/jobs/${id}/events`;
  const headers = log.at ? { 'Last-Event-ID': String(log.at) } : {}; // as a browser does it
  const e = await eventSource(port(server), pathname, { headers });
  assert.equal(e.status, 200);
  e.events.push = (event) => take(log, pathname, event.data);
  for (const event of e.events.splice(0)) take(log, pathname, event.data);
  await e.over;
}

async function byPolling(server, id, log) {
  while (!log.complete) {
    let answer;
    try {
      answer = await call(server, 'GET', `/api/jobs/${id}/logs?offset=${log.at}&limit=7`);
    } catch (e) {
      if (e instanceof TypeError) return; // the server is gone
      throw e;
    }
    if (answer.status === 503) return; // it is about to be
    assert.equal(answer.status, 200, answer.text);
    log.lines.push(...answer.body.logs);
    log.at = answer.body.next_offset;
    log.complete = answer.body.logs.length === 0 && ['completed', 'failed', 'cancelled'].includes(answer.body.status);
    if (answer.body.logs.length === 0 && !log.complete) await new Promise((done) => setTimeout(done, 50));
  }
}

export const followers = { WebSocket: bySocket, events: byEvents, polling: byPolling };

export const emptyLog = () => ({ lines: [], at: 0, complete: false });

// Did every byte of the log arrive, once? Between two lines there is nothing but the ends of empty ones.
export function assertWhole(bytes, log, who) {
  let at = 0;
  for (const line of log.lines) {
    assert.match(bytes.subarray(at, line.offset).toString('latin1'), /^[\r\n]*$/, `${who}: bytes ${at} to ${line.offset} are missing`);
    assert.ok(line.offset >= at, `${who}: line ${line.seq} came twice`);
    // A bar that was drawn over itself is its last state.
    const drawn = bytes.subarray(line.offset, line.end).toString('utf8').replace(/[\r\n]+$/, '');
    assert.equal(line.raw, drawn.split('\r').at(-1), `${who}: line ${line.seq}`);
    at = line.end;
  }
  assert.match(bytes.subarray(at).toString('latin1'), /^[\r\n]*$/, `${who}: the end is missing`);
}
