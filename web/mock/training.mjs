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

const preset = (id, name, model_type, description, config, is_builtin = true) => ({
  ...{ id, name, description, model_type, training_type: 'lora', created_at: 0, is_builtin },
  source: is_builtin ? 'sd-scripts, docs/train_network.md' : '',
  config: { model_type, ...config },
})

const presetList = [
  preset('sdxl-character', 'SDXL: character', 'SDXL', 'One character, text encoders included.', {
    network_dim: 32,
    network_alpha: 16,
    unet_lr: 1e-4,
  }),
  preset('flux-24gb', 'FLUX.1: 24 GB of GPU memory', 'Flux', 'A character or style on FLUX.1 dev.', {
    network_dim: 16,
    network_alpha: 16,
    guidance_scale: 1,
  }),
  preset('anna', 'Anna', 'SDXL', 'What worked for Anna.', { network_dim: 8 }, false),
]

export const presets = presetList.map(({ config: _, ...head }) => head)
export const presetOf = (id) => presetList.find((preset) => preset.id === id)

/** As POST /api/training/validate answers for the dataset of 12 pictures that everything is told about. */
export function dryRun(request) {
  const { body } = generate(request)
  const found = body.findings ?? []
  const errors = found.filter((finding) => finding.severity === 'error')
  const epochs = request.max_train_epochs ?? 10
  return {
    valid: errors.length === 0,
    warnings: [
      ...found,
      ...(errors.length > 0
        ? []
        : [
            {
              ...{ severity: 'warning', code: 'no_caption', field: 'train_data_dir' },
              file: `${ROOT}/datasets/city-lights/city-lights_0003.png`,
              message: 'there is no caption: it is trained with an empty one',
            },
          ]),
    ],
    corrections: [],
    report:
      errors.length > 0
        ? null
        : {
            subsets: [
              {
                folder: `${ROOT}/datasets/city-lights`,
                repeats: 10,
                images: 12,
                captions: 11,
                unseen: 1,
                ignored: false,
              },
            ],
            buckets: [
              { size: [832, 1216], images: 8, samples: 80, batches: 80, last_batch: 1 },
              { size: [1024, 1024], images: 4, samples: 40, batches: 40, last_batch: 1 },
            ],
            steps: {
              ...{
                images: 12,
                samples_per_epoch: 120,
                batch_size: 1,
                accumulation: 1,
                batches_per_epoch: 120,
              },
              ...{ steps_per_epoch: 120, epochs, total: 120 * epochs },
            },
            crop: {
              mean: 0.021,
              worst: 0.08,
              worst_file: `${ROOT}/datasets/city-lights/city-lights_0007.png`,
            },
            tokens: { exact: false, source: 'estimate', limit: 225, longest: 74, over: 0 },
            model: { title: 'Stable Diffusion XL', family: 'SDXL' },
            disk: { checkpoint: 228e6, checkpoints: 11, output: 2.5e9, latent_cache: 8e6, text_cache: 0 },
            memory: { estimate: true, total: 9.4e9, past_runs: 0 },
            time: { estimate: true, seconds_least: 600, seconds_most: 5400, step_seconds: null },
          },
  }
}
