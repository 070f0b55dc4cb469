// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { get } from './client.ts'

export interface Health {
  status: string
  /** Lorica's version. KNX did not send it. */
  version?: string
  /** Whether it asks for a token: then one can sign out. */
  needs_token?: boolean
}

export function health(): Promise<Health> {
  return get('/api/health')
}

export const healthQuery = queryOptions({ queryKey: ['health'], queryFn: health, staleTime: 60_000 })
