// SPDX-License-Identifier: MIT
// What the page weighs, gzipped as the server sends it: what every visit loads, and everything. Fails over the budget.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = { first: 150, all: 250 } // kB

const dist = new URL('../dist/', import.meta.url)
const weight = (path) => gzipSync(readFileSync(new URL(path, dist)), { level: 9 }).length / 1024
const html = readFileSync(new URL('index.html', dist), 'utf8')
const referenced = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((found) => found[1])
const all = readdirSync(new URL('assets', dist)).map((name) => `assets/${name}`)

const sum = (paths) => paths.reduce((kB, path) => kB + weight(path), 0)
const first = sum(['index.html', ...referenced])
const whole = sum(['index.html', ...all])
for (const path of [...all].sort((a, b) => weight(b) - weight(a)).slice(0, 8))
  console.log(
    `${weight(path).toFixed(1).padStart(7)} kB  ${path}${referenced.includes(path) ? '' : '  (when needed)'}`,
  )
console.log(`${first.toFixed(1).padStart(7)} kB  first visit, budget ${BUDGET.first}`)
console.log(`${whole.toFixed(1).padStart(7)} kB  everything, budget ${BUDGET.all}`)
if (first > BUDGET.first || whole > BUDGET.all) {
  console.error('The page is over its budget.')
  process.exit(1)
}
