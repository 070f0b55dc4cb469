// SPDX-License-Identifier: MIT
import * as Radix from '@radix-ui/react-dialog'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Images, Keyboard, ListChecks, Search, SunMoon, type LucideIcon } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { datasetsQuery } from '@/api/datasets.ts'
import { jobsQuery } from '@/api/jobs.ts'
import { Kbd } from '@/components/Kbd.tsx'
import { titleOf, STATE_WORDS } from '@/features/jobs/jobWords.ts'
import { count } from '@/lib/format.ts'
import { fuzzySort } from '@/lib/fuzzy.ts'
import { useStore } from '@/lib/store.ts'
import { placeCommands } from './commands.ts'
import { overlay } from './overlays.ts'
import { PLACES } from './places.ts'
import { toggleTheme } from './theme.ts'

interface Item {
  id: string
  label: string
  group: string
  icon: LucideIcon
  aside?: string
  keys?: string
  run(): void
}

const SHOWN = 12

/** Ctrl-K: go to anything, run any action. */
export default function CommandPalette() {
  return (
    <Radix.Root open onOpenChange={(next) => !next && overlay.set(null)}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-3 top-3 z-40 mx-auto max-w-[36rem] animate-appear overflow-hidden rounded-lg border border-line bg-panel shadow-float outline-none md:top-[14dvh]"
        >
          <Radix.Title className="sr-only">Go to anything</Radix.Title>
          <Palette />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

function useItems(): Item[] {
  const navigate = useNavigate()
  const { data: datasets } = useQuery(datasetsQuery)
  const { data: jobs } = useQuery(jobsQuery)
  const here = useStore(placeCommands)
  return [
    ...here.map((c) => ({ ...c, id: `here:${c.label}`, group: 'Here' })),
    ...PLACES.map((p) => ({
      id: p.to,
      label: `Go to ${p.label.toLowerCase()}`,
      group: 'Places',
      icon: p.icon,
      keys: `G ${p.key.toUpperCase()}`,
      run: () => void navigate({ to: p.to }),
    })),
    ...(datasets?.datasets ?? []).map((d) => ({
      id: `dataset:${d.name}`,
      label: d.name,
      group: 'Datasets',
      icon: Images,
      aside: count(d.image_count),
      run: () => void navigate({ to: '/datasets/$name', params: { name: d.name } }),
    })),
    ...(jobs?.jobs ?? []).map((j) => ({
      id: `job:${j.id}`,
      label: titleOf(j),
      group: 'Jobs',
      icon: ListChecks,
      aside: STATE_WORDS[j.status].toLowerCase(),
      run: () => void navigate({ to: '/jobs/$id', params: { id: j.id } }),
    })),
    { id: 'theme', label: 'Switch between dark and light', group: 'Page', icon: SunMoon, run: toggleTheme },
    {
      id: 'keys',
      label: 'Show all keys',
      group: 'Page',
      icon: Keyboard,
      keys: '?',
      run: () => overlay.set('keys'),
    },
  ]
}

function Palette() {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const active = useRef<HTMLDivElement>(null)
  const found = fuzzySort(typed, useItems(), (item) => item.label)
  const items = typed ? found.slice(0, SHOWN) : found
  const current = Math.min(at, items.length - 1)

  useEffect(() => {
    active.current?.scrollIntoView({ block: 'nearest' })
  }, [current])

  const run = (item: Item | undefined) => {
    if (!item) return
    overlay.set(null)
    item.run()
  }

  return (
    <>
      <div className="flex h-11 items-center gap-2.5 border-b border-line px-3.5">
        <Search size={16} aria-hidden className="shrink-0 text-ink-3" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={items[current] && `${list}-${current}`}
          aria-label="Go to anything, run any action"
          placeholder="Go to anything, run any action"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={(event) => {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
            if (step) setAt((current + step + items.length) % items.length)
            else if (event.key === 'Enter') run(items[current])
            else return
            event.preventDefault()
          }}
          className="h-full min-w-0 flex-1 bg-transparent text-lg outline-none"
        />
        <Kbd keys="Esc" />
      </div>
      <ul
        id={list}
        role="listbox"
        aria-label="Results"
        className="max-h-[min(24rem,60dvh)] overflow-y-auto p-1.5"
      >
        {items.map((item, i) => (
          <li key={item.id} role="presentation">
            {item.group !== items[i - 1]?.group && !typed && (
              <div aria-hidden className="px-2 pt-2 pb-1 text-xs text-ink-3">
                {item.group}
              </div>
            )}
            <div
              ref={i === current ? active : undefined}
              id={`${list}-${i}`}
              role="option"
              aria-selected={i === current}
              onMouseMove={() => setAt(i)}
              onClick={() => run(item)}
              className="flex h-8 cursor-pointer items-center gap-2.5 rounded-md px-2 aria-selected:bg-hover pointer-coarse:h-11"
            >
              <item.icon size={15} aria-hidden className="shrink-0 text-ink-3" />
              <span className="min-w-0 flex-1 truncate">{item.label}</span>
              {item.aside && <span className="num text-ink-3">{item.aside}</span>}
              {item.keys && <Kbd keys={item.keys} />}
            </div>
          </li>
        ))}
        {items.length === 0 && <li className="px-2 py-6 text-center text-ink-2">Nothing is called that.</li>}
      </ul>
    </>
  )
}
