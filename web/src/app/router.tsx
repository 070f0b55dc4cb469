// SPDX-License-Identifier: MIT
// All addresses of the page. What can be seen is in the address: filter, picture, tab, open dialog. Each place is loaded
// when it is first gone to.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { MapPinOff } from 'lucide-react'
import { EmptyState, ErrorState } from '@/components/States.tsx'
import { buttonLook } from '@/components/Button.tsx'
import type { Filter } from '@/features/datasets/filter.ts'
import { Shell } from './Shell.tsx'
import { useGlobalShortcuts } from './shortcuts.ts'

type Raw = Record<string, unknown>

interface DatasetSearch extends Filter {
  /** Name of the picture in hand. */
  picture?: string
  full?: true
  dialog?: 'tag' | 'trigger'
}

interface JobSearch {
  tab?: 'overview' | 'log' | 'files'
  /** What is searched for in the log. */
  find?: string
}

interface LoginSearch {
  /** Where to go once signed in. */
  next?: string
  error?: string
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const texts = (value: unknown) => {
  const list = (Array.isArray(value) ? value : [value]).filter(
    (item) => typeof item === 'string' && item !== '',
  )
  return list.length > 0 ? (list as string[]) : undefined
}
const oneOf = <T extends string>(value: unknown, ...words: T[]) => words.find((word) => word === value)

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: () => (
    <EmptyState
      icon={MapPinOff}
      title="There is nothing at this address"
      action={
        <Link to="/datasets" className={buttonLook('plain')}>
          Go to datasets
        </Link>
      }
    >
      It may have been moved or deleted.
    </EmptyState>
  ),
  errorComponent: ({ error, reset }) => (
    <ErrorState what="This place cannot be shown." error={error} onRetry={reset} />
  ),
})

function ShellWithKeys() {
  useGlobalShortcuts()
  return <Shell />
}

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: ShellWithKeys })

const start = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/datasets', replace: true })
  },
})

const datasets = createRoute({
  getParentRoute: () => shell,
  path: '/datasets',
  validateSearch: (raw: Raw): { dialog?: 'new' } => ({ dialog: oneOf(raw.dialog, 'new') }),
  component: lazyRouteComponent(() => import('@/features/datasets/DatasetsPage.tsx'), 'DatasetsPage'),
})

const dataset = createRoute({
  getParentRoute: () => shell,
  path: '/datasets/$name',
  validateSearch: (raw: Raw): DatasetSearch => ({
    q: text(raw.q),
    tags: texts(raw.tags),
    not: texts(raw.not),
    only: oneOf(raw.only, 'untagged'),
    picture: text(raw.picture),
    full: raw.full === true || undefined,
    dialog: oneOf(raw.dialog, 'tag', 'trigger'),
  }),
  component: lazyRouteComponent(() => import('@/features/datasets/DatasetPage.tsx'), 'DatasetPage'),
})

const jobs = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  component: lazyRouteComponent(() => import('@/features/jobs/JobsPage.tsx'), 'JobsPage'),
})

const job = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$id',
  validateSearch: (raw: Raw): JobSearch => ({
    tab: oneOf(raw.tab, 'overview', 'log', 'files'),
    find: text(raw.find),
  }),
  component: lazyRouteComponent(() => import('@/features/jobs/JobPage.tsx'), 'JobPage'),
})

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('@/features/settings/SettingsPage.tsx'), 'SettingsPage'),
})

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw: Raw): LoginSearch => ({ next: text(raw.next), error: text(raw.error) }),
  component: lazyRouteComponent(() => import('@/features/login/LoginPage.tsx'), 'LoginPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren([start, datasets, dataset, jobs, job, settings]), login]),
  defaultPreload: 'intent',
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
