// SPDX-License-Identifier: MIT
// What the mock server makes of training requests: the answers have the server's shapes, the TOML only looks like it.
import { readFileSync } from 'node:fs'
import { ROOT } from './data.mjs'

/** A copy of GET /api/config/schema; a test of the server compares them. */
export const schema = JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8'))

const error = (code, field, message, remedy) => ({
  severity: 'error',
  code,
  field,
  message,
  ...(remedy && { remedy }),
})

/** What does not fit the schema: answered with 422. */
function schemaErrors(request) {
  return schema.fields.flatMap((field) => {
    const value = request[field.name]
    if (value === undefined || value === null)
      return field.required ? [error('missing', field.name, 'is required')] : []
    if (field.choices && !field.choices.includes(value))
      return [error('enum', field.name, `must be one of ${field.choices.join(', ')}`)]
    if (field.type !== 'int' && field.type !== 'float') return []
    const number = Number(value)
    if (Number.isNaN(number))
      return [error(`${field.type}_parsing`, field.name, `must be a number, not '${value}'`)]
    if (field.minimum !== undefined && number < field.minimum)
      return [error('greater_than_equal', field.name, `must be at least ${field.minimum}`)]
    if (field.exclusiveMinimum !== undefined && number <= field.exclusiveMinimum)
      return [error('greater_than', field.name, `must be above ${field.exclusiveMinimum}`)]
    if (field.maximum !== undefined && number > field.maximum)
      return [error('less_than_equal', field.name, `must be at most ${field.maximum}`)]
    return []
  })
}

/** What the trainer would stop at: 400. */
function conflicts(request) {
  const warm = Number(request.lr_warmup_steps ?? 0) > 0
  return warm && request.lr_scheduler === 'constant'
    ? [
        error(
          'conflict',
          'lr_warmup_steps',
          "the scheduler 'constant' takes no warm-up",
          'set the warm-up to 0, or choose another scheduler',
        ),
      ]
    : []
}

const toml = (value) =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? JSON.stringify(value)
      : String(value)

function lines(request, file, section) {
  return schema.fields.flatMap((field) => {
    const place = field.places.find((p) => p.file === file && p.section === section)
    const value = request[field.name] ?? field.default
    const written = place && value !== null && value !== '' && value !== false && typeof value !== 'object'
    return written ? [`${place.key} = ${toml(value)}`] : []
  })
}

const correction = (id, field, key, why) => ({ id, field, key, was: '', now: '', why })

/** {status, body}, as POST /api/config/generate answers. */
export function generate(request) {
  const wrong = schemaErrors(request)
  const clash = conflicts(request)
  if (wrong.length > 0 || clash.length > 0) {
    const [first] = [...wrong, ...clash]
    const message = `the training request is not valid: ${first.field} ${first.message}`
    const code = wrong.length > 0 ? 'schema' : 'invalid'
    return {
      status: wrong.length > 0 ? 422 : 400,
      body: {
        success: false,
        error: message,
        detail: message,
        code,
        field: first.field,
        findings: [...wrong, ...clash],
      },
    }
  }
  const dataset = [
    '[general]',
    ...lines(request, 'dataset.toml', '[general]'),
    '',
    '[[datasets]]',
    ...lines(request, 'dataset.toml', '[[datasets]]'),
    '',
    '[[datasets.subsets]]',
    `image_dir = ${toml(`${ROOT}/${request.train_data_dir}`)}`,
    `num_repeats = ${request.num_repeats ?? 10}`,
  ]
  const config = [
    ...lines(request, 'config.toml', '').filter((line) => !/^(weight_decay|network_module) /.test(line)),
    'optimizer_args = [ "weight_decay=0.01",]',
    `network_module = "${request.model_type === 'Flux' ? 'networks.lora_flux' : 'networks.lora'}"`,
  ]
  const corrections = [
    correction(
      'B1',
      'weight_decay',
      'optimizer_args',
      'weight decay goes to optimizer_args, where the optimizer gets it',
    ),
    correction('B6', 'no_token_padding', 'no_token_padding', 'this script has no such option'),
  ]
  if (request.model_type === 'Flux')
    corrections.push(
      correction('B9', 'lora_type', 'network_module', "the network module that knows this family's layers"),
    )
  const model = request.pretrained_model_name_or_path
  const findings = /missing/.test(model)
    ? [error('not_found', 'pretrained_model_name_or_path', `'${ROOT}/${model}' is not there`)]
    : []
  return {
    status: 200,
    body: {
      success: true,
      dataset: `${dataset.join('\n')}\n`,
      config: `${config.join('\n')}\n`,
      corrections,
      findings,
    },
  }
}

export const savedConfigs = () =>
  new Map([
    [
      'training_config/anna sdxl.toml',
      { project_name: 'anna-v3', unet_lr: 0.0002, network_dim: 16, max_train_epochs: 12 },
    ],
    ['example_configs/flux.toml', { model_type: 'Flux', guidance_scale: 1, made_for: 'another program' }],
  ])
