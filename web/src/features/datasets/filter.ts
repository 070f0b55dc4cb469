// SPDX-License-Identifier: MIT
import type { Picture } from '@/api/datasets.ts'

/** Which pictures are shown. Everything that is given must hold. */
export interface Filter {
  /** Part of the file's name or of a tag, whatever its case. */
  q?: string
  /** Tags that must be there. */
  tags?: string[]
  /** Tags that must not be there. */
  not?: string[]
  only?: 'untagged'
}

export function matches(picture: Picture, filter: Filter): boolean {
  const { q, tags, not, only } = filter
  if (only === 'untagged' && picture.has_tags) return false
  if (tags?.some((tag) => !picture.tags.includes(tag))) return false
  if (not?.some((tag) => picture.tags.includes(tag))) return false
  if (!q) return true
  const wanted = q.toLowerCase()
  return (
    picture.image_name.toLowerCase().includes(wanted) ||
    picture.tags.some((tag) => tag.toLowerCase().includes(wanted))
  )
}

export const isFiltered = ({ q, tags, not, only }: Filter) => Boolean(q || tags || not || only)

/** The filter after a click on a tag: it is asked for, or excluded, or no longer either. */
export function toggleTag(filter: Filter, tag: string, how: 'tags' | 'not'): Pick<Filter, 'tags' | 'not'> {
  const without = (list?: string[]) => list?.filter((t) => t !== tag) ?? []
  const was = filter[how]?.includes(tag)
  const next = { tags: without(filter.tags), not: without(filter.not) }
  if (!was) next[how].push(tag)
  const orNothing = (list: string[]) => (list.length > 0 ? list : undefined)
  return { tags: orNothing(next.tags), not: orNothing(next.not) }
}
