// SPDX-License-Identifier: MIT
import { useVirtualizer } from '@tanstack/react-virtual'
import { CaptionsOff } from 'lucide-react'
import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type RefObject,
} from 'react'
import type { Picture } from '@/api/datasets.ts'
import { cx } from '@/lib/cx.ts'
import { Thumbnail } from './Thumbnail.tsx'

const GAP = 4
const PAD = 8

interface Props {
  pictures: Picture[]
  /** Index of the picture in hand; -1 for none. */
  current: number
  /** Width that a picture should have about. */
  cell: number
  onPick(index: number): void
  onOpen(): void
  listRef: RefObject<HTMLDivElement | null>
}

/**
 * The pictures as a grid that draws only what is seen, so that 20,000 are as quick as 20. The list has the focus and names
 * the picture in hand: a picture that scrolls out of sight cannot take the focus with it.
 */
export function Gallery({ pictures, current, cell, onPick, onOpen, listRef }: Props) {
  const id = useId()
  const width = useWidth(listRef)
  const inner = Math.max(0, width - 2 * PAD)
  const columns = Math.max(2, Math.floor((inner + GAP) / (cell + GAP)))
  const size = (inner - GAP * (columns - 1)) / columns
  const rows = useVirtualizer({
    count: Math.ceil(pictures.length / columns),
    getScrollElement: () => listRef.current,
    estimateSize: () => size + GAP,
    paddingStart: PAD,
    paddingEnd: PAD,
    overscan: 4,
  })

  useLayoutEffect(() => {
    rows.measure()
  }, [rows, size])
  useEffect(() => {
    if (current >= 0 && width > 0) rows.scrollToIndex(Math.floor(current / columns), { align: 'auto' })
  }, [rows, current, columns, width > 0])

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((listRef.current?.clientHeight ?? 0) / (size + GAP))) * columns
    const steps: Record<string, number> = {
      ...{ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns },
      ...{ PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity },
    }
    const step = steps[event.key]
    if (step !== undefined) onPick(Math.min(pictures.length - 1, Math.max(0, Math.max(0, current) + step)))
    else if (event.key === 'Enter' && current >= 0) onOpen()
    else return
    event.preventDefault()
  }

  return (
    <div
      ref={listRef}
      role="listbox"
      aria-label="Pictures"
      aria-activedescendant={current >= 0 ? `${id}-${current}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      className="group/list h-full overflow-y-auto [scrollbar-gutter:stable] focus-visible:outline-offset-[-2px]"
    >
      <div role="presentation" className="relative" style={{ height: rows.getTotalSize() }}>
        {width > 0 &&
          rows.getVirtualItems().map((row) => (
            <div
              key={row.key}
              role="presentation"
              className="absolute inset-x-0 flex"
              style={{ transform: `translateY(${row.start}px)`, gap: GAP, paddingInline: PAD, height: size }}
            >
              {pictures.slice(row.index * columns, (row.index + 1) * columns).map((picture, column) => {
                const index = row.index * columns + column
                return (
                  <div
                    key={picture.image_path}
                    id={`${id}-${index}`}
                    role="option"
                    aria-label={picture.has_tags ? picture.image_name : `${picture.image_name}, no caption`}
                    aria-selected={index === current}
                    aria-setsize={pictures.length}
                    aria-posinset={index + 1}
                    title={picture.image_name}
                    onClick={() => onPick(index)}
                    onDoubleClick={onOpen}
                    style={{ width: size, height: size }}
                    className={cx(
                      'relative shrink-0 cursor-pointer overflow-hidden rounded-sm',
                      'aria-selected:outline-2 aria-selected:outline-offset-1 aria-selected:outline-accent-text',
                    )}
                  >
                    <Thumbnail
                      imagePath={picture.image_path}
                      size={Math.round(size)}
                      modified={picture.modified}
                    />
                    {!picture.has_tags && (
                      <span
                        title="No caption"
                        className="absolute right-1 bottom-1 flex size-5 items-center justify-center rounded-sm bg-panel text-warn"
                      >
                        <CaptionsOff size={13} aria-hidden />
                      </span>
                    )}
                  </div>
                )
              })}
            </div>
          ))}
      </div>
    </div>
  )
}

function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  const latest = useRef(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => {
      if (element.clientWidth !== latest.current) setWidth((latest.current = element.clientWidth))
    })
    setWidth((latest.current = element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [ref])
  return width
}
