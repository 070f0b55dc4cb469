// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { curvesQuery, lossOf, type Curves as CurveData } from '@/api/curves.ts'
import { isActive, type Job } from '@/api/jobs.ts'
import { csvUrl } from '@/api/queue.ts'
import { buttonLook } from '@/components/Button.tsx'
import { bytes, duration } from '@/lib/format.ts'
import { LossCurve } from './LossCurve.tsx'

/** How a training went: its loss, what it spent its time on, what it uses. Nothing until there is something. */
export function Curves({ job, now }: { job: Job; now: number }) {
  const curves = useQuery(curvesQuery(job.id, isActive(job.status)))
  if (!curves.data) return null
  const { phases, resources } = curves.data
  const latest = isActive(job.status) ? resources.at(-1) : undefined
  return (
    <>
      {job.type === 'training' && (
        <div className="flex flex-col gap-1.5">
          <LossCurve points={lossOf(curves.data)} />
          {curves.data.points.length > 1 && (
            <a href={csvUrl(job.id)} download={`${job.id}.csv`} className={buttonLook('quiet', 'self-end')}>
              <Download size={14} aria-hidden />
              As CSV
            </a>
          )}
        </div>
      )}
      {phases.length > 1 && <Phases phases={phases} now={now} />}
      {latest && <Uses use={latest} />}
    </>
  )
}

/** "caching latents 12 s, working 4 m 03 s": phases of the same name are one. */
export function phaseTimes(phases: CurveData['phases'], now: number): [string, number][] {
  const sums = new Map<string, number>()
  for (const { phase, started_at, ended_at = now } of phases)
    sums.set(phase, (sums.get(phase) ?? 0) + Math.max(0, ended_at - started_at))
  return [...sums]
}

function Phases({ phases, now }: { phases: CurveData['phases']; now: number }) {
  const times = phaseTimes(phases, now)
  return (
    <section aria-label="Phases">
      <h2 className="mb-1 font-medium">Where the time went</h2>
      <ul className="num flex flex-wrap gap-x-4 gap-y-0.5 text-ink-2">
        {times.map(([phase, ms]) => (
          <li key={phase}>
            {phase} <span className="text-ink">{duration(ms)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Uses({ use }: { use: CurveData['resources'][number] }) {
  const parts = [
    ...use.gpus.map(
      (gpu, i) =>
        `GPU ${i}: ${gpu.percent ?? '?'} %${gpu.used_bytes === null ? '' : `, ${bytes(gpu.used_bytes)}`}`,
    ),
    use.cpu_percent !== null && `processor ${Math.round(use.cpu_percent)} %`,
    use.rss_bytes !== null && `memory ${bytes(use.rss_bytes)}`,
    use.disk_free_bytes !== null && `${bytes(use.disk_free_bytes)} free on the disk`,
  ].filter(Boolean)
  return (
    <section aria-label="What it uses">
      <h2 className="mb-1 font-medium">What it uses</h2>
      <p className="num text-ink-2">{parts.join(' · ')}</p>
    </section>
  )
}
