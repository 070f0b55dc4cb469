// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { get, post } from './client.ts'

export type SettingKind = 'text' | 'path' | 'program' | 'paths' | 'int' | 'bool' | 'secret'

/** One row of the server's table of settings. */
export interface Setting {
  /** "tagger.default" */
  key: string
  kind: SettingKind
  /** One line. */
  help: string
  /** What holds now; secrets masked ("hf_a...mnop") or "(set)". */
  value: string | number | boolean | string[] | null
  /** What holds when nobody sets it. */
  initial?: string
  source: 'default' | 'file' | 'environment'
  /** Environment variable that wins over the file. */
  env?: string | null
  min?: number
  max?: number
}

export interface UserSettings {
  success: boolean
  /** KNX's names, for its own page. */
  settings: Record<string, unknown>
  /** The whole table, in the order to show it. */
  table: Setting[]
}

export const settingsQuery = queryOptions({
  queryKey: ['settings'],
  queryFn: () => get<UserSettings>('/api/settings/user'),
  select: (answer) => answer.table,
})

/** Sets one key, named as in `Setting.key`; "" (or an empty list) goes back to the default. */
export function setSetting(
  key: string,
  value: string | number | boolean | string[],
): Promise<{ success: boolean }> {
  return post('/api/settings/user', { [key]: value })
}
