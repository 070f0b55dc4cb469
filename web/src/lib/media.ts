// SPDX-License-Identifier: MIT
import { useSyncExternalStore } from 'react'

/** Whether a media query holds now; follows changes. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query)
      list.addEventListener('change', listener)
      return () => list.removeEventListener('change', listener)
    },
    () => matchMedia(query).matches,
  )
}

// The page's two breaks, as in the class names `md:` and `lg:`.
export const WIDE = '(min-width: 64rem)'
export const PHONE = '(max-width: 47.99rem)'
