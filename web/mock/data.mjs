// SPDX-License-Identifier: MIT
// What the mock server knows: datasets with captions, settings, folders. In memory, made anew at each start.

export const ROOT = '/srv/studio'

const WORDS = (
  '1girl solo long_hair looking_at_viewer smile outdoors sky clouds mountain sunset river forest city night stars ' +
  'red_hair blue_eyes hat dress holding_umbrella rain portrait upper_body wide_shot from_behind depth_of_field ' +
  'watercolor sketch detailed_background simple_background winter snow autumn_leaves lantern bridge boat'
)
  .split(' ')
  .map((word) => word.replaceAll('_', ' '))

function caption(n) {
  const tags = WORDS.filter((_, i) => (n * 7919 + i * i * 31) % (i + 3) === 0 || (n + i) % 17 === 0)
  return `${tags.slice(0, 14).join(', ')}\n`
}

function dataset(name, count, captioned) {
  const images = new Map()
  for (let i = 1; i <= count; i++) {
    const file = `${name}_${String(i).padStart(4, '0')}.png`
    images.set(file, captioned(i) ? caption(i) : null)
  }
  return { name, images }
}

export function makeDatasets(empty) {
  if (empty) return new Map()
  const sets = [
    dataset('anna portraits', 64, (i) => i % 9 !== 0),
    dataset('city-lights', 318, () => true),
    dataset('landscapes', 24, () => false),
    dataset('watercolour-20k', 20_000, (i) => i % 50 !== 0),
    dataset('new-set', 0, () => true),
  ]
  sets[0].images.set(
    'anna portraits_0001.png',
    'A young woman with red hair stands on a bridge at dusk, lit by paper lanterns. She looks back over her shoulder.\n',
  )
  return new Map(sets.map((set) => [set.name, set]))
}

export const tagsOf = (text) =>
  (text ?? '')
    .split(',')
    .map((t) => t.trim())
    .filter(Boolean)

export const newCaption = (n, overwrite, old) =>
  overwrite === 'append' && old ? `${old.trim()}, ${caption(n + 3).trim()}\n` : caption(n + 3)

export function makeSettings() {
  const row = (key, kind, help, more = {}) => ({
    key,
    kind,
    help,
    value: '',
    initial: '',
    source: 'default',
    env: null,
    ...more,
  })
  return [
    row(
      'tagger.default',
      'text',
      "model that 'lorica tag' uses when --model is not given: a name below tagger_models/, a folder, or 'demo'",
      { env: 'LORICA_TAGGER' },
    ),
    row('trainer.sd_scripts', 'path', "folder of kohya's sd-scripts, with train_network.py in it", {
      value: 'trainer/derrian_backend/sd_scripts',
      initial: 'trainer/derrian_backend/sd_scripts',
      env: 'LORICA_SD_SCRIPTS',
    }),
    row('trainer.python', 'program', 'Python that runs sd-scripts: its path, or a name to look up in $PATH', {
      value: '/opt/venv/bin/python',
      initial: 'python3',
      source: 'environment',
      env: 'LORICA_PYTHON',
    }),
    row('roots', 'paths', 'folders outside the workspace that requests may reach, e.g. a disk with models', {
      value: [],
    }),
    row(
      'huggingface.token',
      'secret',
      'token of huggingface.co, for downloads that need one and for uploads',
      { value: 'hf_a...mnop', source: 'file', env: 'HF_TOKEN' },
    ),
    row('civitai.key', 'secret', 'API key of Civitai, for downloads that need one', {
      value: null,
      env: 'CIVITAI_API_KEY',
    }),
    row(
      'wandb.key',
      'secret',
      'API key of Weights & Biases; the trainer gets it by its environment, never by a file',
      { value: null, env: 'WANDB_API_KEY' },
    ),
    row('job.grace_seconds', 'int', 'how long a stopped job may finish its work before it is killed', {
      value: 10,
      initial: '10',
      min: 0,
      max: 3600,
    }),
  ]
}

export function makeFolders() {
  const dir = (path) => ({ name: path.split('/').at(-1), path, type: 'dir', size: 0, modified: Date.now() })
  const models = `${ROOT}/tagger_models`
  return new Map([[models, [dir(`${models}/SmilingWolf_wd-vit-tagger-v3`), dir(`${models}/my-own-tagger`)]]])
}
