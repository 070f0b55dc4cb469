// SPDX-License-Identifier: MIT
// A caption as tags: text parts between commas. What the trainer reads is the text, so nothing here may change more of it
// than was asked for: the order, doubled tags and brackets stay, and so does a newline at the end.

export function parseTags(caption: string): string[] {
  return caption
    .split(',')
    .map((tag) => tag.trim())
    .filter(Boolean)
}

/** The caption for these tags, ending as `before` ended. */
export function formatTags(tags: string[], before = ''): string {
  return tags.join(', ') + (before.endsWith('\n') ? '\n' : '')
}

/** Adds what was typed (one tag, or several with commas) behind the others; a tag that is there already is left out. */
export function addTags(tags: string[], typed: string): string[] {
  const after = [...tags]
  for (const tag of parseTags(typed)) if (!after.includes(tag)) after.push(tag)
  return after.length === tags.length ? tags : after
}

export function removeTag(tags: string[], index: number): string[] {
  return tags.filter((_, i) => i !== index)
}

/** Moves one tag by `delta` places, as far as there are places. */
export function moveTag(tags: string[], index: number, delta: number): string[] {
  const to = Math.min(tags.length - 1, Math.max(0, index + delta))
  const moved = tags[index]
  if (to === index || moved === undefined) return tags
  const after = removeTag(tags, index)
  after.splice(to, 0, moved)
  return after
}

const SENTENCE_WORDS = 7 // a part of more words than this is language, not a tag

/** Whether chips suit this caption. Prose with commas, or several lines, is better edited as text. */
export function looksLikeTags(caption: string): boolean {
  const text = caption.trim()
  if (text === '') return true
  if (text.includes('\n')) return false
  return parseTags(text).every((tag) => tag.split(/\s+/).length <= SENTENCE_WORDS && !/[.!?]$/.test(tag))
}

/** Tags with how many captions hold each, most frequent first, then by name. */
export function countTags(captions: Iterable<string[]>): { tag: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const tags of captions) for (const tag of new Set(tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts]
    .map(([tag, n]) => ({ tag, count: n }))
    .sort((a, b) => b.count - a.count || (a.tag < b.tag ? -1 : 1))
}
