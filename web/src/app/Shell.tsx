// SPDX-License-Identifier: MIT
import { Link, Outlet } from '@tanstack/react-router'
import { PanelLeftClose, PanelLeftOpen, WifiOff } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { IconButton } from '@/components/Button.tsx'
import { Toaster } from '@/components/Toaster.tsx'
import { tip } from '@/components/Tooltip.tsx'
import { UploadCard } from '@/features/datasets/UploadCard.tsx'
import { JobStrip } from '@/features/jobs/JobStrip.tsx'
import { cx } from '@/lib/cx.ts'
import { useMedia, WIDE } from '@/lib/media.ts'
import { useRemembered } from '@/lib/remembered.ts'
import { useStore } from '@/lib/store.ts'
import mark from './mark.svg'
import { overlay } from './overlays.ts'
import { PLACES } from './places.ts'
import { useConnection } from './useConnection.ts'

/** What stays while one goes from place to place. */
export function Shell() {
  const connection = useConnection()
  return (
    <div className="flex h-full max-md:flex-col">
      <a
        href="#main"
        className="absolute -top-10 left-2 z-50 rounded-md bg-accent px-3 py-1.5 text-accent-ink focus:top-2"
        onClick={(event) => {
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        Skip to content
      </a>
      <Rail />
      <div className="relative flex min-h-0 min-w-0 flex-1 flex-col">
        <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
          <Outlet />
        </main>
        <JobStrip />
        <UploadCard />
      </div>
      <BottomBar />
      {connection === 'lost' && <Reconnecting />}
      <Toaster />
      <Overlays />
    </div>
  )
}

export const overlays = {
  CommandPalette: () => import('./CommandPalette.tsx'),
  KeysDialog: () => import('./KeysDialog.tsx'),
}
const CommandPalette = lazy(overlays.CommandPalette)
const KeysDialog = lazy(overlays.KeysDialog)

/** Loaded when first opened. */
function Overlays() {
  const open = useStore(overlay)
  return (
    <Suspense>
      {open === 'palette' && <CommandPalette />}
      {open === 'keys' && <KeysDialog />}
    </Suspense>
  )
}

function Rail() {
  const wide = useMedia(WIDE)
  const [wanted, setWanted] = useRemembered('rail', true)
  const open = wide && wanted
  return (
    <nav
      aria-label="Places"
      className={cx(
        'flex shrink-0 flex-col border-r border-line bg-panel max-md:hidden',
        open ? 'w-44' : 'w-13',
      )}
    >
      <Link
        to="/datasets"
        className="m-1.5 flex h-8 items-center gap-2.5 rounded-md px-2.5 text-lg font-medium"
        aria-label="Lorica"
      >
        <img src={mark} alt="" width={20} height={20} />
        {open && 'Lorica'}
      </Link>
      <ul className="flex flex-1 flex-col gap-0.5 px-1.5 py-1">
        {PLACES.map((place) => (
          <li key={place.to}>
            <Link
              to={place.to}
              aria-label={place.label}
              {...(open ? {} : tip(place.label, `G ${place.key.toUpperCase()}`, 'right'))}
              className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-ink-2 transition-colors duration-120 hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:text-ink"
            >
              <place.icon size={18} strokeWidth={1.75} aria-hidden className="shrink-0" />
              {open && place.label}
            </Link>
          </li>
        ))}
      </ul>
      {wide && (
        <div className="p-2.5">
          <IconButton
            icon={open ? PanelLeftClose : PanelLeftOpen}
            label={open ? 'Narrow the rail' : 'Widen the rail'}
            side="right"
            onClick={() => setWanted(!wanted)}
          />
        </div>
      )}
    </nav>
  )
}

function BottomBar() {
  return (
    <nav
      aria-label="Places"
      className="flex shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {PLACES.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          className="flex h-13 flex-1 flex-col items-center justify-center gap-0.5 text-xs text-ink-2 focus-visible:outline-offset-[-2px] aria-[current=page]:text-accent-text"
        >
          <place.icon size={20} strokeWidth={1.75} aria-hidden />
          {place.label}
        </Link>
      ))}
    </nav>
  )
}

function Reconnecting() {
  return (
    <div
      role="status"
      className="fixed top-2.5 left-1/2 z-50 flex h-7 -translate-x-1/2 animate-appear items-center gap-2 rounded-full border border-line bg-raised px-3 text-sm text-ink-2 shadow-float"
    >
      <WifiOff size={14} aria-hidden className="text-warn" />
      The server does not answer. Trying again…
    </div>
  )
}
