// SPDX-License-Identifier: MIT
// What the command palette can do where one is. A place tells its actions while it is shown.
import type { LucideIcon } from 'lucide-react'
import { useEffect } from 'react'
import { createStore } from '@/lib/store.ts'

export interface Command {
  label: string
  icon: LucideIcon
  run(): void
  keys?: string
}

export const placeCommands = createStore<Command[]>([])

/** Offers these commands while the component is there. `commands` is told anew whenever `key` changes. */
export function useCommands(commands: Command[], key: string): void {
  useEffect(() => {
    placeCommands.set(commands)
    return () => placeCommands.set([])
    // The list is new at each drawing; `key` says when it means something else.
  }, [key])
}
