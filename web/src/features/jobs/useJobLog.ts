// SPDX-License-Identifier: MIT
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { isActive, jobQuery } from '@/api/jobs.ts'
import type { LogEntry } from '@/api/logFrames.ts'
import { LogStream, type StreamState } from '@/api/logStream.ts'
import { fetchPage, transports } from '@/api/logTransports.ts'
import { LogBuffer } from '@/lib/logBuffer.ts'

export interface JobLog {
  buffer: LogBuffer
  /** Rises whenever the buffer has changed. */
  version: number
  stream: StreamState
}

/** Follows the log of a job while the component is there. Figures that come along go into the job itself. */
export function useJobLog(id: string): JobLog {
  const client = useQueryClient()
  const buffer = useMemo(() => new LogBuffer(), [id])
  const [version, setVersion] = useState(0)
  const [state, setState] = useState<StreamState>({ at: 'connecting' })

  useEffect(() => {
    let waiting: LogEntry[] = []
    let frame = 0
    const flush = () => {
      frame = 0
      buffer.append(waiting)
      waiting = []
      setVersion((v) => v + 1)
    }
    const stream = new LogStream(id, fetchPage, transports, {
      lines(entries) {
        waiting.push(...entries)
        frame ||= requestAnimationFrame(flush)
      },
      figures(figures, status) {
        client.setQueryData(jobQuery(id).queryKey, (old) =>
          old ? { ...old, ...figures, ...(status && { status }) } : old,
        )
        // Its end has more to tell (when, why, with which code), and the list of jobs wants to know, too.
        if (status && !isActive(status)) {
          void client.invalidateQueries({ queryKey: jobQuery(id).queryKey })
          void client.invalidateQueries({ queryKey: ['jobs'] })
        }
      },
      state: setState,
    })
    stream.start()
    return () => {
      stream.stop()
      cancelAnimationFrame(frame)
      if (waiting.length > 0) buffer.append(waiting)
    }
  }, [id, buffer, client])

  return { buffer, version, stream: state }
}
