// SPDX-License-Identifier: MIT
// Draws /api/openapi.json. No library; text only ever becomes text nodes, so nothing in the document can run.
'use strict';

// The choice made in the studio's page (web/src/app/theme.ts), before the first paint.
(() => {
  let theme = 'dark';
  try {
    theme = localStorage.getItem('lorica.theme') || theme;
  } catch {
    // storage is closed to us
  }
  if (theme === 'system') theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme === 'light' ? 'light' : 'dark';
})();

let api; // the document

// ---- Elements ----------------------------------------------------------------------------------------------------------

// el('a.mark', {href: '/'}, 'text', child, …)
function el(what, attributes, ...children) {
  const [tag, ...classes] = what.split('.');
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes ?? {})) if (value !== false) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return made;
}

// `code` between backticks; the rest is text.
const text = (words) =>
  words ? el('p.text', {}, ...words.split('`').map((part, i) => (i % 2 ? el('code', {}, part) : part))) : null;

// ---- References --------------------------------------------------------------------------------------------------------

const unescape = (part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
const find = (ref) => ref.slice(2).split('/').reduce((at, part) => at[unescape(part)], api);
const nameOf = (ref) => ref.split('/').at(-1);
const follow = (value) => (value?.$ref ? find(value.$ref) : value);

// A schema with what its references and parts say, as one.
function whole(schema) {
  let all = { ...schema };
  for (const part of [schema.$ref ? find(schema.$ref) : null, ...(schema.allOf ?? [])].filter(Boolean)) {
    const more = whole(part);
    all = {
      ...more, ...all,
      properties: more.properties || all.properties ? { ...more.properties, ...merged(more.properties, all.properties) } : undefined,
      required: [...(more.required ?? []), ...(all.required ?? [])],
    };
  }
  return all;
}

// Properties said again, in parts: {code: {enum}} narrows {code: {type, description}}.
function merged(first = {}, second = {}) {
  return Object.fromEntries(Object.entries(second).map(([name, value]) => [name, { ...first[name], ...value }]));
}

// ---- Schemas -----------------------------------------------------------------------------------------------------------

const show = (value) => (typeof value === 'string' ? `"${value}"` : String(value));

function range(s) {
  if (s.minimum !== undefined && s.maximum !== undefined) return `${s.minimum} to ${s.maximum}`;
  if (s.minimum !== undefined) return `from ${s.minimum}`;
  return s.maximum !== undefined ? `up to ${s.maximum}` : '';
}

// In a few words: "integer or null, from 0, default 10".
function typeText(given) {
  const s = whole(given);
  const initial = 'default' in s ? `default ${show(s.default)}` : '';
  if ('const' in s) return show(s.const);
  if (s.enum) return [s.enum.map(show).join(' | '), initial].filter(Boolean).join(', ');
  const choices = s.anyOf ?? s.oneOf;
  let words = [s.type ?? (s.properties ? 'object' : choices ? choices.map((c) => c.title ?? typeText(c)).join(' or ') : 'anything')].flat().join(' or ');
  if (s.type === 'object' && given.$ref) words = nameOf(given.$ref);
  if (s.items) words = words.replace('array', `list of ${typeText(s.items)}`);
  return [words, range(s), s.format, initial].filter(Boolean).join(', ');
}

// What lies below a schema, or null: fields of an object, those of a list's items, the choices.
function inside(given) {
  const s = whole(given);
  if (s.properties && Object.keys(s.properties).length) return () => fields(s);
  if (s.items) return inside(s.items);
  if (typeof s.additionalProperties === 'object') return inside(s.additionalProperties);
  const choices = (s.anyOf ?? s.oneOf ?? []).filter((c) => inside(c));
  if (choices.length === 1) return inside(choices[0]);
  if (choices.length) return () => el('ul.fields', {}, ...choices.map((c) => field(c.title ?? typeText(c), c, false, true)));
  return null;
}

// A field's own fields are drawn when they are opened: schemas may contain themselves.
function later(label, draw) {
  const more = el('details.more', {}, el('summary', {}, label));
  more.addEventListener('toggle', () => more.open && more.childElementCount === 1 && more.append(draw()), { once: true });
  return more;
}

function field(name, schema, must, choice = false) {
  const draw = inside(schema);
  const s = whole(schema);
  return el('li.field', {},
    el('div.row', {},
      el('span', {}, el(choice ? 'span' : 'span.name', {}, name), must ? el('span.must', { title: 'needed' }, ' *') : ''),
      el('span.type', {}, choice ? '' : typeText(schema)),
      text(s.description)),
    draw ? later('fields', draw) : null);
}

function fields(s) {
  const must = (name) => Number(s.required?.includes(name) ?? false);
  const names = Object.keys(s.properties).sort((a, b) => must(b) - must(a)); // what is needed comes first
  return el('ul.fields', {}, ...names.map((name) => field(name, s.properties[name], must(name))));
}

// The kinds of content of a body, each with its schema.
function content(kinds) {
  return Object.entries(kinds ?? {}).map(([type, { schema }]) => {
    const draw = schema && inside(schema);
    return el('div', {}, el('span.type', {}, type, schema && !draw ? `: ${typeText(schema)}` : ''), draw ? draw() : null);
  });
}

// ---- Operations --------------------------------------------------------------------------------------------------------

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const isSocket = (path) => path.startsWith('/ws/');
const word = (o) => (isSocket(o.path) ? 'ws' : o.method);

function operations() {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    methods.filter((method) => follow(item)[method]).map((method) => ({
      path, method, alias: item.$ref ? unescape(nameOf(item.$ref)) : null, ...follow(item)[method],
      id: `${method}-${path}`.replaceAll(/[^A-Za-z0-9]+/g, '-'),
    })));
}

function curl(o, parameters, body) {
  if (isSocket(o.path)) return `websocat ${location.origin.replace(/^http/, 'ws')}${o.path}`;
  const query = parameters.filter((p) => p.in === 'query' && p.required).map((p) => `${p.name}=…`).join('&');
  const words = [`curl ${o.method === 'get' ? '' : `-X ${o.method.toUpperCase()} `}'${location.origin}${o.path}${query ? `?${query}` : ''}'`];
  if (api.health?.needs_token && o.security?.[0] === undefined) words.push(`-H "Authorization: Bearer $LORICA_TOKEN"`);
  const [type, kind] = Object.entries(body?.content ?? {})[0] ?? [];
  if (type === 'application/json') {
    const s = whole(kind.schema);
    const sample = Object.fromEntries((s.required ?? []).map((name) => [name, example(s.properties[name])]));
    words.push(`-d '${JSON.stringify(sample)}'`);
  } else if (type?.startsWith('multipart/')) words.push('-F file=@picture.png');
  else if (type) words.push(`-H 'Content-Type: ${type}' --data-binary @file`);
  return words.join(' \\\n  ');
}

function example(schema) {
  const s = whole(schema ?? {});
  if (s.examples) return s.examples[0];
  if ('default' in s) return s.default;
  if (s.enum) return s.enum[0];
  const type = [s.type].flat()[0];
  return { integer: s.minimum ?? 1, number: s.minimum ?? 1, boolean: true, array: [], object: {} }[type] ?? '…';
}

function answers(o) {
  return Object.entries(o.responses).map(([status, given]) => {
    const answer = follow(given);
    const parts = content(answer.content);
    const row = el('div.row', {}, el('span.name.status', {}, status === 'default' ? 'else' : status), text(answer.description));
    return el('li.field', {}, row, parts.length ? (status[0] === '2' ? el('div', {}, ...parts) : later('answer', () => el('div', {}, ...parts))) : null);
  });
}

function drawBody(o) {
  const parameters = (o.parameters ?? []).map(follow);
  const body = follow(o.requestBody);
  return [
    o.alias ? text(`Another name of \`${o.alias}\`.`) : null,
    text(o.description),
    parameters.length ? el('h4', {}, 'Parameters') : null,
    parameters.length ? el('ul.fields', {}, ...parameters.map((p) =>
      field(p.name, { ...p.schema, description: [p.description, p.in === 'query' ? '' : `In the ${p.in}.`].filter(Boolean).join(' ') }, p.required))) : null,
    body ? el('h4', {}, 'Body') : null,
    ...(body ? [text(body.description), ...content(body.content)] : []),
    o['x-messages'] ? el('h4', {}, 'Messages') : null,
    o['x-messages'] ? inside(o['x-messages'])() : null,
    el('h4', {}, 'Answers'),
    el('ul.fields', {}, ...answers(o)),
    el('h4', {}, 'Try it'),
    el('pre', {}, curl(o, parameters, body)),
  ].filter(Boolean);
}

function operation(o) {
  const open = o.security?.length === 1 && Object.keys(o.security[0]).length === 0;
  const made = el('details.operation', { id: o.id },
    el('summary', {},
      el(`span.method.${word(o)}`, {}, word(o).toUpperCase()),
      el('span.path', {}, o.path),
      el('span.about', {}, o.summary, open ? ' (no token needed)' : '')));
  made.addEventListener('toggle', () => made.open && made.append(el('div.body', {}, ...drawBody(o))), { once: true });
  return made;
}

// ---- The page ----------------------------------------------------------------------------------------------------------

function draw() {
  const all = operations();
  document.getElementById('version').textContent = api.health.version;
  const main = document.getElementById('main');
  main.replaceChildren(
    el('h1', {}, `${api.info.title} API`),
    text(api.info.description),
    el('p.links', {}, el('a', { href: '/api/openapi.json' }, 'OpenAPI document'), el('a', { href: '/api/endpoints' }, 'Routes as JSON')));
  const index = document.getElementById('index');
  for (const tag of api.tags) {
    const own = all.filter((o) => o.tags.includes(tag.name));
    if (!own.length) continue;
    main.append(el('h2', { id: `tag-${tag.name}` }, tag.name[0].toUpperCase() + tag.name.slice(1)), text(tag.description), ...own.map(operation));
    index.append(el('section', {}, el('h3', {}, tag.name), ...own.map((o) =>
      el('a', { href: `#${o.id}`, title: o.summary, 'data-words': `${word(o)} ${o.path} ${o.summary} ${tag.name}`.toLowerCase() },
        el(`span.method.${word(o)}`, {}, word(o) === 'delete' ? 'DEL' : word(o).toUpperCase()), el('span.path', {}, o.path)))));
  }
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.matches('details')) target.open = true;
  target.scrollIntoView();
}

function filter(words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  for (const link of document.querySelectorAll('#index a'))
    link.hidden = !wanted.every((one) => link.dataset.words.includes(one));
  for (const section of document.querySelectorAll('#index section'))
    section.hidden = !section.querySelector('a:not([hidden])');
}

async function start() {
  const box = document.getElementById('filter');
  box.addEventListener('input', () => filter(box.value));
  addEventListener('hashchange', openTarget);
  addEventListener('keydown', (e) => {
    if (e.key !== '/' || e.target === box) return;
    e.preventDefault();
    box.focus();
  });
  try {
    const [document_, health] = await Promise.all(['/api/openapi.json', '/api/health'].map(async (url) => {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
      return answer.json();
    }));
    api = { ...document_, health };
    draw();
    openTarget();
  } catch (e) {
    document.getElementById('main').append(el('p.error', {}, `The description could not be loaded: ${e.message}. Reload the page when the server is there again.`));
  }
}

document.addEventListener('DOMContentLoaded', start);
