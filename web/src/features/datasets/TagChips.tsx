// SPDX-License-Identifier: MIT
import { X } from 'lucide-react'
import { useId, useRef, useState, type KeyboardEvent, type RefObject } from 'react'
import { addTags, moveTag, removeTag } from '@/lib/tags.ts'

interface Props {
  tags: string[]
  known: string[]
  field: RefObject<HTMLInputElement | null>
  onChange(tags: string[]): void
}

const OFFERED = 300

/** A caption's tags, each removable and movable by mouse or keys, and a field that adds more. */
export function TagChips({ tags, known, field, onChange }: Props) {
  const [typed, setTyped] = useState('')
  const list = useRef<HTMLUListElement>(null)
  const offers = useId()

  const focusTag = (index: number) => {
    // After the change is drawn: the chip may be another element by then.
    requestAnimationFrame(() => {
      const chips = list.current?.querySelectorAll<HTMLElement>('[data-tag]')
      const chip = chips?.[Math.min(index, chips.length - 1)]
      if (chip && index >= 0) chip.focus()
      else field.current?.focus()
    })
  }

  const add = () => {
    const after = addTags(tags, typed)
    setTyped('')
    if (after !== tags) onChange(after)
  }

  const onTagKey = (event: KeyboardEvent, index: number) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step && event.altKey) {
      const after = moveTag(tags, index, step)
      if (after !== tags) onChange(after)
      focusTag(Math.max(0, index + step))
    } else if (step) {
      if (index + step >= tags.length) field.current?.focus()
      else focusTag(Math.max(0, index + step))
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      onChange(removeTag(tags, index))
      focusTag(tags.length > 1 ? index : -1)
    } else return
    event.preventDefault()
  }

  return (
    <div
      className="rounded-md border border-edge bg-canvas p-1.5 hover:border-ink-3 has-[input:focus-visible]:outline-2 has-[input:focus-visible]:outline-accent-text"
      onClick={(event) => event.target === event.currentTarget && field.current?.focus()}
    >
      <ul ref={list} aria-label="Tags" className="contents">
        {tags.map((tag, i) => (
          <li
            key={`${i}:${tag}`}
            className="group m-0.5 inline-flex max-w-full items-center rounded-sm bg-hover align-top"
          >
            <button
              type="button"
              data-tag
              tabIndex={i === 0 ? 0 : -1}
              aria-label={`${tag}, tag ${i + 1} of ${tags.length}`}
              aria-keyshortcuts="Delete Alt+ArrowLeft Alt+ArrowRight"
              onKeyDown={(event) => onTagKey(event, i)}
              className="min-w-0 cursor-default truncate rounded-sm py-0.5 pr-0.5 pl-1.5"
            >
              {tag}
            </button>
            <button
              type="button"
              tabIndex={-1}
              aria-label={`Remove ${tag}`}
              onClick={() => onChange(removeTag(tags, i))}
              className="flex size-5 shrink-0 items-center justify-center rounded-sm text-ink-3 hover:text-ink pointer-coarse:size-7"
            >
              <X size={12} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
      <input
        ref={field}
        value={typed}
        list={offers}
        aria-label="Add a tag"
        placeholder={tags.length === 0 ? 'Add tags, with commas between' : 'Add a tag'}
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="done"
        onChange={(event) => setTyped(event.target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === ',') add()
          else if (event.key === 'Backspace' && typed === '' && tags.length > 0) focusTag(tags.length - 1)
          else if (event.key === 'ArrowLeft' && typed === '' && tags.length > 0) focusTag(tags.length - 1)
          else return
          event.preventDefault()
        }}
        className="m-0.5 h-6 w-full min-w-24 bg-transparent px-1 outline-none pointer-coarse:h-9"
      />
      <datalist id={offers}>
        {typed.length > 0 && known.slice(0, OFFERED).map((tag) => <option key={tag} value={tag} />)}
      </datalist>
    </div>
  )
}
