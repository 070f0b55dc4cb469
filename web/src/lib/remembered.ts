// SPDX-License-Identifier: MIT
import { useState } from 'react'

// What the page remembers of a person's habits in this browser. Storage may be closed to us or hold anything: then the
// default holds.

export function recall<T>(key: string, initial: T): T {
  try {
    const text = localStorage.getItem(`lorica.${key}`)
    return text === null ? initial : (JSON.parse(text) as T)
  } catch {
    return initial
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`lorica.${key}`, JSON.stringify(value))
  } catch {
    // a habit that is not kept costs nothing
  }
}

/** useState that outlives the page. */
export function useRemembered<T>(key: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState(() => recall(key, initial))
  return [
    value,
    (next) => {
      setValue(next)
      remember(key, next)
    },
  ]
}
