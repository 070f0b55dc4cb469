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
import { overlays, Shell } from './Shell.tsx'
import { useGlobalShortcuts } from './shortcuts.ts'

type Raw = Record<string, unknown>

interface DatasetSearch extends Filter {
  /** Name of the picture in hand. */
  picture?: string
  full?: true
  dialog?: 'tag' | 'trigger'
}

interface TrainingSearch {
  /** What is searched for in the form. */
  q?: string
  file?: 'config' | 'dataset' | 'corrections' | 'check'
  dialog?: 'save' | 'load' | 'preset'
}

interface JobSearch {
  tab?: 'overview' | 'log' | 'files'
  /** What is searched for in the log. */
  find?: string
  /** The sample picture that is shown large. */
  sample?: string
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

// Each place is a file of its own. All of them are fetched once the first one stands: then a server that is away for a
// moment, or a new version of it, does not leave one in front of a place that cannot be loaded.
const pages = {
  DatasetsPage: () => import('@/features/datasets/DatasetsPage.tsx'),
  DatasetPage: () => import('@/features/datasets/DatasetPage.tsx'),
  TrainingPage: () => import('@/features/training/TrainingPage.tsx'),
  JobsPage: () => import('@/features/jobs/JobsPage.tsx'),
  JobPage: () => import('@/features/jobs/JobPage.tsx'),
  SettingsPage: () => import('@/features/settings/SettingsPage.tsx'),
  LoginPage: () => import('@/features/login/LoginPage.tsx'),
}

export function preloadPages(): void {
  for (const load of [...Object.values(pages), ...Object.values(overlays)]) load().catch(() => {})
}

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
  component: lazyRouteComponent(pages.DatasetsPage, 'DatasetsPage'),
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
  component: lazyRouteComponent(pages.DatasetPage, 'DatasetPage'),
})

const training = createRoute({
  getParentRoute: () => shell,
  path: '/training',
  validateSearch: (raw: Raw): TrainingSearch => ({
    q: text(raw.q),
    file: oneOf(raw.file, 'config', 'dataset', 'corrections', 'check'),
    dialog: oneOf(raw.dialog, 'save', 'load', 'preset'),
  }),
  component: lazyRouteComponent(pages.TrainingPage, 'TrainingPage'),
})

const jobs = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  component: lazyRouteComponent(pages.JobsPage, 'JobsPage'),
})

const job = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$id',
  validateSearch: (raw: Raw): JobSearch => ({
    tab: oneOf(raw.tab, 'overview', 'log', 'files'),
    find: text(raw.find),
    sample: text(raw.sample),
  }),
  component: lazyRouteComponent(pages.JobPage, 'JobPage'),
})

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(pages.SettingsPage, 'SettingsPage'),
})

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw: Raw): LoginSearch => ({ next: text(raw.next), error: text(raw.error) }),
  component: lazyRouteComponent(pages.LoginPage, 'LoginPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    shell.addChildren([start, datasets, dataset, training, jobs, job, settings]),
    login,
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: ({ error, reset }) => (
    <ErrorState what="This place cannot be shown." error={error} onRetry={reset} />
  ),
  scrollRestoration: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
