// SPDX-License-Identifier: MIT
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { dropToast, toasts } from '@/components/toasts.ts'
import { useShortcuts } from '@/lib/shortcuts.ts'
import { overlay } from './overlays.ts'
import { PLACES } from './places.ts'

const SECOND_KEY_MS = 1_000

/** The keys that work everywhere. */
export function useGlobalShortcuts(): void {
  const navigate = useNavigate()
  const goUntil = useRef(0)
  const go = Object.fromEntries(
    PLACES.map(({ key, to }) => [key, () => Date.now() < goUntil.current && void navigate({ to })]),
  )
  useShortcuts({
    ...go,
    g: () => (goUntil.current = Date.now() + SECOND_KEY_MS),
    'mod+k': () => overlay.set(overlay.get() === 'palette' ? null : 'palette'),
    '?': () => overlay.set('keys'),
    u: undoLast,
  })
}

function undoLast(): void {
  const last = toasts.get().findLast((toast) => toast.action)
  if (!last) return
  dropToast(last.key)
  last.action!.act()
}
