// SPDX-License-Identifier: MIT
import { Dialog, DialogBody } from '@/components/Dialog.tsx'
import { Kbd } from '@/components/Kbd.tsx'
import { overlay } from './overlays.ts'

const GROUPS: { title: string; keys: [string, string][] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['Ctrl K', 'Go to anything'],
      ['G D', 'Datasets'],
      ['G J', 'Jobs'],
      ['G S', 'Settings'],
      ['U', 'Undo what was just done'],
      ['?', 'These keys'],
    ],
  },
  {
    title: 'Pictures',
    keys: [
      ['← ↑ ↓ →', 'Move'],
      ['Enter', 'Full view'],
      ['E', 'Edit the caption'],
      ['T', 'Add a tag'],
      ['/', 'Filter'],
      ['Esc', 'Back to the pictures'],
    ],
  },
  {
    title: 'Tags of a caption',
    keys: [
      ['← →', 'From tag to tag'],
      ['Del', 'Remove'],
      ['Alt ←', 'Move to the front'],
      ['Alt →', 'Move to the back'],
    ],
  },
  {
    title: 'Log',
    keys: [
      ['/', 'Search'],
      ['Enter', 'Next match'],
      ['Shift Enter', 'Match before'],
      ['End', 'Newest line, and follow'],
    ],
  },
]

export default function KeysDialog() {
  return (
    <Dialog open onClose={() => overlay.set(null)} title="Keys" wide>
      <DialogBody>
        <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
          {GROUPS.map((group) => (
            <section key={group.title}>
              <h3 className="mb-1 text-sm text-ink-3">{group.title}</h3>
              <dl>
                {group.keys.map(([keys, what]) => (
                  <div key={what} className="flex h-7 items-center justify-between gap-3">
                    <dt>{what}</dt>
                    <dd>
                      <Kbd keys={keys} />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </DialogBody>
    </Dialog>
  )
}
