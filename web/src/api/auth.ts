// SPDX-License-Identifier: MIT
// Only a server in token mode asks for any of this. The session is a cookie that scripts cannot read.
import { post } from './client.ts'

export function login(token: string): Promise<{ success: boolean }> {
  return post('/api/login', { token })
}

export function logout(): Promise<{ success: boolean }> {
  return post('/api/logout')
}
