// SPDX-License-Identifier: MIT
import type { CurvePoint } from '@/api/curves.ts'

export interface Dot {
  step: number
  loss: number
  /** Place in the drawing: x to the right, y down. */
  x: number
  y: number
}

export interface Curve {
  dots: Dot[]
  first: Dot
  last: Dot
  low: number
  high: number
}

/** The points laid out in width x height; undefined when they are too few for a line. */
export function curveOf(points: readonly CurvePoint[], width: number, height: number): Curve | undefined {
  const known = points.filter((p): p is CurvePoint & { loss: number } => p.loss !== null)
  if (known.length < 2) return undefined
  const low = Math.min(...known.map((p) => p.loss))
  const high = Math.max(...known.map((p) => p.loss))
  const from = known[0]!.step
  const steps = known.at(-1)!.step - from || 1
  const dots = known.map(({ step, loss }) => ({
    ...{ step, loss },
    x: ((step - from) / steps) * width,
    y: high === low ? height / 2 : ((high - loss) / (high - low)) * height,
  }))
  return { dots, first: dots[0]!, last: dots.at(-1)!, low, high }
}

/** The dot that lies nearest to x. */
export function nearest(dots: readonly Dot[], x: number): Dot {
  return dots.reduce((best, dot) => (Math.abs(dot.x - x) < Math.abs(best.x - x) ? dot : best))
}
