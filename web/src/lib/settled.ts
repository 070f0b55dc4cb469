// SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react'

/** The value once it has not changed for `ms`: for questions to the server about what is being typed. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}
