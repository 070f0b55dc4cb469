// SPDX-License-Identifier: MIT
import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { CheckFinding } from '@/api/check.ts'
import { cx } from '@/lib/cx.ts'
import { baseName } from '@/lib/format.ts'
import { labelOf } from './form.ts'

const SIGNS = {
  error: { icon: CircleAlert, tone: 'text-bad' },
  warning: { icon: TriangleAlert, tone: 'text-warn' },
  info: { icon: Info, tone: 'text-ink-2' },
}

/** What stands against this training, or is worth knowing; each line leads to its field. */
export function Findings({ findings, onGo }: { findings: CheckFinding[]; onGo(field: string): void }) {
  return (
    <ul className="flex flex-col gap-1">
      {findings.map((finding, i) => {
        const missing = finding.code === 'missing'
        const sign = SIGNS[missing ? 'info' : (finding.severity ?? 'error')]
        const name = finding.file ? baseName(finding.file) : labelOf(finding.field)
        return (
          <li key={i}>
            <button
              type="button"
              onClick={() => onGo(finding.field)}
              className="flex w-full items-start gap-2 rounded-sm text-left hover:text-accent-text"
            >
              <sign.icon size={14} aria-hidden className={cx('mt-[3px] shrink-0', sign.tone)} />
              <span className="min-w-0 break-words">
                <span className="font-medium">{name}</span>{' '}
                <span className="text-ink-2">{finding.message}</span>
              </span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
