// SPDX-License-Identifier: MIT
import { useEffect, useRef } from 'react'

/** Keys as KeyboardEvent.key, with "mod+" for Ctrl or Command: { '?': …, 'mod+k': … }. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void>

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Keys of a place. Plain keys rest while something is typed or a dialog is open; those with mod+ always work. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return
      const mod = event.ctrlKey || event.metaKey
      if (!mod && (typing(event.target) || document.querySelector('[role="dialog"],[role="menu"]'))) return
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
      const act = latest.current[mod ? `mod+${key}` : key]
      if (!act) return
      event.preventDefault()
      act(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
