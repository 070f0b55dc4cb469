// SPDX-License-Identifier: MIT
// Runs src/**/*.test.ts with Node's own test runner; arguments narrow it: `npm test -- tags`.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = process.argv.slice(2)
const files = readdirSync(new URL('../src', import.meta.url), { recursive: true })
  .map((name) => `src/${name}`)
  .filter(
    (name) => name.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((w) => name.includes(w))),
  )
  .sort()
if (files.length === 0) {
  console.error('no test file matches', wanted.join(' '))
  process.exit(2)
}
const args = ['--import', './scripts/typescript.mjs', '--test', ...files]
process.exit(spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1)
