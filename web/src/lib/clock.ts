// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react'

/** The time now, told again every `every` ms: for "5 m ago" and running times. */
export function useNow(every = 30_000): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
