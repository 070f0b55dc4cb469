// SPDX-License-Identifier: MIT
import { createStore } from '@/lib/store.ts'

/** What lies over the page and can be opened from anywhere. */
export const overlay = createStore<'palette' | 'keys' | null>(null)
