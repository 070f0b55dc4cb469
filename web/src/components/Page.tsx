// SPDX-License-Identifier: MIT
import { Link, type LinkProps } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, Search } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { overlay } from '@/app/overlays.ts'
import { Kbd } from './Kbd.tsx'

interface Crumb {
  label: string
  to: LinkProps['to']
}

interface Props {
  title: string
  /** Name of the browser's tab when it should say more than the title. */
  tabTitle?: string
  /** Where this place lies: links in front of the title. */
  under?: Crumb
  /** Quiet words behind the title: a count, a state. */
  aside?: ReactNode
  /** Buttons at the right. */
  actions?: ReactNode
  children: ReactNode
}

/** A place of the page: its bar, and below it what fills the rest. Also names the browser's tab. */
export function Page({ title, tabTitle = title, under, aside, actions, children }: Props) {
  useEffect(() => {
    document.title = `${tabTitle} · Lorica`
  }, [tabTitle])
  return (
    <>
      <header className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line px-4 py-1.5">
        <div className="flex min-w-0 flex-1 items-center gap-1.5">
          {under && (
            <Link
              to={under.to}
              aria-label={under.label}
              className="flex h-7 shrink-0 items-center gap-1.5 rounded-sm text-ink-2 hover:text-ink max-md:-ml-1.5 pointer-coarse:h-9 pointer-coarse:min-w-7"
            >
              <ChevronLeft size={18} aria-hidden className="md:hidden" />
              <span className="max-md:hidden">{under.label}</span>
              <ChevronRight size={14} aria-hidden className="text-ink-3 max-md:hidden" />
            </Link>
          )}
          <h1 className="truncate font-medium" title={title}>
            {title}
          </h1>
          {aside && (
            <div className="num ml-1 flex shrink-0 items-center text-ink-3 max-md:hidden">{aside}</div>
          )}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-1.5">{actions}</div>}
        <SearchButton />
      </header>
      <div className="relative min-h-0 flex-1">{children}</div>
    </>
  )
}

function SearchButton() {
  return (
    <button
      type="button"
      aria-keyshortcuts="Control+K"
      onClick={() => overlay.set('palette')}
      className="flex h-7 items-center gap-2 rounded-md border border-line px-2 text-ink-3 transition-colors duration-120 hover:border-edge hover:text-ink pointer-coarse:h-9 lg:w-44"
    >
      <Search size={14} aria-hidden />
      <span className="flex-1 text-left max-lg:sr-only">Search…</span>
      <span aria-hidden className="max-lg:hidden">
        <Kbd keys="Ctrl K" />
      </span>
    </button>
  )
}
