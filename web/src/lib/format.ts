// SPDX-License-Identifier: MIT
// Figures as people read them. Everything is English with a space before the unit; all of it fits tabular numerals.

const whole = new Intl.NumberFormat('en')

export function count(n: number): string {
  return whole.format(n)
}

/** plural(1, 'picture') = "1 picture", plural(2000, 'picture') = "2,000 pictures" */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}

/** Powers of 1024, named as file managers name them. */
export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024
    unit++
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`
}

/** How long something takes or took, in at most two units: "45 s", "22 m", "1 h 04 m", "3 d 2 h". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return `${minutes} m ${String(seconds % 60).padStart(2, '0')} s`
  if (minutes < 60) return `${minutes} m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, '0')} m`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** When something was: "just now", "5 m ago", "3 h ago", "yesterday", then the date. */
export function ago(then: number, now: number): string {
  const minutes = Math.floor((now - then) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} m ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ago`
  if (hours < 48) return 'yesterday'
  return dateOnly(then)
}

const two = (n: number) => String(n).padStart(2, '0')

/** Local time of day, 24 hours: "14:03:22". */
export function clock(ms: number): string {
  const d = new Date(ms)
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** "2026-11-24" in local time: sorts, and means the same everywhere. */
export function dateOnly(ms: number): string {
  const d = new Date(ms)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

export function dateTime(ms: number): string {
  return `${dateOnly(ms)} ${clock(ms)}`
}

/** Speed of steps, the way trainers print it: "1.32 it/s", and "2.50 s/it" below one. Pictures are "4.2 img/s". */
export function rate(perSecond: number, steps = true): string {
  const unit = steps ? 'it' : 'img'
  return perSecond >= 1 ? `${perSecond.toFixed(2)} ${unit}/s` : `${(1 / perSecond).toFixed(2)} s/${unit}`
}

/** A learning rate: "1e-4", "5.5e-5", "0". */
export function learningRate(lr: number): string {
  return lr === 0
    ? '0'
    : lr
        .toExponential(2)
        .replace(/\.?0+e/, 'e')
        .replace('e+', 'e')
}

/** Last part of a path, of either slash. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path
}

/** "PNG" of "a.b.png"; "" without a suffix. */
export function suffix(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot + 1).toUpperCase() : ''
}
