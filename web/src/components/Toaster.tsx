// SPDX-License-Identifier: MIT
import { X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { cx } from '@/lib/cx.ts'
import { useStore } from '@/lib/store.ts'
import { IconButton } from './Button.tsx'
import { dropToast, toasts, type Toast } from './toasts.ts'

/** Short words about what was just done, above everything. Time stands still while the mouse or the focus is on them. */
export function Toaster() {
  const list = useStore(toasts)
  const [held, setHeld] = useState(false)
  return (
    <section
      aria-label="Notifications"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-none fixed inset-x-0 bottom-14 z-50 flex flex-col items-center gap-2 px-3 max-md:bottom-28"
    >
      <div role="status" aria-live="polite" className="contents">
        {list.map((toast) => (
          <Item key={toast.key} toast={toast} held={held} />
        ))}
      </div>
    </section>
  )
}

function Item({ toast, held }: { toast: Toast; held: boolean }) {
  const latest = useRef(toast)
  latest.current = toast
  const close = () => {
    dropToast(toast.key)
    latest.current.gone?.()
  }
  useEffect(() => {
    if (held || toast.ms === null) return
    const timer = setTimeout(close, toast.ms)
    return () => clearTimeout(timer)
  }, [toast, held])
  return (
    <div
      className={cx(
        'pointer-events-auto flex min-h-9 max-w-full animate-appear items-center gap-2 rounded-md border bg-raised py-1 pr-1 pl-3 shadow-float',
        toast.tone === 'bad' ? 'border-bad' : 'border-line',
      )}
    >
      <span className="min-w-0 break-words">{toast.text}</span>
      {toast.action && (
        <button
          type="button"
          className="h-7 rounded-sm px-2 font-medium text-accent-text hover:bg-hover"
          onClick={() => {
            dropToast(toast.key)
            toast.action!.act()
          }}
        >
          {toast.action.label}
        </button>
      )}
      <IconButton icon={X} label="Dismiss" onClick={close} side="top" />
    </div>
  )
}
