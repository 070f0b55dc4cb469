// SPDX-License-Identifier: MIT
// The link that a server in token mode prints has the token behind the #, where no server and no log sees it.
import { login } from '@/api/auth.ts'
import { messageOf } from '@/api/client.ts'

/** Uses the token of a printed link and takes it out of the address. Resolves to an error's text, or null. */
export async function signInByLink(): Promise<string | null> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (!token) return null
  history.replaceState(null, '', location.pathname + location.search)
  try {
    await login(token)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
