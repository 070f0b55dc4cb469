// SPDX-License-Identifier: MIT
import * as Radix from '@radix-ui/react-dialog'
import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react'
import { sampleUrl, type Sample } from '@/api/artifacts.ts'
import { IconButton } from '@/components/Button.tsx'
import { focusField } from '@/components/Dialog.tsx'
import { count } from '@/lib/format.ts'
import { SamplePicture } from './Samples.tsx'

interface Props {
  jobId: string
  sample: Sample
  index: number
  total: number
  onStep(delta: number): void
  onClose(): void
}

/** One sample and how it was drawn; arrows go on. */
export function SampleView({ jobId, sample, index, total, onStep, onClose }: Props) {
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
            <Radix.Title className="min-w-0 truncate font-mono text-sm">{sample.name}</Radix.Title>
            <span className="num flex-1 text-sm whitespace-nowrap text-ink-3">
              {count(index + 1)} of {count(total)}
            </span>
            <a
              href={sampleUrl(jobId, sample.name)}
              download={sample.name}
              aria-label="Download the picture"
              className="flex size-7 items-center justify-center rounded-md text-ink-2 hover:bg-hover hover:text-ink pointer-coarse:size-9"
            >
              <Download size={16} aria-hidden />
            </a>
            <IconButton
              icon={ChevronLeft}
              label="Sample before"
              keys="←"
              disabled={index <= 0}
              onClick={() => onStep(-1)}
            />
            <IconButton
              icon={ChevronRight}
              label="Next sample"
              keys="→"
              disabled={index >= total - 1}
              onClick={() => onStep(1)}
            />
            <Radix.Close asChild>
              <IconButton icon={X} label="Close" keys="Esc" />
            </Radix.Close>
          </div>
          <div className="min-h-0 flex-1 px-3">
            <SamplePicture
              key={sample.name}
              jobId={jobId}
              sample={sample}
              className="size-full object-contain"
            />
          </div>
          <pre
            tabIndex={0}
            aria-label="How it was drawn"
            className="max-h-40 shrink-0 overflow-y-auto px-4 py-3 text-center font-sans whitespace-pre-wrap text-ink-2"
          >
            {sample.parameters ?? `Prompt ${sample.prompt_index + 1}`}
          </pre>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
