// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { get } from './client.ts'

export interface FileEntry {
  name: string
  path: string
  type: 'file' | 'dir'
  /** Bytes; 0 for folders. */
  size: number
  /** Milliseconds, with a fraction. */
  modified: number
}

export interface Listing {
  path: string
  parent: string | null
  files: FileEntry[]
}

/** A folder; relative paths count from the workspace. */
export const folderQuery = (path: string) =>
  queryOptions({
    queryKey: ['folder', path],
    queryFn: ({ signal }) => get<Listing>('/api/files/list', { path }, signal),
  })
