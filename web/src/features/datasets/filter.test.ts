// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFiltered, matches, toggleTag } from './filter.ts'

const picture = (image_name: string, ...tags: string[]) => ({
  image_path: `/d/${image_name}`,
  image_name,
  tags,
  has_tags: tags.length > 0,
})

test('everything that is given must hold', () => {
  const cat = picture('Cat_01.png', 'cat', 'outdoors')
  const none = picture('b.png')
  for (const [filter, want] of [
    [{}, [true, true]],
    [{ q: 'CAT' }, [true, false]],
    [{ q: 'door' }, [true, false]],
    [{ q: '.png' }, [true, true]],
    [{ tags: ['cat', 'outdoors'] }, [true, false]],
    [{ tags: ['cat', 'night'] }, [false, false]],
    [{ not: ['outdoors'] }, [false, true]],
    [{ only: 'untagged' as const }, [false, true]],
    [{ only: 'untagged' as const, q: 'cat' }, [false, false]],
  ] as const)
    assert.deepEqual(
      [cat, none].map((p) => matches(p, filter as never)),
      want,
      JSON.stringify(filter),
    )
})

test('a click asks, a second one forgets, and a tag is never on both sides', () => {
  const asked = toggleTag({}, 'cat', 'tags')
  assert.deepEqual(asked, { tags: ['cat'], not: undefined })
  assert.deepEqual(toggleTag(asked, 'cat', 'tags'), { tags: undefined, not: undefined })
  assert.deepEqual(toggleTag(asked, 'cat', 'not'), { tags: undefined, not: ['cat'] })
  assert.deepEqual(toggleTag({ tags: ['a'], not: ['b'] }, 'b', 'tags'), { tags: ['a', 'b'], not: undefined })
  assert.equal(isFiltered({}), false)
  assert.equal(isFiltered(asked), true)
})
