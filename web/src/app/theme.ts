// SPDX-License-Identifier: MIT
// Dark unless the person chose otherwise. before-paint.js has set the first value; this owns it from then on.
import { createStore, useStore } from '@/lib/store.ts'

export type ThemeChoice = 'dark' | 'light' | 'system'

const KEY = 'lorica.theme' // also read by before-paint.js
const light = matchMedia('(prefers-color-scheme: light)')

function stored(): ThemeChoice {
  try {
    const choice = localStorage.getItem(KEY)
    return choice === 'light' || choice === 'system' ? choice : 'dark'
  } catch {
    return 'dark'
  }
}

const choice = createStore<ThemeChoice>(stored())

function apply(): void {
  const wanted = choice.get()
  const shown = wanted === 'system' ? (light.matches ? 'light' : 'dark') : wanted
  document.documentElement.dataset.theme = shown
}

light.addEventListener('change', apply)

export const useTheme = () => useStore(choice)

export function setTheme(next: ThemeChoice): void {
  choice.set(next)
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // it holds for as long as the page is open
  }
  apply()
}

export function toggleTheme(): void {
  setTheme(document.documentElement.dataset.theme === 'light' ? 'dark' : 'light')
}
