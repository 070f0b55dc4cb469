// SPDX-License-Identifier: MIT
import { ChevronLeft, ChevronRight, Maximize2, X } from 'lucide-react'
import { useState, type RefObject } from 'react'
import type { Picture } from '@/api/datasets.ts'
import { IconButton } from '@/components/Button.tsx'
import { count, suffix } from '@/lib/format.ts'
import { BigPicture, type Size } from './BigPicture.tsx'
import { CaptionEditor } from './CaptionEditor.tsx'

interface Props {
  dataset: string
  picture: Picture
  /** Place in the list that is shown, from 0, and its length. */
  index: number
  total: number
  known: string[]
  field: RefObject<HTMLTextAreaElement | HTMLInputElement | null>
  onStep(delta: number): void
  onFull(): void
  onClose(): void
}

/** The picture in hand: large, with its figures and its caption. */
export function Inspector(props: Props) {
  const { dataset, picture, index, total, onStep } = props
  const [measured, setMeasured] = useState<{ path: string; size: Size } | null>(null)
  const size = measured?.path === picture.image_path ? measured.size : null
  return (
    <div className="flex h-full flex-col">
      <div className="flex h-9 shrink-0 items-center gap-0.5 border-b border-line pr-1.5 pl-3">
        <span className="num flex-1 text-ink-3">
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
        <IconButton icon={Maximize2} label="Full view" keys="Enter" onClick={props.onFull} />
        <IconButton icon={X} label="Close" keys="Esc" onClick={props.onClose} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <BigPicture
          dataset={dataset}
          picture={picture}
          onSize={(s) => setMeasured({ path: picture.image_path, size: s })}
          className="h-[min(46vh,26rem)] bg-canvas p-2"
        />
        <div className="flex flex-col gap-4 border-t border-line p-3">
          <div>
            <h2 className="font-mono text-sm break-all">{picture.image_name}</h2>
            <p className="num mt-0.5 text-sm text-ink-3">
              {size ? `${size.width} × ${size.height}` : '…'} · {suffix(picture.image_name)}
            </p>
          </div>
          <CaptionEditor
            key={picture.image_path}
            dataset={dataset}
            picture={picture}
            known={props.known}
            field={props.field}
          />
        </div>
      </div>
    </div>
  )
}
