// SPDX-License-Identifier: MIT
import { Check, Copy } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Finding } from '@/api/client.ts'
import type { GeneratedFiles } from '@/api/training.ts'
import { IconButton } from '@/components/Button.tsx'
import { Skeleton } from '@/components/States.tsx'
import { Tabs } from '@/components/Tabs.tsx'
import { tip } from '@/components/Tooltip.tsx'
import { toast } from '@/components/toasts.ts'
import { cx } from '@/lib/cx.ts'
import { sentence } from './FieldRow.tsx'
import { Findings } from './Findings.tsx'
import { groupCorrections, markedLines } from './toml.ts'

export type FileTab = 'config' | 'dataset' | 'corrections' | 'check'

interface Props {
  files: GeneratedFiles | undefined
  /** The files are those of an earlier state of the form. */
  stale: boolean
  /** No files can be made of the form as it is. */
  impossible: boolean
  tab: FileTab
  onTab(tab: FileTab): void
  /** What the training would do; made when its tab is open. */
  dryRun: ReactNode
}

/** Both files as they will be written, and what is different from KNX in them. */
export function Preview({ files, stale, impossible, tab, onTab, dryRun }: Props) {
  const none = impossible ? <Nothing /> : <Shape />
  const groups = groupCorrections(files?.corrections ?? [])
  const file = (which: 'config' | 'dataset') =>
    files ? <Toml text={files[which]} name={`${which}.toml`} files={files} stale={stale} /> : none
  return (
    <Tabs
      label="Files"
      value={tab}
      onChange={onTab}
      className="flex min-h-0 flex-1 flex-col"
      tabs={[
        { value: 'config', label: 'config.toml', content: file('config') },
        { value: 'dataset', label: 'dataset.toml', content: file('dataset') },
        {
          value: 'corrections',
          label: `Corrections ${groups.length || ''}`.trim(),
          content: files ? <Corrections groups={groups} /> : none,
        },
        { value: 'check', label: 'Dry run', content: dryRun },
      ]}
    />
  )
}

function Nothing() {
  return <p className="p-4 text-ink-2">Both files are shown here once nothing above stands against them.</p>
}

function Shape() {
  return (
    <div className="flex flex-col gap-2 p-4">
      {[60, 44, 72, 52, 64, 38].map((width, i) => (
        <Skeleton key={i} className="h-3" style={{ width: `${width}%` }} />
      ))}
    </div>
  )
}

function Toml({
  text,
  name,
  files,
  stale,
}: {
  text: string
  name: string
  files: GeneratedFiles
  stale: boolean
}) {
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    toast(`${name} copied`)
  }
  return (
    <div className="relative h-full">
      <IconButton
        icon={Copy}
        label={`Copy ${name}`}
        className="absolute top-1.5 right-2 z-10 bg-panel"
        onClick={() => void copy()}
      />
      <pre
        aria-label={name}
        tabIndex={0}
        className={cx(
          'h-full overflow-auto py-2 font-mono text-sm focus-visible:outline-offset-[-2px]',
          stale && 'opacity-60',
        )}
      >
        {markedLines(text, files.corrections).map((line, i) => (
          <div
            key={i}
            {...(line.why ? tip(line.why, undefined, 'left') : {})}
            className={cx(
              'border-l-2 pr-10 pl-3.5',
              line.why ? 'border-accent-text bg-accent-soft' : 'border-transparent',
            )}
          >
            {line.text || ' '}
          </div>
        ))}
      </pre>
    </div>
  )
}

function Corrections({ groups }: { groups: ReturnType<typeof groupCorrections> }) {
  if (groups.length === 0) return <p className="p-4 text-ink-2">Nothing was corrected.</p>
  return (
    <div tabIndex={0} aria-label="Corrections" role="region" className="h-full overflow-y-auto">
      <p className="px-4 pt-3 text-sm text-ink-3">
        Written differently from what KNX writes, so that the trainer does what the form says.
      </p>
      <ul className="divide-y divide-line">
        {groups.map((group) => (
          <li key={`${group.id} ${group.why}`} className="px-4 py-2.5">
            <div className="flex items-baseline gap-2">
              <code className="min-w-0 flex-1 font-mono text-sm break-words">{group.keys.join(', ')}</code>
              <span className="num text-sm text-ink-3">{group.id}</span>
            </div>
            <p className="text-ink-2">{sentence(group.why)}</p>
          </li>
        ))}
      </ul>
    </div>
  )
}

interface CheckProps {
  findings: Finding[] | undefined
  /** What went wrong besides: the server did not answer. */
  failure?: string
  onGo(field: string): void
}

/** What stands against this training; each line leads to its field. */
export function CheckCard({ findings, failure, onGo }: CheckProps) {
  return (
    <section
      aria-label="Check"
      className="max-h-64 min-h-23 shrink-0 overflow-y-auto border-b border-line px-4 py-3"
    >
      {failure ? (
        <p role="alert" className="text-bad">
          {failure}
        </p>
      ) : !findings ? (
        <Skeleton className="h-5 w-40" />
      ) : findings.length === 0 ? (
        <p className="flex items-center gap-2 text-ink-2">
          <Check size={15} aria-hidden className="text-ok" />
          Ready to be queued
        </p>
      ) : (
        <Findings findings={findings} onGo={onGo} />
      )}
    </section>
  )
}
