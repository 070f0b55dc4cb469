// SPDX-License-Identifier: MIT

/**
 * How well `text` answers what was typed: every letter must be there in order; runs, beginnings of words and early places
 * count more. null when it does not match; higher is better.
 */
export function fuzzy(typed: string, text: string): number | null {
  const wanted = typed.toLowerCase().replace(/\s+/g, '')
  const given = text.toLowerCase()
  let score = 0
  let at = -1
  for (const letter of wanted) {
    const next = given.indexOf(letter, at + 1)
    if (next < 0) return null
    const run = next === at + 1
    const begins = next === 0 || /[\s/_.-]/.test(given[next - 1]!)
    score += (run ? 3 : 0) + (begins ? 4 : 0) - Math.min(3, next - at - 1) * 0.5
    at = next
  }
  return score - given.length * 0.02
}

/** The items that match, best first; all of them, in their order, when nothing is typed. */
export function fuzzySort<T>(typed: string, items: T[], text: (item: T) => string): T[] {
  if (typed.trim() === '') return items
  return items
    .map((item) => ({ item, score: fuzzy(typed, text(item)) }))
    .filter((found): found is { item: T; score: number } => found.score !== null)
    .sort((a, b) => b.score - a.score)
    .map((found) => found.item)
}
