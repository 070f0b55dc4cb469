// SPDX-License-Identifier: MIT
import { ImageOff } from 'lucide-react'
import { useState } from 'react'
import { pictureUrl, type Picture } from '@/api/datasets.ts'
import { cx } from '@/lib/cx.ts'

export interface Size {
  width: number
  height: number
}

interface Props {
  dataset: string
  picture: Picture
  onSize?(size: Size): void
  className?: string
}

/** The whole picture, as large as its place allows. The place keeps its size while it loads. */
export function BigPicture({ dataset, picture, onSize, className }: Props) {
  const source = pictureUrl(dataset, picture)
  const [state, setState] = useState({ source, broken: false, loaded: false })
  if (state.source !== source) setState({ source, broken: false, loaded: false })
  return (
    <div className={cx('flex items-center justify-center overflow-hidden', className)}>
      {state.broken ? (
        <span className="flex flex-col items-center gap-2 text-ink-3">
          <ImageOff size={24} aria-hidden />
          This file cannot be shown.
        </span>
      ) : (
        <img
          key={source}
          src={source}
          alt={picture.image_name}
          onLoad={(event) => {
            const { naturalWidth: width, naturalHeight: height } = event.currentTarget
            setState({ source, broken: false, loaded: true })
            onSize?.({ width, height })
          }}
          onError={() => setState({ source, broken: true, loaded: false })}
          className={cx('max-h-full max-w-full object-contain', state.loaded ? 'checker' : 'opacity-0')}
        />
      )}
    </div>
  )
}
