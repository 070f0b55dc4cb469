// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { get } from './client.ts'
import type { TrainingRequest } from './training.ts'

export interface Preset {
  id: string
  name: string
  description: string
  /** Family; "" when it is not told. */
  model_type: string
  is_builtin: boolean
  /** Where its recommendation comes from. */
  source: string
}

export const presetsQuery = queryOptions({
  queryKey: ['training', 'presets'],
  queryFn: async () => (await get<{ presets: Preset[] }>('/api/config/presets')).presets,
})

/** The fields that a preset sets. */
export async function presetConfig(id: string): Promise<TrainingRequest> {
  return (await get<{ config: TrainingRequest }>(`/api/config/presets/${encodeURIComponent(id)}`)).config
}
