// SPDX-License-Identifier: MIT
import { useId } from 'react'

interface Props {
  label: string
  value: number
  onChange(value: number): void
  min?: number
  max?: number
  step?: number
}

/** A figure between two ends: the browser's own slider, with our colours, and the figure beside it. */
export function Slider({ label, value, onChange, min = 0, max = 1, step = 0.01 }: Props) {
  const id = useId()
  const part = ((value - min) / (max - min)) * 100
  return (
    <span className="flex items-center gap-3">
      <input
        id={id}
        type="range"
        aria-label={label}
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(event) => onChange(event.target.valueAsNumber)}
        className="slider min-w-0 flex-1"
        style={{ '--part': `${part}%` } as React.CSSProperties}
      />
      <output htmlFor={id} className="num w-8 text-right">
        {value.toFixed(2)}
      </output>
    </span>
  )
}
