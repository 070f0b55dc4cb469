// SPDX-License-Identifier: MIT
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import mark from '@/app/mark.svg'
import { login } from '@/api/auth.ts'
import { messageOf } from '@/api/client.ts'
import { Button } from '@/components/Button.tsx'
import { Field, Input } from '@/components/Field.tsx'

const route = getRouteApi('/login')

/** Asked for the token by a server that wants one. */
export function LoginPage() {
  const { next, error: linkError } = route.useSearch()
  const router = useRouter()
  const client = useQueryClient()
  const [token, setToken] = useState('')
  useEffect(() => {
    document.title = 'Sign in · Lorica'
  }, [])
  const enter = useMutation({
    meta: { showsError: true },
    mutationFn: () => login(token.trim()),
    onSuccess: () => {
      client.clear()
      // Only an address of this page: what stands in the address bar is not to send anyone elsewhere.
      void router.navigate({
        href: next?.startsWith('/') && !next.startsWith('//') ? next : '/datasets',
        replace: true,
      })
    },
  })
  const error =
    enter.error && enter.error.message !== 'Sign in to go on.' ? messageOf(enter.error) : linkError
  return (
    <main className="flex h-full items-center justify-center p-4">
      <form
        className="flex w-full max-w-80 flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault()
          if (token.trim()) enter.mutate()
        }}
      >
        <h1 className="flex items-center gap-2.5 text-xl font-medium">
          <img src={mark} alt="" width={28} height={28} />
          Lorica
        </h1>
        <Field
          label="Token"
          error={error}
          help={
            <>
              Printed by <code className="font-mono">lorica serve</code> when it started, at the end of its
              link.
            </>
          }
        >
          {(ids) => (
            <Input
              {...ids}
              autoFocus
              type="password"
              autoComplete="current-password"
              value={token}
              onChange={(event) => setToken(event.target.value)}
              className="w-full font-mono"
            />
          )}
        </Field>
        <Button look="primary" type="submit" disabled={!token.trim()} busy={enter.isPending}>
          Sign in
        </Button>
      </form>
    </main>
  )
}
