// SPDX-License-Identifier: MIT
// The training schema from standard input, one line a row, so that what changes can be seen.
import { readFileSync } from 'node:fs'

const schema = JSON.parse(readFileSync(0, 'utf8'))
const rows = (list) => `[\n${list.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]`
const members = Object.entries(schema).map(([name, list]) => `  ${JSON.stringify(name)}: ${rows(list)}`)
console.log(`{\n${members.join(',\n')}\n}`)
