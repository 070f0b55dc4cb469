// SPDX-License-Identifier: MIT
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError, messageOf } from '@/api/client.ts'
import { toast } from '@/components/toasts.ts'

const TRIES = 2

/** One client for the page. `signIn` is called when the server wants to know who we are. */
export function createQueryClient(signIn: () => void): QueryClient {
  const judge = (error: unknown) => {
    if (error instanceof ApiError && error.status === 401) signIn()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError: judge }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        judge(error)
        // A mutation that shows its error itself says so; the others say it here.
        if (!mutation.meta?.showsError) toast(messageOf(error), { tone: 'bad' })
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // Refusals stay refusals; only what may have been a hiccup is tried again.
        retry: (failed, error) =>
          failed < TRIES && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
        retryDelay: (failed) => 400 * 2 ** failed,
        networkMode: 'always', // the server is on this machine as a rule, so being offline says nothing
      },
      mutations: { networkMode: 'always' },
    },
  })
}
