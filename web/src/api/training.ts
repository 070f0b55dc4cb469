// SPDX-License-Identifier: MIT
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { ApiError, get, post, type Finding } from './client.ts'

export type FieldType = 'text' | 'path' | 'int' | 'float' | 'bool' | 'choice' | 'subsets'
export type Mode = 'lora' | 'checkpoint'

/** One field of a training request, as the server's table has it. */
export interface TrainingField {
  name: string
  /** Id of its group. */
  group: number
  order: number
  type: FieldType
  required: boolean
  nullable: boolean
  default: string | number | boolean | null
  /** What a new form begins with where that is not the default. */
  suggested?: string | number | boolean
  /** Folder of the workspace that such files lie in as a rule. */
  folder?: string
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  choices?: string[]
  /** Families for which it means something, by mode. */
  applies: Record<Mode, string[]>
  secret: boolean
  hidden: boolean
  /** One or two sentences. */
  help: string
  places: { file: string; section: string; key: string }[]
}

export interface TrainingSchema {
  groups: { id: number; title: string }[]
  families: { name: string; title: string; scripts: Record<Mode, string | null> }[]
  fields: TrainingField[]
  /** Of one entry of a field of type `subsets`. */
  subset_fields: TrainingField[]
}

/** Something that was written differently from what KNX would have written. */
export interface Correction {
  id: string
  field: string
  /** In the file. */
  key: string
  was: string
  now: string
  why: string
}

export interface GeneratedFiles {
  dataset: string
  config: string
  corrections: Correction[]
  findings: Finding[]
}

/** Only what differs from the defaults. */
export type TrainingRequest = Record<string, unknown>

/** The table of fields; it stays as it is while the server runs. */
export const schemaQuery = queryOptions({
  queryKey: ['training', 'schema'],
  queryFn: () => get<TrainingSchema>('/api/config/schema'),
  staleTime: Infinity,
})

/** Both files of a request. The files of the request before stay while the next ones are made. */
export const filesQuery = (request: TrainingRequest) =>
  queryOptions({
    queryKey: ['training', 'files', request],
    queryFn: () => post<GeneratedFiles>('/api/config/generate', request),
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  })

/** The form as it was left; null when there is none yet. */
export const lastFormQuery = queryOptions({
  queryKey: ['training', 'form'],
  queryFn: async () => {
    try {
      return (await get<{ config: unknown }>('/api/config/form')).config
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null
      throw error
    }
  },
  staleTime: Infinity,
  gcTime: 0, // read again whenever the place is gone to: another window may have changed it
})

export function keepForm(form: TrainingRequest, keepalive = false): Promise<unknown> {
  return post('/api/config/form', form, { keepalive })
}

export interface SavedConfig {
  name: string
  /** For `loadConfig`. */
  path: string
  description: string
  /** Milliseconds. */
  modified: number
}

export const savedConfigsQuery = queryOptions({
  queryKey: ['training', 'saved'],
  queryFn: () => get<{ templates: SavedConfig[]; saved: SavedConfig[] }>('/api/config/templates'),
})

export async function loadConfig(path: string): Promise<TrainingRequest> {
  return (await get<{ config: TrainingRequest }>('/api/config/load', { path })).config
}

/** Without `overwrite` a name that is taken is an ApiError with code "conflict". */
export function saveConfig(
  name: string,
  config: TrainingRequest,
  overwrite: boolean,
): Promise<{ path: string }> {
  return post('/api/config/save', { name, config, overwrite })
}

interface StartAnswer {
  success: boolean
  message: string
  job_id: string | null
  validation_errors: Finding[]
}

/** Id of the job. What stands against it is an ApiError with findings, whichever way the server said it. */
export async function startTraining(request: TrainingRequest): Promise<string> {
  const { job_id, message, validation_errors } = await post<StartAnswer>('/api/training/start', request)
  if (job_id) return job_id
  throw new ApiError(422, message, 'refused', validation_errors)
}
