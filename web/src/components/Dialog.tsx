// SPDX-License-Identifier: MIT
import * as Radix from '@radix-ui/react-dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { cx } from '@/lib/cx.ts'
import { IconButton } from './Button.tsx'

interface Props {
  open: boolean
  onClose(): void
  title: string
  /** One sentence under the title. */
  about?: ReactNode
  children: ReactNode
  wide?: boolean
}

/** The first field, else the dialog itself: not its Close button, which only comes first in the markup. */
export function focusField(event: Event): void {
  event.preventDefault()
  const dialog = event.currentTarget as HTMLElement
  const field = dialog.querySelector<HTMLElement>(
    'input:not([type=file], [type=range], [type=checkbox], [type=radio]), select, textarea',
  )
  ;(field ?? dialog).focus()
}

/** A question in front of the page. On a phone it is a sheet that comes from below. */
export function Dialog({ open, onClose, title, about, children, wide }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade bg-scrim" />
        <Radix.Content
          {...(about ? {} : { 'aria-describedby': undefined })}
          onOpenAutoFocus={focusField}
          className={cx(
            'fixed z-40 flex max-h-[85dvh] animate-appear flex-col border border-line bg-panel shadow-float outline-none',
            'inset-x-0 bottom-0 rounded-t-lg md:inset-x-auto md:bottom-auto md:left-1/2 md:top-[12dvh] md:-translate-x-1/2 md:rounded-lg',
            wide ? 'md:w-[34rem]' : 'md:w-[27rem]',
          )}
        >
          <header className="flex items-start gap-3 px-4 pt-3.5 pb-3">
            <div className="min-w-0 flex-1">
              <Radix.Title className="text-lg font-medium">{title}</Radix.Title>
              {about && <Radix.Description className="mt-0.5 text-ink-2">{about}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton icon={X} label="Close" className="-mt-0.5 -mr-1.5" />
            </Radix.Close>
          </header>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

export function DialogBody({ children }: { children: ReactNode }) {
  return <div className="min-h-0 flex-1 overflow-y-auto px-4 pt-0.5 pb-4">{children}</div>
}

export function DialogFooter({ children }: { children: ReactNode }) {
  return (
    <footer className="flex items-center justify-end gap-2 border-t border-line px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
      {children}
    </footer>
  )
}
