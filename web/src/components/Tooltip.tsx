// SPDX-License-Identifier: MIT
// Tooltips cost nothing where they are asked for: an element carries `data-tip` (see `tip`), and one layer for the whole
// page shows it after a moment of pointing, or at once on keyboard focus. It never holds what is said nowhere else: an
// icon's name is its aria-label, too.
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Kbd } from './Kbd.tsx'

type Side = 'top' | 'bottom' | 'left' | 'right'

/** Attributes that give an element a tooltip. */
export const tip = (text: string, keys?: string, side: Side = 'bottom') => ({
  'data-tip': text,
  'data-tip-keys': keys,
  'data-tip-side': side,
})

const WAIT_MS = 400
const AGAIN_MS = 300 // one tooltip after another comes without waiting
const GAP = 6
const MARGIN = 6

interface Shown {
  text: string
  keys?: string
  side: Side
  box: DOMRect
}

export function TooltipLayer() {
  const [shown, setShown] = useState<Shown | null>(null)
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => listen(setShown), [])
  useLayoutEffect(() => {
    if (!shown || !element.current) return
    const { left, top } = place(shown, element.current)
    element.current.style.translate = `${left}px ${top}px`
  }, [shown])
  if (!shown) return null
  return (
    <div
      ref={element}
      role="tooltip"
      className="pointer-events-none fixed top-0 left-0 z-60 flex w-max max-w-72 animate-fade items-center gap-2 rounded-md border border-line bg-raised px-2 py-1 text-sm shadow-float"
    >
      {shown.text}
      {shown.keys && <Kbd keys={shown.keys} />}
    </div>
  )
}

function listen(show: (shown: Shown | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout>
  let hiddenAt = 0
  let open = false
  const hide = () => {
    clearTimeout(timer)
    if (open) hiddenAt = Date.now()
    open = false
    show(null)
  }
  const ask = (target: EventTarget | null, wait: number) => {
    const from = target instanceof Element ? target.closest<HTMLElement>('[data-tip]') : null
    hide()
    if (!from) return
    timer = setTimeout(() => {
      open = true
      const { tip: text = '', tipKeys: keys, tipSide = 'bottom' } = from.dataset
      if (from.isConnected) show({ text, keys, side: tipSide as Side, box: from.getBoundingClientRect() })
    }, wait)
  }
  const onOver = (event: PointerEvent) => {
    if (event.pointerType !== 'touch') ask(event.target, Date.now() - hiddenAt < AGAIN_MS ? 0 : WAIT_MS)
  }
  const onFocus = (event: FocusEvent) => {
    if (event.target instanceof Element && event.target.matches(':focus-visible')) ask(event.target, 0)
  }
  const events: [string, (event: never) => void][] = [
    ...([
      ['pointerover', onOver],
      ['focusin', onFocus],
    ] as [string, (event: never) => void][]),
    ...['pointerdown', 'focusout', 'keydown', 'scroll'].map((name): [string, () => void] => [name, hide]),
  ]
  events.forEach(([name, act]) => document.addEventListener(name, act as EventListener, true))
  return () => {
    clearTimeout(timer)
    events.forEach(([name, act]) => document.removeEventListener(name, act as EventListener, true))
  }
}

/** Beside its box on the wanted side, on the other one where there is no room, and never outside of the window. */
function place({ side, box }: Shown, element: HTMLElement): { left: number; top: number } {
  const { offsetWidth: width, offsetHeight: height } = element
  const middle = { left: box.left + box.width / 2 - width / 2, top: box.top + box.height / 2 - height / 2 }
  const fits = { bottom: box.bottom + GAP + height < innerHeight, top: box.top - GAP - height > 0 }
  const at: Record<Side, { left: number; top: number }> = {
    bottom: { left: middle.left, top: box.bottom + GAP },
    top: { left: middle.left, top: box.top - GAP - height },
    right: { left: box.right + GAP, top: middle.top },
    left: { left: box.left - GAP - width, top: middle.top },
  }
  const chosen = side === 'bottom' && !fits.bottom ? 'top' : side === 'top' && !fits.top ? 'bottom' : side
  const within = (value: number, size: number, limit: number) =>
    Math.max(MARGIN, Math.min(value, limit - size - MARGIN))
  return {
    left: within(at[chosen].left, width, innerWidth),
    top: within(at[chosen].top, height, innerHeight),
  }
}
