// SPDX-License-Identifier: MIT
import type { Correction } from '../../api/training.ts'

export interface TomlLine {
  text: string
  /** Why this line is not what KNX would have written. */
  why?: string
}

/** The lines of a file; those whose key was corrected say why. */
export function markedLines(toml: string, corrections: Correction[]): TomlLine[] {
  const why = new Map(corrections.map((c) => [c.key, `${c.id}: ${c.why}`]))
  return toml
    .replace(/\n$/, '')
    .split('\n')
    .map((text) => {
      const key = /^([\w-]+) = /.exec(text)?.[1]
      return key && why.has(key) ? { text, why: why.get(key) } : { text }
    })
}

export interface CorrectionGroup {
  id: string
  why: string
  keys: string[]
}

/** One entry for all that was changed for the same reason, in the order of the corrections. */
export function groupCorrections(corrections: Correction[]): CorrectionGroup[] {
  const groups: CorrectionGroup[] = []
  for (const { id, why, key } of corrections) {
    const group = groups.find((g) => g.id === id && g.why === why)
    if (!group) groups.push({ id, why, keys: [key] })
    else if (!group.keys.includes(key)) group.keys.push(key)
  }
  return groups
}
