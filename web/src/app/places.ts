// SPDX-License-Identifier: MIT
import { Images, ListChecks, Settings, SlidersHorizontal, type LucideIcon } from 'lucide-react'

interface Place {
  to: '/datasets' | '/training' | '/jobs' | '/settings'
  label: string
  icon: LucideIcon
  /** Goes there after G. */
  key: string
}

/** The places of the page: rail, bottom bar, palette and keys are drawn from this. A new area is one row. */
export const PLACES: Place[] = [
  { to: '/datasets', label: 'Datasets', icon: Images, key: 'd' },
  { to: '/training', label: 'Training', icon: SlidersHorizontal, key: 'r' },
  { to: '/jobs', label: 'Jobs', icon: ListChecks, key: 'j' },
  { to: '/settings', label: 'Settings', icon: Settings, key: 's' },
]
