// SPDX-License-Identifier: MIT
// The training form as plain data: what was typed, which fields are shown, what is sent. Everything comes from the
// server's schema; no field is known here but the two that choose which others apply.
import type { Finding } from '../../api/client.ts'
import type { Mode, TrainingField, TrainingRequest, TrainingSchema } from '../../api/training.ts'

/** Rows of a field of type `subsets`. */
export type Rows = Record<string, string>[]
/** Numbers stay the text that was typed, so that 1e-4 and seeds of any length stay what they are. */
export type Value = string | boolean | Rows
/** Only fields that were set; the others have their default. */
export type Form = Record<string, Value>

export const FAMILY = 'model_type'
export const MODE = 'training_mode'

/** A value of the server as the form holds it; undefined when it is none (null, or of another type). */
export function readValue(field: TrainingField, given: unknown, schema: TrainingSchema): Value | undefined {
  if (field.type === 'subsets') {
    if (!Array.isArray(given)) return undefined
    return given.map((row) =>
      Object.fromEntries(
        schema.subset_fields.map((sub) => [sub.name, textOf((row as Record<string, unknown>)?.[sub.name])]),
      ),
    )
  }
  if (field.type === 'bool') {
    if (typeof given === 'string') return /^(true|1|yes|on|t|y)$/i.test(given)
    return typeof given === 'boolean' ? given : typeof given === 'number' ? given !== 0 : undefined
  }
  return given === null || given === undefined || typeof given === 'object' ? undefined : textOf(given)
}

const textOf = (given: unknown) => (given === null || given === undefined ? '' : String(given))

/** What the field is when nobody sets it. */
export function defaultOf(field: TrainingField): Value {
  if (field.type === 'subsets') return []
  if (field.type === 'bool') return field.default === true
  return textOf(field.default)
}

export const valueOf = (form: Form, field: TrainingField) => form[field.name] ?? defaultOf(field)

/** Numbers are compared as numbers: 1e-4 is 0.0001. */
export function isChanged(form: Form, field: TrainingField): boolean {
  const value = form[field.name]
  if (value === undefined) return false
  const usual = defaultOf(field)
  if (field.type === 'subsets') return (value as Rows).length > 0
  if ((field.type === 'int' || field.type === 'float') && value !== '' && usual !== '')
    return value !== usual && Number(value) !== Number(usual)
  return value !== usual
}

/** A new form: what the server suggests. */
export function newForm(schema: TrainingSchema): Form {
  const form: Form = {}
  for (const field of schema.fields) {
    const value = field.suggested === undefined ? undefined : readValue(field, field.suggested, schema)
    if (value !== undefined) form[field.name] = value
  }
  return form
}

/** A form from a saved request; `ignored` are the names that are no fields. */
export function readForm(given: unknown, schema: TrainingSchema): { form: Form; ignored: string[] } {
  const form: Form = {}
  const ignored: string[] = []
  const fields = new Map(schema.fields.map((field) => [field.name, field]))
  for (const [name, raw] of Object.entries((given ?? {}) as Record<string, unknown>)) {
    const field = fields.get(name)
    const value = field && readValue(field, raw, schema)
    if (!field) ignored.push(name)
    else if (value !== undefined) form[name] = value
  }
  return { form, ignored }
}

export function familyOf(form: Form, schema: TrainingSchema): string {
  const field = schema.fields.find((f) => f.name === FAMILY)
  return (form[FAMILY] as string) || textOf(field?.suggested) || schema.families[0]!.name
}

export const modeOf = (form: Form): Mode => (form[MODE] === 'checkpoint' ? 'checkpoint' : 'lora')

/** Does the form show it for this family and mode? */
export const applies = (field: TrainingField, family: string, mode: Mode) =>
  !field.hidden && field.applies[mode].includes(family)

/** A number when it is one without loss, else the text as it is: the server says what is wrong with it. */
function number(text: string): number | string {
  const plain = text.trim()
  const value = Number(plain)
  const exact = /^[+-]?\d+$/.test(plain) ? Number.isSafeInteger(value) : Number.isFinite(value)
  return plain !== '' && exact ? value : text
}

function toJson(field: TrainingField, value: Value, schema: TrainingSchema): unknown {
  if (field.type === 'subsets')
    return (value as Rows).map((row) =>
      Object.fromEntries(
        schema.subset_fields
          .filter((sub) => sub.required || (row[sub.name] ?? '') !== '')
          .map((sub) => [sub.name, toJson(sub, row[sub.name] ?? '', schema)]),
      ),
    )
  if (typeof value === 'string' && (field.type === 'int' || field.type === 'float')) return number(value)
  return value
}

/**
 * What is sent: the fields of this family and mode that differ from their defaults, and the required ones that were
 * filled. An emptied field is null where the server has a word for "not set", else it is left out.
 */
export function requestOf(form: Form, schema: TrainingSchema): TrainingRequest {
  const family = familyOf(form, schema)
  const mode = modeOf(form)
  const request: TrainingRequest = {}
  for (const field of schema.fields) {
    if (field.name === FAMILY) request[FAMILY] = family
    else if (!applies(field, family, mode) || !(isChanged(form, field) || field.required)) continue
    else {
      const value = valueOf(form, field)
      if (value !== '' || (field.type === 'text' && !field.nullable && !field.required))
        request[field.name] = toJson(field, value, schema)
      else if (field.nullable && field.default !== null) request[field.name] = null
    }
  }
  return request
}

// ---- Names -----------------------------------------------------------------------------------------------------------

const WORDS: Record<string, string> = {
  lr: 'learning rate',
  unet: 'U-Net',
  lora: 'LoRA',
  vae: 'VAE',
  ae: 'autoencoder',
  snr: 'SNR',
  clip: 'CLIP',
  l: 'L',
  g: 'G',
  t5: 'T5',
  t5xxl: 'T5-XXL',
  llm: 'LLM',
  mlp: 'MLP',
  cpu: 'CPU',
  wandb: 'W&B',
  fp8: 'fp8',
  ip: 'IP',
  dir: 'folder',
  dim: 'rank',
  dims: 'ranks',
  reso: 'resolution',
  num: 'number of',
  max: 'maximum',
  min: 'minimum',
  aug: 'augmentation',
  bool: '',
}

/** "Learning rate scheduler" of "lr_scheduler". */
export function labelOf(name: string): string {
  const label = name
    .split('_')
    .map((word) => WORDS[word] ?? word)
    .filter(Boolean)
    .join(' ')
  return label.charAt(0).toUpperCase() + label.slice(1)
}

/** Every word that was typed is in its name, label or help. */
export function isFound(field: TrainingField, typed: string): boolean {
  const text = `${field.name} ${labelOf(field.name)} ${field.help}`.toLowerCase()
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

// ---- What the server finds -------------------------------------------------------------------------------------------

/** The field of the form that a finding is about: "subsets.0.num_repeats" is the field `subsets`. */
export const fieldOf = (finding: Finding) => finding.field.split('.')[0]!

/** What to say at each field, the gravest first; errors about nothing typed yet only once `asked`. */
export function findingsByField(findings: Finding[], asked: boolean): Map<string, Finding[]> {
  const grave = (f: Finding) => ['error', 'warning', 'info'].indexOf(f.severity ?? 'error')
  const by = new Map<string, Finding[]>()
  for (const finding of [...findings].sort((a, b) => grave(a) - grave(b))) {
    if (finding.code === 'missing' && !asked) continue
    const name = fieldOf(finding)
    by.set(name, [...(by.get(name) ?? []), finding])
  }
  return by
}
