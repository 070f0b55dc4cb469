// SPDX-License-Identifier: MIT
// Requests that two readers could read in two ways, each with another request behind it that must never be answered. Used
// for the transport alone (framing.test.mjs) and for the program (../doors.test.mjs).
import assert from 'node:assert/strict';

import { statuses } from './support.mjs';

export const host = 'Host: localhost';
export const get = (path) => `GET ${path} HTTP/1.1\r\n${host}\r\n\r\n`;
export const post = (path, headers, body = '', version = '1.1') =>
  `POST ${path} HTTP/${version}\r\n${headers.map((h) => `${h}\r\n`).join('')}\r\n${body}`;

// {name: bytes}, of requests for a POST route `path`; behind each is a GET of `hidden`, whose answer says SMUGGLED.
export function malformed(path, hidden) {
  const smuggled = get(hidden);
  return {
    'two Content-Length': post(path, [host, 'Content-Length: 5', 'Content-Length: 6'], `hello${smuggled}`),
    'two equal Content-Length': post(path, [host, 'Content-Length: 5', 'Content-Length: 5'], `hello${smuggled}`),
    'Content-Length list': post(path, [host, 'Content-Length: 5, 5'], `hello${smuggled}`),
    'Content-Length with a sign': post(path, [host, 'Content-Length: +5'], `hello${smuggled}`),
    'negative Content-Length': post(path, [host, 'Content-Length: -5'], `hello${smuggled}`),
    'Content-Length in hex': post(path, [host, 'Content-Length: 0x5'], `hello${smuggled}`),
    'Content-Length too large': post(path, [host, 'Content-Length: 99999999999999999999'], `hello${smuggled}`),
    'empty Content-Length': post(path, [host, 'Content-Length:'], `hello${smuggled}`),
    'Content-Length and chunked': post(path, [host, 'Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
    'chunked and Content-Length': post(path, [host, 'Transfer-Encoding: chunked', 'Content-Length: 5'], `0\r\n\r\n${smuggled}`),
    'two Transfer-Encoding': post(path, [host, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${smuggled}`),
    'another Transfer-Encoding': post(path, [host, 'Transfer-Encoding: gzip'], `0\r\n\r\n${smuggled}`),
    'a list of Transfer-Encodings': post(path, [host, 'Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${smuggled}`),
    'xchunked': post(path, [host, 'Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`),
    'chunked in HTTP/1.0': post(path, [host, 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`, '1.0'),
    'blank before the colon': post(path, [host, 'Content-Length : 5'], `hello${smuggled}`),
    'tab before the colon': post(path, [host, 'Content-Length\t: 5'], `hello${smuggled}`),
    'blank in a name': post(path, [host, 'Content Length: 5'], `hello${smuggled}`),
    'no Host': post(path, ['Content-Length: 0'], smuggled),
    'no Host in 1.0': post(path, ['Content-Length: 0'], smuggled, '1.0'),
    'two Host': post(path, [host, 'Host: other', 'Content-Length: 0'], smuggled),
    'empty Host': post(path, ['Host:', 'Content-Length: 0'], smuggled),
    'Host with a path': post(path, ['Host: localhost/x', 'Content-Length: 0'], smuggled),
    'Host with a user': post(path, ['Host: a@localhost', 'Content-Length: 0'], smuggled),
    'absolute target': `GET http://localhost/api/health HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
    'authority target': `CONNECT localhost:80 HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
    'target without a slash': `GET api/health HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
    'blank in the target': `GET /api/health x HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
    'fragment in the target': `GET /api/health#x HTTP/1.1\r\n${host}\r\n\r\n${smuggled}`,
    'HTTP/2.0': `GET /api/health HTTP/2.0\r\n${host}\r\n\r\n${smuggled}`,
    'HTTP/0.9': `GET /api/health\r\n${smuggled}`,
    'HTTP/1.2': `GET /api/health HTTP/1.2\r\n${host}\r\n\r\n${smuggled}`,
    'too many headers': post(path, [host, 'Content-Length: 0', ...Array(120).fill('X-A: b')], smuggled),
    'malformed chunk': post(path, [host, 'Transfer-Encoding: chunked'], `zz\r\nhello\r\n0\r\n\r\n${smuggled}`),
    'chunk longer than said': post(path, [host, 'Transfer-Encoding: chunked'], `2\r\nhello\r\n0\r\n\r\n${smuggled}`),
  };
}

// {text, closed} of raw(): the connection is closed with a refusal, and the hidden request was not seen.
export function assertRefused(name, { text, closed }) {
  const all = statuses(text);
  // libmicrohttpd 0.9.75 writes the head of its own 400 for a bad Content-Length twice, before it closes.
  assert.ok(all.length <= (/head><title>Request malformed|too large/.test(text) ? 2 : 1), text);
  assert.ok(all.every((s) => (s >= 400 && s < 600) || (s === 301 && name === 'blank in the target')), text); // 1.0.1's own
  assert.ok(closed, `still open after: ${text}`);
  assert.doesNotMatch(text, /SMUGGLED/);
}
