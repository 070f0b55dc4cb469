// SPDX-License-Identifier: MIT
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { TooltipLayer } from '@/components/Tooltip.tsx'
import { createQueryClient } from './queryClient.ts'
import { preloadPages, router } from './router.tsx'
import { signInByLink } from './session.ts'
import './styles.css'

function signIn(error?: string): void {
  const { pathname, href } = router.state.location
  if (pathname === '/login') return
  void router.navigate({
    to: '/login',
    search: { next: href === '/' ? undefined : href, error },
    replace: true,
  })
}

const linkError = await signInByLink()
const client = createQueryClient(() => signIn())

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <TooltipLayer />
    </QueryClientProvider>
  </StrictMode>,
)

if (linkError) signIn(linkError)

const PRELOAD_AFTER_MS = 1_000
setTimeout(preloadPages, PRELOAD_AFTER_MS)
