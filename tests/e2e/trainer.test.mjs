// SPDX-License-Identifier: MIT
// lorica trainer status|connect|install, with a git and a Python that only pretend: nothing is fetched.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { standin, workspace } from './support.mjs';

function fresh(t) {
  const ws = workspace(t);
  ws.json(['dataset', 'import', 'cats', ws.draw()]);
  return ws;
}

// Programs that write what they are asked to do to `calls` and leave what the real ones would.
function pretenders(ws) {
  const bin = path.join(ws.dir, 'bin'), calls = path.join(ws.dir, 'calls');
  mkdirSync(bin);
  const put = (name, text) => writeFileSync(path.join(bin, name), text, { mode: 0o755 });
  put('git', `#!/bin/sh
echo "git $*" >> '${calls}'
case $1 in
init) mkdir -p "$3" ;;
fetch) [ ! -e '${ws.dir}/no-network' ] || { echo 'fatal: unable to access' >&2; exit 128; } ;;
checkout) mkdir -p .git; echo 48d368fa557731ad0488c07304dfeba8c07910eb > .git/HEAD; echo > train_network.py; echo > requirements.txt ;;
esac
`);
  put('python3', `#!/bin/sh
echo "python3 $*" >> '${calls}'
case "$1 $2" in
'-m venv') mkdir -p venv/bin; cp "$0" venv/bin/python ;;
'-m pip') echo "pip: $*" ;;
-c*) echo '{"python": "3.11.2", "packages": {"torch": "2.6"}}' ;;
esac
`);
  return { env: { PATH: `${bin}:${ws.env.PATH}` }, calls: () => readFileSync(calls, 'utf8').trim().split('\n') };
}

test('status says what is missing; connect tries before it writes', (t) => {
  const ws = fresh(t);
  const none = ws.json(['trainer', 'status'], { code: 4 });
  assert.deepEqual([none.ready, none.sd_scripts], [false, null]);
  assert.match(none.missing, /trainer connect/);
  ws.json(['trainer', 'connect', ws.dir], { code: 4 });
  const broken = path.join(ws.dir, 'broken-python');
  writeFileSync(broken, '#!/bin/sh\necho no such module >&2\nexit 1\n', { mode: 0o755 });
  ws.json(['trainer', 'connect', standin, '--python', broken], { code: 1 });
  assert.equal(ws.json(['trainer', 'status'], { code: 4 }).sd_scripts, null); // nothing was written
  const nested = path.join(ws.dir, 'kohya_ss');
  cpSync(standin, path.join(nested, 'sd-scripts'), { recursive: true });
  const { env } = pretenders(ws);
  const python = path.join(ws.dir, 'bin', 'python3');
  const connected = ws.json(['trainer', 'connect', nested, '--python', python], { env });
  assert.equal(connected.sd_scripts, path.join(nested, 'sd-scripts'));
  assert.equal(connected.python, python);
  assert.equal(connected.packages.find((p) => p.name === 'torch').version, '2.6');
  assert.match(connected.missing, /accelerate/);
  assert.equal(connected.tried_revision, false);
});

test('install says what it would do and does nothing; with --yes a job does it', (t) => {
  const ws = fresh(t);
  const { env } = pretenders(ws);
  const plan = ws.json(['trainer', 'install'], { env });
  assert.equal(plan.steps.length, 6);
  assert.ok(plan.steps.every((s) => s.what && s.command.length > 2));
  assert.ok(!existsSync(ws.path('trainer')) && !existsSync(path.join(ws.dir, 'calls')));
  writeFileSync(path.join(ws.dir, 'no-network'), '');
  assert.notEqual(ws.run(['trainer', 'install', '--yes'], { env }).code, 0);
  assert.equal(ws.json(['trainer', 'status'], { code: 4 }).revision, null);
  assert.equal(ws.json(['job', 'show', 'last']).status, 'failed');
});

test('the job of an install leaves a trainer that is connected', (t) => {
  const ws = fresh(t);
  const { env, calls } = pretenders(ws);
  const done = ws.run(['trainer', 'install', '--yes'], { env });
  assert.equal(done.code, 0, done.out + done.err);
  const said = calls();
  assert.match(said[1], /^git fetch --quiet --depth 1 https:\/\/\S+ 48d368fa557731ad0488c07304dfeba8c07910eb$/);
  assert.deepEqual(said.filter((line) => line.includes('pip')).map((line) => line.split('install ')[1]), ['torch torchvision', '-r requirements.txt']);
  const state = ws.json(['trainer', 'status'], { code: 4, env }); // the pretended packages are not all of them
  assert.equal(state.sd_scripts, ws.path('trainer', 'sd-scripts'));
  assert.equal(state.python, ws.path('trainer', 'sd-scripts', 'venv', 'bin', 'python'));
  assert.equal(state.tried_revision, true);
  assert.equal(ws.run(['trainer', 'install', '--yes'], { env }).code, 0); // again
});
