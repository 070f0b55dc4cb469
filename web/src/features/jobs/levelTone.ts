// SPDX-License-Identifier: MIT
import type { Level } from '@/api/logFrames.ts'

/** The colour of a line by its level. */
export const levelTone: Record<Level, string> = {
  error: 'text-bad',
  warn: 'text-warn',
  info: 'text-ink',
  progress: 'text-ink-2',
  debug: 'text-ink-3',
}
