// SPDX-License-Identifier: MIT
// The one place that talks HTTP. Everything else in api/ names a route and its types.
//
// Errors of the server have one shape: {success: false, error, detail} and may add {code, field, findings}; a 422 has
// FastAPI's array in `detail`. All of it becomes an ApiError. A server that cannot be reached is an ApiError with status 0.
import { createStore } from '../lib/store.ts'

/** One thing that is wrong with one field. */
export interface Finding {
  field: string
  message: string
  /** The server's word for it, e.g. "missing". */
  code?: string
  /** Only an error blocks. */
  severity?: 'error' | 'warning' | 'info'
  /** What to do, when the message does not say it. */
  remedy?: string
}

export class ApiError extends Error {
  readonly status: number
  /** The server's word for it, e.g. "model_missing"; "" when it gave none. */
  readonly code: string
  readonly findings: Finding[]

  constructor(status: number, message: string, code = '', findings: Finding[] = []) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.findings = findings
  }

  get unreachable(): boolean {
    return this.status === 0
  }
}

/** Whether the last word from the server was an answer. Shown quietly; `useConnection` in app/ mends it. */
export const connection = createStore<'ok' | 'lost'>('ok')

type Params = Record<string, string | number | boolean | null | undefined>

export function url(path: string, params: Params = {}): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(params))
    if (value !== null && value !== undefined) query.set(key, String(value))
  return query.size > 0 ? `${path}?${query}` : path
}

export function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return request<T>('GET', url(path, params), { signal })
}

/** With `keepalive` it is sent even when the page is being closed; for small bodies only. */
export function post<T>(path: string, body: unknown = {}, options: { keepalive?: boolean } = {}): Promise<T> {
  return request<T>('POST', path, { body, ...options })
}

export function del<T>(path: string): Promise<T> {
  return request<T>('DELETE', path)
}

interface RequestOptions {
  body?: unknown
  signal?: AbortSignal
  keepalive?: boolean
}

async function request<T>(method: string, target: string, options: RequestOptions = {}): Promise<T> {
  const { body, signal, keepalive } = options
  let response: Response
  try {
    response = await fetch(target, {
      ...{ method, signal, keepalive, credentials: 'same-origin' },
      headers: body === undefined ? undefined : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    connection.set('lost')
    throw new ApiError(0, 'The server does not answer.')
  }
  connection.set('ok')
  return readAnswer<T>(response.status, await response.text())
}

/** The value of a 2xx answer, else an ApiError. Also used for uploads, which go by XMLHttpRequest for their progress. */
export function readAnswer<T>(status: number, text: string): T {
  const body = parse(text)
  if (status >= 200 && status < 300) {
    if (body === undefined && text !== '') throw new ApiError(status, 'The server’s answer is not JSON.')
    return body as T
  }
  throw errorOf(status, body)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const plain: Record<number, string> = {
  401: 'Sign in to go on.',
  404: 'There is no such thing (any more).',
  413: 'That is too large for the server.',
  429: 'Too many tries. Wait a moment.',
  507: 'The disk of the server is full.',
}

function errorOf(status: number, body: unknown): ApiError {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const findings = findingsOf(fields)
  const message =
    textOf(fields.error) ??
    textOf(fields.detail) ??
    textOf(fields.message) ??
    findings[0]?.message ??
    plain[status] ??
    `The server answered ${status}.`
  return new ApiError(status, message, textOf(fields.code) ?? '', findings)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function findingsOf(fields: Record<string, unknown>): Finding[] {
  const list = Array.isArray(fields.findings)
    ? fields.findings
    : Array.isArray(fields.detail)
      ? fields.detail
      : []
  const findings = list.map((item): Finding => {
    if (typeof item === 'string') return { field: '', message: item }
    const { field, loc, message, msg, code, severity, remedy } = item as Record<string, unknown>
    const where = textOf(field) ?? (Array.isArray(loc) ? loc.filter((part) => part !== 'body').join('.') : '')
    return {
      field: where,
      message: textOf(message) ?? textOf(msg) ?? '',
      ...(textOf(code) && { code: textOf(code) }),
      ...(textOf(severity) && { severity: severity as Finding['severity'] }),
      ...(textOf(remedy) && { remedy: textOf(remedy) }),
    }
  })
  const field = textOf(fields.field)
  if (field && findings.length === 0) findings.push({ field, message: textOf(fields.error) ?? '' })
  return findings
}

/** What to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
