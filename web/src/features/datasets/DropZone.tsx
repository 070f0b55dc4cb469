// SPDX-License-Identifier: MIT
import { ImagePlus } from 'lucide-react'
import { useRef, useState, type ReactNode } from 'react'
import { droppedFiles } from './dropped.ts'

interface Props {
  into: string
  onFiles(files: File[]): void
  children: ReactNode
}

/** Takes files that are dropped anywhere on it, and says so while they hover. */
export function DropZone({ into, onFiles, children }: Props) {
  const [over, setOver] = useState(false)
  const depth = useRef(0) // entering a child comes before leaving its parent
  const hasFiles = (event: React.DragEvent) => event.dataTransfer.types.includes('Files')
  return (
    <div
      className="h-full"
      onDragEnter={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        depth.current++
        setOver(true)
      }}
      onDragOver={(event) => hasFiles(event) && event.preventDefault()}
      onDragLeave={() => {
        depth.current = Math.max(0, depth.current - 1)
        if (depth.current === 0) setOver(false)
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        depth.current = 0
        setOver(false)
        void droppedFiles(event.dataTransfer).then(onFiles)
      }}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-2 z-30 flex animate-fade flex-col items-center justify-center gap-2 rounded-lg border-2 border-dashed border-accent-text bg-scrim">
          <span className="flex items-center gap-2 rounded-md bg-raised px-4 py-2 text-lg font-medium shadow-float">
            <ImagePlus size={18} aria-hidden className="text-accent-text" />
            Add to {into}
          </span>
        </div>
      )}
    </div>
  )
}
