// SPDX-License-Identifier: MIT
import { createStore } from '@/lib/store.ts'

export interface Toast {
  /** A toast with the key of one that is shown takes its place. */
  key: string
  text: string
  tone: 'plain' | 'bad'
  action?: { label: string; act(): void }
  /** Called when it goes away by itself or is closed, but not when its action was taken. */
  gone?(): void
  /** How long it is shown; null: until it is closed. */
  ms: number | null
}

export const toasts = createStore<Toast[]>([])

const SHOWN_MS = 5_000
const SHOWN_WITH_ACTION_MS = 8_000

/** Says that something was done; with an action to undo or go on. */
export function toast(text: string, options: Partial<Omit<Toast, 'text'>> = {}): void {
  const ms = options.action ? SHOWN_WITH_ACTION_MS : SHOWN_MS
  const next: Toast = { key: text, text, tone: 'plain', ms, ...options }
  toasts.set((before) => [...before.filter((t) => t.key !== next.key), next].slice(-3))
}

export function dropToast(key: string): void {
  toasts.set((before) => before.filter((t) => t.key !== key))
}
