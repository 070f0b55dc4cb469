// SPDX-License-Identifier: MIT
import type { Setting } from '@/api/settings.ts'

// Names for people. A setting that is not here is shown by its key, so that a new one on the server needs nothing here.
const LABELS: Record<string, string> = {
  'tagger.default': 'Tagger',
  'trainer.sd_scripts': 'sd-scripts',
  'trainer.python': 'Python',
  'trainer.path_map': 'Windows folders',
  roots: 'More folders',
  'huggingface.token': 'Hugging Face token',
  'civitai.key': 'Civitai API key',
  'wandb.key': 'Weights & Biases key',
  'server.allowed_hosts': 'More host names',
  'server.allowed_origins': 'Pages elsewhere',
  'job.grace_seconds': 'Time to finish when stopped',
}

const UNITS: Record<string, string> = { 'job.grace_seconds': 'seconds' }

export const labelOf = (setting: Setting) => LABELS[setting.key] ?? setting.key
export const unitOf = (setting: Setting) => UNITS[setting.key]

/** "Sentence." of the server's "sentence". */
export function sentence(help: string): string {
  const text = help.charAt(0).toUpperCase() + help.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** Secrets by themselves; everything else together, as the server orders it. */
export function settingGroups(rows: Setting[]): { title: string; rows: Setting[] }[] {
  const secrets = rows.filter((row) => row.kind === 'secret')
  const rest = rows.filter((row) => row.kind !== 'secret')
  return [
    { title: 'Studio', rows: rest },
    { title: 'Keys and tokens', rows: secrets },
  ].filter((group) => group.rows.length > 0)
}
