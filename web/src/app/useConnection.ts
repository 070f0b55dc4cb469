// SPDX-License-Identifier: MIT
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { connection } from '@/api/client.ts'
import { health } from '@/api/health.ts'
import { useStore } from '@/lib/store.ts'

const WAITS_MS = [500, 1_000, 2_000, 5_000]

/** Whether the server answers. While it does not, asks for it, and once it does, brings everything up to date. */
export function useConnection(): 'ok' | 'lost' {
  const state = useStore(connection)
  const client = useQueryClient()
  useEffect(() => {
    if (state === 'ok') return
    let timer: ReturnType<typeof setTimeout>
    const ask = (tries: number) => {
      timer = setTimeout(
        () =>
          health().then(
            () => void client.invalidateQueries(),
            () => ask(tries + 1),
          ),
        WAITS_MS[Math.min(tries, WAITS_MS.length - 1)],
      )
    }
    ask(0)
    return () => clearTimeout(timer)
  }, [state, client])
  return state
}
