// SPDX-License-Identifier: MIT
// The contract: what openapi/*.json says, and a check of answers against it. support.mjs puts every answer that an API
// test gets through check(), so that a status, a type of content or a field that is not documented fails the test.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import Ajv2020 from 'ajv/dist/2020.js'; // npm --prefix tests ci

import { tree } from '../e2e/support.mjs';

const folder = path.join(tree, 'openapi');

// The document that src/api/docs.c makes of the same files; contract.test.mjs compares the two.
export function mergedDocument() {
  const whole = { paths: {}, components: {} };
  const add = (to, more, file) => {
    for (const [name, value] of Object.entries(more)) {
      assert.ok(!(name in to), `openapi/${file}: '${name}' is in another file too`);
      to[name] = value;
    }
  };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json')).sort()) {
    const { paths = {}, components = {}, ...head } = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    add(whole, head, file);
    add(whole.paths, paths, file);
    for (const [section, members] of Object.entries(components)) add((whole.components[section] ??= {}), members, file);
  }
  return whole;
}

export const api = mergedDocument();
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, schemas: { api } });

// ---- References --------------------------------------------------------------------------------------------------------

const escape = (part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
const unescape = (part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');

export function find(pointer) {
  const value = pointer.slice(2).split('/').reduce((at, part) => at?.[unescape(part)], api);
  assert.ok(value !== undefined, `openapi: there is no ${pointer}`);
  return value;
}

// Where the value below `pointer` really is: references are followed (but not those of schemas, which ajv follows).
export function step(pointer, ...parts) {
  let at = pointer;
  for (const part of [null, ...parts]) {
    if (part !== null) at = `${at}/${escape(part)}`;
    while (find(at).$ref) at = find(at).$ref;
  }
  return at;
}

// ---- Operations --------------------------------------------------------------------------------------------------------

// Every operation: {method, path, at: pointer, value}.
export const operations = Object.keys(api.paths).flatMap((route) => {
  const item = step(`#/paths/${escape(route)}`);
  return ['get', 'post', 'put', 'patch', 'delete'].filter((method) => find(item)[method]).map((method) => ({
    method: method.toUpperCase(), path: route, at: step(item, method), value: find(step(item, method)),
  }));
});

// {names} match one part, a route's last {name...} all that is left: then the document says so with x-rest.
function pattern(route, rest) {
  const parts = route.split(/(\{[^}]*\})/).map((part) => (part[0] === '{' ? '[^/]+' : part.replace(/[.*+?^$()|[\]\\]/g, '\\$&')));
  if (rest) parts[parts.lastIndexOf('[^/]+')] = '.+';
  return new RegExp(`^${parts.join('')}/?$`);
}

for (const o of operations) o.pattern = pattern(o.path, find(`#/paths/${escape(o.path)}`)['x-rest']);
const fewestNames = [...operations].sort((a, b) => a.path.split('{').length - b.path.split('{').length);

export function operationOf(method, pathname) {
  return fewestNames.find((o) => o.method === (method === 'HEAD' ? 'GET' : method) && o.pattern.test(pathname));
}

export const parametersOf = (o) => (o.value.parameters ?? []).map((_, i) => find(step(o.at, 'parameters', String(i))));

// ---- Checks ------------------------------------------------------------------------------------------------------------

const compiled = new Map();

export function validate(pointer, value, what) {
  if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `api${pointer}` }));
  const check = compiled.get(pointer);
  if (check(value)) return;
  const faults = check.errors.map((e) => `  ${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
  assert.fail(`${what} does not fit openapi ${pointer}:\n${[...new Set(faults)].join('\n')}\n${JSON.stringify(value).slice(0, 2000)}`);
}

function checkError(answer, what) {
  validate('#/components/schemas/Error', answer.body, what);
  assert.equal(api.components.schemas.Error.properties.code['x-status'][answer.body.code], answer.status, `${what}: code and status`);
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function checkRequest(o, url, request, what) {
  const known = parametersOf(o).filter((p) => p.in === 'query').map((p) => p.name);
  for (const name of url.searchParams.keys()) assert.ok(known.includes(name), `${what}: openapi does not name the parameter '${name}'`);
  if (!o.value.requestBody) return;
  const content = step(o.at, 'requestBody', 'content');
  if (request === undefined || !find(content)['application/json']) return;
  const given = Object.entries(request ?? {}).filter(([, value]) => value !== null); // null is as good as absent
  validate(`${content}/application~1json/schema`, isObject(request) ? Object.fromEntries(given) : request, `${what}: the accepted request`);
}

// answer: {method, url, request, status, type, body}; `request` and `body` are parsed JSON, or undefined.
export function check(answer) {
  const url = new URL(answer.url);
  const what = `${answer.method} ${url.pathname}${url.search}: ${answer.status}`;
  if (!/^\/(api|ml|ws)\//.test(url.pathname)) return; // the page
  const o = operationOf(answer.method, url.pathname);
  if (answer.method === 'OPTIONS' && answer.status === 204) return;
  if (!o) return void (answer.method !== 'HEAD' && checkError(answer, `${what}, a route that openapi does not have`));
  const given = o.value.responses[answer.status] ? String(answer.status) : 'default';
  assert.ok(given !== 'default' || answer.status >= 400, `${what}: openapi has no such status`);
  const response = step(o.at, 'responses', given);
  if (answer.status < 300) checkRequest(o, url, answer.request, what);
  const content = find(response).content;
  if (!content || answer.method === 'HEAD') return;
  const type = (answer.type ?? '').split(';')[0];
  const kind = type in content ? type : `${type.split('/')[0]}/*`;
  assert.ok(kind in content, `${what}: openapi has no content of type '${type}'`);
  if (content[kind].schema && answer.body !== undefined) validate(`${step(response, 'content', kind)}/schema`, answer.body, what);
  if (answer.status >= 400) checkError(answer, what);
}

// One message of a feed, as text.
export function checkMessage(pathname, text) {
  const o = operationOf('GET', pathname);
  assert.ok(o?.value['x-messages'], `${pathname}: openapi knows no messages of it`);
  validate(`${o.at}/x-messages`, JSON.parse(text), `message of ${pathname}`);
}

// ---- Watching fetch ----------------------------------------------------------------------------------------------------

const watched = new Set();

// From now on every answer that fetch() gets from this server is checked.
export function watch(base) {
  watched.add(new URL(base).origin);
}

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a test may send what is no JSON
  }
};

const fetchPlainly = globalThis.fetch;
globalThis.fetch = async (url, options = {}) => {
  const answer = await fetchPlainly(url, options);
  if (!watched.has(new URL(url).origin)) return answer;
  const { status, statusText, headers } = answer;
  const type = headers.get('content-type');
  const text = type?.includes('json') ? await answer.text() : null;
  check({
    method: options.method ?? 'GET', url, status, type,
    request: typeof options.body === 'string' ? parse(options.body) : undefined,
    body: text ? JSON.parse(text) : undefined,
  });
  return text === null ? answer : new Response(text, { status, statusText, headers });
};
