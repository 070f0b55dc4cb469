// SPDX-License-Identifier: MIT
import { useState } from 'react'
import type { CurvePoint } from '@/api/curves.ts'
import { count } from '@/lib/format.ts'
import { curveOf, nearest, type Dot } from './curveDots.ts'

const WIDTH = 1000 // of the drawing's own units; it is stretched to the room there is
const HEIGHT = 160

/** The loss over the steps, as the trainer says it. The pointer reads a point. */
export function LossCurve({ points }: { points: readonly CurvePoint[] }) {
  const [at, setAt] = useState<Dot>()
  const curve = curveOf(points, WIDTH, HEIGHT)
  if (!curve) return null
  const { first, last, low, high } = curve
  const said = at ?? last
  return (
    <section aria-label="Loss">
      <div className="num mb-1.5 flex items-baseline justify-between gap-3">
        <h2 className="font-medium">Loss</h2>
        <span className="text-sm text-ink-2">
          {said.loss.toFixed(4)} at step {count(said.step)}
        </span>
      </div>
      <div className="num grid grid-cols-[auto_1fr] gap-x-2 rounded-lg border border-line bg-panel p-3 text-xs text-ink-3">
        <div className="flex flex-col justify-between text-right">
          <span>{high.toFixed(3)}</span>
          <span>{low.toFixed(3)}</span>
        </div>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Loss from ${first.loss.toFixed(4)} at step ${count(first.step)} to ${last.loss.toFixed(4)} at step ${count(last.step)}`}
          className="h-36 w-full overflow-visible"
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect()
            setAt(nearest(curve.dots, ((event.clientX - box.left) / box.width) * WIDTH))
          }}
          onPointerLeave={() => setAt(undefined)}
        >
          <path
            d={`M0 0H${WIDTH}M0 ${HEIGHT}H${WIDTH}`}
            className="stroke-line"
            vectorEffect="non-scaling-stroke"
          />
          <polyline
            points={curve.dots.map((dot) => `${dot.x},${dot.y}`).join(' ')}
            fill="none"
            strokeWidth={1.5}
            strokeLinejoin="round"
            className="stroke-accent-text"
            vectorEffect="non-scaling-stroke"
          />
          {at && (
            <path d={`M${at.x} 0V${HEIGHT}`} className="stroke-edge" vectorEffect="non-scaling-stroke" />
          )}
        </svg>
        <span />
        <div className="mt-1 flex justify-between">
          <span>{count(first.step)}</span>
          <span>{count(last.step)}</span>
        </div>
      </div>
    </section>
  )
}
