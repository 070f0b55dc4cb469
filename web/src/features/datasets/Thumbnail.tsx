// SPDX-License-Identifier: MIT
import { ImageOff } from 'lucide-react'
import { useState } from 'react'
import { thumbnailUrl } from '@/api/datasets.ts'

interface Props {
  imagePath: string
  size: number
  /** When the file was changed, where that is known. */
  modified?: number
}

/** A square of a picture, `size` CSS pixels wide. Says by a sign when it cannot be read. */
export function Thumbnail({ imagePath, size, modified }: Props) {
  const [broken, setBroken] = useState(false)
  if (broken)
    return (
      <span className="flex size-full items-center justify-center bg-hover text-ink-3">
        <ImageOff size={18} aria-label="unreadable" />
      </span>
    )
  return (
    <img
      src={thumbnailUrl(imagePath, size * Math.min(2, devicePixelRatio), modified)}
      alt=""
      width={size}
      height={size}
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setBroken(true)}
      className="size-full bg-hover object-cover"
    />
  )
}
