// SPDX-License-Identifier: MIT
import type { StreamState } from '@/api/logStream.ts'
import { tip } from '@/components/Tooltip.tsx'
import { cx } from '@/lib/cx.ts'

const WAYS = {
  websocket: 'Lines come as they are written.',
  sse: 'Lines come as they are written (by SSE: the WebSocket does not get through).',
  polling: 'Asked for every second: nothing live gets through to this browser.',
}

/** Whether the log is live. Quiet: a dot and a word. */
export function StreamSign({ stream }: { stream: StreamState }) {
  const live = stream.at === 'live'
  const [word, about] = live
    ? ['Live', WAYS[stream.by]]
    : stream.at === 'waiting'
      ? ['Reconnecting…', 'It goes on where it stopped; no line is lost.']
      : stream.at === 'ended'
        ? ['Complete', 'The job has ended and this is all of its log.']
        : ['Connecting…', 'Waiting for the first line.']
  return (
    <span
      {...tip(about)}
      role="status"
      tabIndex={0}
      className="flex h-6 items-center gap-1.5 rounded-sm px-1.5 text-sm text-ink-2"
    >
      <span
        aria-hidden
        className={cx(
          'size-1.5 rounded-full',
          live ? 'bg-ok' : stream.at === 'waiting' ? 'bg-warn' : 'bg-ink-3',
        )}
      />
      {word}
    </span>
  )
}
