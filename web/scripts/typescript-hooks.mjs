// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transformWithOxc } from 'vite'

const sources = new URL('../src/', import.meta.url)

export async function resolve(specifier, context, next) {
  return next(specifier.startsWith('@/') ? new URL(specifier.slice(2), sources).href : specifier, context)
}

export async function load(url, context, next) {
  if (!/\.tsx?$/.test(url)) return next(url, context)
  const path = fileURLToPath(url)
  const { code } = await transformWithOxc(await readFile(path, 'utf8'), path)
  return { format: 'module', source: code, shortCircuit: true }
}
