// SPDX-License-Identifier: MIT
import * as Radix from '@radix-ui/react-dialog'
import { ChevronLeft, ChevronRight, X } from 'lucide-react'
import type { Picture } from '@/api/datasets.ts'
import { IconButton } from '@/components/Button.tsx'
import { focusField } from '@/components/Dialog.tsx'
import { count } from '@/lib/format.ts'
import { BigPicture } from './BigPicture.tsx'

interface Props {
  dataset: string
  picture: Picture
  index: number
  total: number
  onStep(delta: number): void
  onClose(): void
}

/** One picture and nothing else; arrows go on. */
export function FullView({ dataset, picture, index, total, onStep, onClose }: Props) {
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <Radix.Content
          aria-describedby={undefined}
          onOpenAutoFocus={focusField}
          className="fixed inset-0 z-40 flex animate-fade flex-col bg-canvas outline-none"
          onKeyDown={(event) => {
            const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key]
            if (step) onStep(step)
          }}
        >
          <div className="flex h-11 shrink-0 items-center gap-2 px-3">
            <Radix.Title className="min-w-0 truncate font-mono text-sm">{picture.image_name}</Radix.Title>
            <span className="num flex-1 text-sm text-ink-3">
              {count(index + 1)} of {count(total)}
            </span>
            <IconButton
              icon={ChevronLeft}
              label="Picture before"
              keys="←"
              disabled={index <= 0}
              onClick={() => onStep(-1)}
            />
            <IconButton
              icon={ChevronRight}
              label="Next picture"
              keys="→"
              disabled={index >= total - 1}
              onClick={() => onStep(1)}
            />
            <Radix.Close asChild>
              <IconButton icon={X} label="Close" keys="Esc" />
            </Radix.Close>
          </div>
          <BigPicture dataset={dataset} picture={picture} className="min-h-0 flex-1 px-3" />
          <p className="max-h-24 shrink-0 overflow-y-auto px-4 py-3 text-center text-ink-2">
            {picture.has_tags ? picture.tags.join(', ') : 'No caption'}
          </p>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
