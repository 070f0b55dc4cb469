// SPDX-License-Identifier: MIT
// Pictures of every place and state, dark and light, desktop and phone, against the mock server, to be looked at:
//   npm run build && npm run screenshots -- [folder] [part of a name]
// or of the places that every server has, against a real one, best one that `lorica demo` has filled:
//   LORICA_URL=http://127.0.0.1:3000 npm run screenshots -- [folder] [part of a name]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { draw } from '../mock/pictures.mjs'
import { Mock } from '../mock/server.mjs'
import { DESKTOP, launch, openPage, PHONE } from './browser.mjs'

const folder = process.argv[2] ?? '../build/screenshots'
const only = process.argv[3] ?? ''
mkdirSync(folder, { recursive: true })

const real = process.env.LORICA_URL
const full = new Mock({ speed: 1 })
const empty = new Mock({ empty: true })
const locked = new Mock({ token: 'secret' })
const slow = new Mock({ delay: 60_000 })
const broken = new Mock()
for (const path of ['/api/dataset/list', '/api/jobs', '/api/settings/user']) broken.fail.add(path)
broken.fail.add('/api/dataset/images-with-tags')
broken.fail.add('/api/config/schema')
const mocks = [full, empty, locked, slow, broken]
const bases = new Map()
for (const mock of mocks) bases.set(mock, await mock.listen(0))
bases.set(real, real)

const jobs = [...full.jobs.all.values()]
const training = jobs.find((job) => job.view.status === 'running').view.id
const failed = jobs.find((job) => job.view.status === 'failed').view.id
const ended = jobs.find((job) => job.view.status === 'completed').view.id

const pick = (n) => (page) => page.getByRole('option').nth(n).click()
const files = (n) =>
  Array.from({ length: n }, (_, i) => ({
    name: `new_${i}.png`,
    mimeType: 'image/png',
    buffer: draw(`n${i}`, 64, 64),
  }))
const choose = (list) => (page) => page.getByLabel('Pictures and captions to add').setInputFiles(list)
const hover = async (page) => {
  await page.evaluate(() => {
    const data = new DataTransfer()
    data.items.add(new File(['x'], 'x.png', { type: 'image/png' }))
    document
      .querySelector('[role=listbox]')
      .dispatchEvent(new DragEvent('dragenter', { bubbles: true, dataTransfer: data }))
  })
}
const save = async (page) => {
  await pick(3)(page)
  await page.getByLabel('Add a tag').fill('lantern')
  await page.keyboard.press('Enter')
}
const more = async (page) => {
  await page.getByText('More options').click()
  await page.getByText('A threshold of its own').click()
}
const field = (page, name) => page.locator(`#field-${name} input`)
const fill = async (page) => {
  await field(page, 'project_name').fill('anna-v3')
  await field(page, 'pretrained_model_name_or_path').fill('pretrained_model/sdxl-base-1.0.safetensors')
  await field(page, 'train_data_dir').fill('datasets/anna portraits')
  await field(page, 'unet_lr').fill('2e-4')
}
const spoil = async (page) => {
  await field(page, 'train_batch_size').fill('0')
  await page.getByRole('button', { name: 'Queue training' }).click()
}
const flux = async (page) => {
  await fill(page)
  await page.getByLabel('Base model family').selectOption('Flux')
}
const key = (keys) => (page) => page.keyboard.press(keys)

// name, server, address, what to do before the picture
const SHOTS = [
  ['datasets', full, '/datasets'],
  ['datasets-new', full, '/datasets?dialog=new'],
  ['datasets-empty', empty, '/datasets'],
  ['datasets-loading', slow, '/datasets'],
  ['datasets-error', broken, '/datasets', (page) => page.getByText('Try again').waitFor()],
  ['dataset', full, '/datasets/anna%20portraits'],
  ['dataset-picture', full, '/datasets/anna%20portraits', pick(3)],
  ['dataset-prose', full, '/datasets/anna%20portraits', pick(0)],
  ['dataset-filtered', full, '/datasets/city-lights?tags=%5B%22outdoors%22%5D&not=%5B%22night%22%5D'],
  ['dataset-nothing', full, '/datasets/city-lights?q=zzz'],
  ['dataset-20k', full, '/datasets/watercolour-20k'],
  ['dataset-saved', full, '/datasets/anna%20portraits', save],
  ['dataset-drop', full, '/datasets/anna%20portraits', hover],
  [
    'dataset-upload',
    full,
    '/datasets/new-set',
    choose([...files(6), { name: 'a.psd', mimeType: 'x/y', buffer: Buffer.from('x') }]),
  ],
  [
    'dataset-clash',
    full,
    '/datasets/landscapes',
    choose([{ name: 'landscapes_0001.png', mimeType: 'image/png', buffer: Buffer.from('x') }]),
  ],
  ['tagging-more', full, '/datasets/anna%20portraits?dialog=tag', more],
  ['dataset-full', full, '/datasets/city-lights?picture=city-lights_0007.png&full=true'],
  ['dataset-empty', full, '/datasets/new-set'],
  ['dataset-loading', slow, '/datasets/demo'],
  ['dataset-error', broken, '/datasets/city-lights', (page) => page.getByText('Try again').waitFor()],
  ['dataset-gone', full, '/datasets/nope'],
  ['tagging', full, '/datasets/anna%20portraits?dialog=tag'],
  [
    'trigger',
    full,
    '/datasets/anna%20portraits?dialog=trigger',
    (page) => page.getByLabel('Word', { exact: true }).fill('annav2'),
  ],
  ['training', full, '/training'],
  ['training-filled', full, '/training', fill],
  ['training-search', full, '/training?q=learning%20rate'],
  ['training-wrong', full, '/training', spoil],
  ['training-flux', full, '/training?file=corrections', flux],
  ['training-load', full, '/training?dialog=load'],
  ['training-save', full, '/training?dialog=save'],
  ['training-loading', slow, '/training'],
  ['training-error', broken, '/training', (page) => page.getByText('Try again').waitFor()],
  ['jobs', full, '/jobs'],
  ['jobs-empty', empty, '/jobs'],
  ['job-running', full, `/jobs/${training}`],
  [
    'job-sample',
    full,
    `/jobs/${training}?sample=anna-v2_e000004_01_20261125120000_41.png`,
    (page) => page.getByText('Seed: 41').waitFor(),
  ],
  ['job-log', full, `/jobs/${training}?tab=log`],
  ['job-log-search', full, `/jobs/${training}?tab=log&find=caption`],
  ['job-files', full, `/jobs/${training}?tab=files`],
  ['job-failed', full, `/jobs/${failed}`],
  ['job-done', full, `/jobs/${ended}`],
  ['settings', full, '/settings'],
  ['login', locked, '/login'],
  ['login-wrong', locked, '/#token=wrong', (page) => page.getByText('not right').waitFor()],
  ['palette', full, '/datasets', key('Control+k')],
  ['keys', full, '/datasets', key('?')],
]

/** Places of a real server, with its first dataset and its newest jobs. */
async function realShots() {
  const get = async (path) => (await fetch(real + path)).json()
  const { datasets } = await get('/api/dataset/list')
  const { jobs } = await get('/api/jobs')
  const set = `/datasets/${encodeURIComponent(datasets[0].name)}`
  const newest = jobs.find((one) => one.type === 'training') ?? jobs[0]
  const job = `/jobs/${newest.id}`
  return [
    ['datasets', real, '/datasets'],
    ['dataset', real, set],
    ['dataset-picture', real, set, pick(3)],
    ['tagging', real, `${set}?dialog=tag`],
    ['training', real, '/training'],
    ['jobs', real, '/jobs'],
    ['job', real, job],
    ['job-log', real, `${job}?tab=log`],
    ['job-files', real, `${job}?tab=files`],
    ['settings', real, '/settings'],
    ['palette', real, '/datasets', key('Control+k')],
  ]
}

const browser = await launch()
const wrong = []
for (const [name, mock, path, act] of real ? await realShots() : SHOTS) {
  for (const [shape, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    for (const theme of ['dark', 'light']) {
      const file = `${name}-${shape}-${theme}`
      if (!new RegExp(only).test(file)) continue
      const page = await openPage(browser, { base: bases.get(mock), viewport, theme })
      await page.goto(path)
      if (mock !== slow) await page.waitForLoadState('networkidle').catch(() => {})
      await page.waitForTimeout(mock === slow ? 600 : 300)
      try {
        await act?.(page)
      } catch (error) {
        wrong.push(`${file}: ${error.message.split('\n')[0]}`)
      }
      await page.waitForTimeout(900)
      await page.screenshot({ path: join(folder, `${file}.png`) })
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      if (sideways) wrong.push(`${file}: wider than the window`)
      for (const text of page.problems.filter((text) => !text.includes('Failed to load resource')))
        wrong.push(`${file}: ${text}`)
      await page.context().close()
    }
  }
}
await browser.close()
await Promise.all(mocks.map((mock) => mock.close()))
for (const line of wrong) console.log(line)
