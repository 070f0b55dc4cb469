// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { sampleUrl, samplesQuery, type Sample } from '@/api/artifacts.ts'
import { messageOf } from '@/api/client.ts'
import type { Job } from '@/api/jobs.ts'
import { Notice } from '@/components/States.tsx'
import { roundsOf } from './sampleRounds.ts'
import { SampleView } from './SampleView.tsx'

const WORTH_SHARPENING = 256 // pixels: a smaller picture is shown with its pixels as squares

interface Props {
  job: Job
  /** Name of the sample that is shown large. */
  open?: string
  onOpen(name: string | undefined): void
}

/** What the training drew on its way, newest first: the same prompts and seeds, so that one sees it learn. */
export function Samples({ job, open, onOpen }: Props) {
  const { data, error } = useQuery(samplesQuery(job))
  if (error) return <Notice>{`The samples cannot be shown. ${messageOf(error)}`}</Notice>
  if (!data || data.length === 0) return null
  const rounds = roundsOf(data)
  const inOrder = rounds.flatMap((round) => round.samples)
  const at = inOrder.findIndex((sample) => sample.name === open)
  return (
    <section aria-label="Samples">
      <h2 className="mb-1.5 font-medium">Samples</h2>
      <ol className="flex flex-col gap-3">
        {rounds.map((round) => (
          <li key={round.key}>
            <h3 className="num mb-1 text-sm text-ink-3">{round.title}</h3>
            <ul className="grid grid-cols-[repeat(auto-fill,minmax(7.5rem,1fr))] gap-2 md:grid-cols-[repeat(auto-fill,9rem)]">
              {round.samples.map((sample) => (
                <li key={sample.name}>
                  <Tile jobId={job.id} sample={sample} onOpen={() => onOpen(sample.name)} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      {at >= 0 && (
        <SampleView
          jobId={job.id}
          sample={inOrder[at]!}
          index={at}
          total={inOrder.length}
          onStep={(delta) => onOpen(inOrder[Math.min(inOrder.length - 1, Math.max(0, at + delta))]!.name)}
          onClose={() => onOpen(undefined)}
        />
      )}
    </section>
  )
}

interface TileProps {
  jobId: string
  sample: Sample
  onOpen(): void
}

function Tile({ jobId, sample, onOpen }: TileProps) {
  const words = sample.prompt ?? `Prompt ${sample.prompt_index + 1}`
  return (
    <button type="button" onClick={onOpen} className="group block w-full rounded-md text-left">
      <SamplePicture
        jobId={jobId}
        sample={sample}
        className="aspect-square w-full rounded-md border border-line bg-hover object-contain group-hover:border-edge"
      />
      <span className="mt-0.5 block truncate text-sm text-ink-2" title={words}>
        {words}
      </span>
    </button>
  )
}

/** The picture itself. Those of a small model are enlarged without blur. */
export function SamplePicture({
  jobId,
  sample,
  className,
}: Omit<TileProps, 'onOpen'> & { className: string }) {
  return (
    <img
      src={sampleUrl(jobId, sample.name)}
      alt=""
      loading="lazy"
      decoding="async"
      className={className}
      onLoad={({ currentTarget: picture }) => {
        if (picture.naturalWidth < WORTH_SHARPENING) picture.style.imageRendering = 'pixelated'
      }}
    />
  )
}
