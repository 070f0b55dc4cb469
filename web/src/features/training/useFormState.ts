// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { keepForm, lastFormQuery, type TrainingSchema } from '@/api/training.ts'
import { newForm, readForm, requestOf, type Form, type Value } from './form.ts'

const KEEP_MS = 1_500

/** The form, begun as it was left or as the server suggests, and kept on the server while it is filled in. */
export function useFormState(schema: TrainingSchema) {
  const last = useQuery(lastFormQuery)
  const [edited, setEdited] = useState<Form>()
  const begun = useRef<Form>(undefined)
  if (!begun.current && !last.isPending)
    begun.current = last.data ? readForm(last.data, schema).form : newForm(schema)
  const form = edited ?? begun.current
  useKept(edited, schema)

  const change = useCallback((name: string, value: Value | undefined) => {
    setEdited((before) => {
      const { [name]: _, ...rest } = before ?? begun.current!
      return value === undefined ? rest : { ...rest, [name]: value }
    })
  }, [])
  return { form, change, replace: setEdited }
}

/** Saves what was edited a moment after the last change, and at once when one leaves. */
function useKept(edited: Form | undefined, schema: TrainingSchema): void {
  const waiting = useRef<() => void>(undefined)
  useEffect(() => {
    if (!edited) return
    const keep = (leaving: boolean) => {
      waiting.current = undefined
      keepForm(requestOf(edited, schema), leaving).catch(() => {}) // the next change tries again
    }
    waiting.current = () => keep(true)
    const timer = setTimeout(() => keep(false), KEEP_MS)
    return () => clearTimeout(timer)
  }, [edited, schema])
  useEffect(() => {
    const leave = () => waiting.current?.()
    addEventListener('pagehide', leave)
    return () => {
      removeEventListener('pagehide', leave)
      leave()
    }
  }, [])
}
