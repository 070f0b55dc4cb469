// SPDX-License-Identifier: MIT
// The page as a person uses it, in Debian's Chromium. Against the mock server by itself; against a real one with
//   LORICA_URL=http://127.0.0.1:3000 npm run e2e      (LORICA_TOKEN when it wants one)
// A real server needs the demo tagger. What only the mock can do (made-up data, bad proxies) is left out there.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import { draw } from '../mock/pictures.mjs'
import { Mock } from '../mock/server.mjs'
import { launch, openPage, PHONE, settled } from './browser.mjs'

const real = process.env.LORICA_URL
const token = process.env.LORICA_TOKEN
const mockTest = real ? () => {} : test
const mockDescribe = real ? () => {} : describe
const NAME = `e2e-${Date.now().toString(36)}`

let browser
let mock
let base

before(async () => {
  browser = await launch()
  mock = real ? null : new Mock({ speed: 4 })
  base = real ?? (await mock.listen(0))
})

after(async () => {
  await browser.close()
  await mock?.close()
})

/** What scripts threw. That the server refuses something is no fault of the page. */
function thrown(page) {
  return page.problems.filter((text) => !/^(Failed to load resource|WebSocket connection)/.test(text))
}

/** A fresh browser at the address, signed in when the server wants that. Closed after `use`, and no script may have failed. */
async function visit(path, use, options = {}) {
  const page = await openPage(browser, { base, ...options })
  try {
    if (token) await page.goto(`/#token=${token}`)
    await page.goto(path)
    await use(page)
    assert.deepEqual(thrown(page), [])
  } catch (error) {
    await page.screenshot({ path: `/tmp/e2e-failed-${Date.now()}.png` }).catch(() => {})
    throw error
  } finally {
    await page.context().close()
  }
}

const picture = (name) => ({ name, mimeType: 'image/png', buffer: draw(name, 320, 240) })
const caption = (name, text) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })

/** Drops files on an element the way a browser does. */
async function drop(page, selector, files) {
  const given = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    base64: buffer.toString('base64'),
  }))
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer()
    for (const { name, mimeType, base64 } of list) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
      data.items.add(new File([bytes], name, { type: mimeType }))
    }
    return data
  }, given)
  await page.dispatchEvent(selector, 'dragenter', { dataTransfer: transfer })
  await page.getByText(/^Add to /).waitFor()
  await page.dispatchEvent(selector, 'drop', { dataTransfer: transfer })
}

const option = (page, name) => page.getByRole('option', { name })

describe('main way', () => {
  test('a dataset is made', () =>
    visit('/datasets', async (page) => {
      await page.getByRole('button', { name: 'New dataset' }).click()
      await page.getByLabel('Name').fill(NAME)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: NAME }).waitFor()
      await page.getByText('Drop pictures here').waitFor()
    }))

  test('a name that is taken is refused beside the field', () =>
    visit('/datasets?dialog=new', async (page) => {
      await page.getByLabel('Name').fill(NAME)
      await page.getByRole('button', { name: 'Create' }).click()
      const field = page.getByLabel('Name')
      await page.waitForFunction(() => document.querySelector('[aria-invalid="true"]'))
      const about = await field.evaluate(
        (e) => document.getElementById(e.getAttribute('aria-describedby')).textContent,
      )
      assert.match(about, /exist/i)
    }))

  test('pictures and captions are added by choosing and by dropping; what is neither is named', () =>
    visit(`/datasets/${NAME}`, async (page) => {
      const files = [1, 2, 3, 4, 5, 6].map((n) => picture(`p${n}.png`))
      await page
        .getByLabel('Pictures and captions to add')
        .setInputFiles([...files, caption('p1.txt', 'red hat, solo\n')])
      await page.getByText('7 files added').waitFor()
      await option(page, 'p6.png').waitFor()
      await page.waitForFunction(() => {
        const shown = [...document.querySelectorAll('[role=option] img')]
        return shown.length === 6 && shown.every((img) => img.complete && img.naturalWidth >= 160)
      })
      await drop(page, '[role="listbox"]', [picture('p7.png'), caption('notes.psd', 'x')])
      await option(page, 'p7.png').waitFor()
      await page.getByText('1 file left out').click()
      await page.getByText('neither a picture nor a .txt caption').waitFor()
      assert.equal(
        await option(page, 'p1.png').getAttribute('aria-label'),
        'p1.png',
        'p1 came with its caption',
      )
      assert.equal(await option(page, 'p2.png').getAttribute('aria-label'), 'p2.png, no caption')
    }))

  test('a file of the same name is not replaced without a word', () =>
    visit(`/datasets/${NAME}`, async (page) => {
      await option(page, 'p1.png').waitFor()
      await page
        .getByLabel('Pictures and captions to add')
        .setInputFiles([picture('p1.png'), picture('p8.png')])
      await page.getByRole('dialog', { name: '1 file of the same name' }).waitFor()
      await page.getByRole('button', { name: 'Keep what is there' }).click()
      await option(page, 'p8.png').waitFor()
    }))

  test('a caption saves by itself as tags and as text, and can be undone', () =>
    visit(`/datasets/${NAME}`, async (page) => {
      await option(page, 'p1.png').click()
      await page.getByRole('button', { name: 'red hat, tag 1 of 2' }).waitFor()
      await page.keyboard.press('t')
      await page.keyboard.type('smile, outdoors,')
      await page.getByText('Caption of p1.png saved').waitFor()
      await page.getByRole('button', { name: 'outdoors, tag 4 of 4' }).waitFor()
      await page.getByRole('button', { name: 'Remove red hat' }).click()
      await page.getByRole('button', { name: 'solo, tag 1 of 3' }).waitFor()
      await page.getByRole('button', { name: 'Text', exact: true }).click()
      const text = page.getByLabel('Caption of p1.png')
      assert.equal(await text.inputValue(), 'solo, smile, outdoors\n')
      await text.fill('a girl in a red hat')
      await page.waitForTimeout(1_500)
      await page.reload()
      await page.getByRole('button', { name: 'a girl in a red hat, tag 1 of 1' }).waitFor()
      await page.getByRole('button', { name: 'Remove a girl in a red hat' }).click()
      await page.getByText('Caption of p1.png saved').waitFor()
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.getByText('Caption of p1.png is as before').waitFor()
      await page.reload()
      await page.getByRole('button', { name: 'a girl in a red hat, tag 1 of 1' }).waitFor()
    }))

  test('a trigger word is added to all, after a preview', () =>
    visit(`/datasets/${NAME}`, async (page) => {
      await page.getByRole('button', { name: 'Trigger word' }).click()
      await page.getByLabel('Word', { exact: true }).fill('annav2')
      await page.getByText('annav2, a girl in a red hat').waitFor()
      await page.getByRole('button', { name: 'Add to 8 captions' }).click()
      await page.getByText('“annav2” added to 8 captions').waitFor()
      await page.getByText('All captioned').waitFor()
    }))

  test('tagging runs as a job: strip, live log, end, captions', () =>
    visit(`/datasets/${NAME}`, async (page) => {
      await page.getByRole('button', { name: 'Tag', exact: true }).click()
      await page.getByLabel('Model').selectOption('demo')
      await page.getByLabel('Replace them').check()
      await page.getByText('Replaces 8 captions').waitFor()
      await page.getByRole('button', { name: 'Start tagging' }).click()
      await page.getByRole('button', { name: 'Watch' }).click()
      await page.getByRole('heading', { name: `Tagging ${NAME}` }).waitFor()
      await page.getByRole('tab', { name: 'Log' }).click()
      await page.getByRole('log').getByText(/./).first().waitFor()
      await page.getByText('Complete', { exact: true }).waitFor()
      await page.getByText('Done', { exact: true }).waitFor()
      await page.getByRole('tab', { name: 'Files' }).click()
      await page.getByRole('link', { name: /^Download .*\.log$/ }).waitFor()
      await page.goto(`/datasets/${NAME}?picture=p2.png`)
      await page.getByRole('button', { name: /tag 1 of/ }).waitFor()
    }))
})

mockDescribe('training', () => {
  const field = (page, name) => page.locator(`#field-${name}`).locator('input, select').first()
  const server = async (use) => {
    const own = new Mock({ speed: 4 })
    const at = await own.listen(0)
    try {
      await visit('/training', (page) => use(page, own), { base: at })
    } finally {
      await own.close()
    }
  }
  const fill = async (page, name = 'anna-v3') => {
    await field(page, 'project_name').fill(name)
    await field(page, 'pretrained_model_name_or_path').fill('pretrained_model/sdxl-base-1.0.safetensors')
    await field(page, 'train_data_dir').fill('datasets/city-lights')
  }
  const config = (page) => page.getByLabel('config.toml', { exact: true })

  test('the form is filled, both files are shown as they will be, and the job is watched', () =>
    server(async (page, own) => {
      await page.getByText('Project name is required').waitFor()
      assert.equal(await page.getByText('Is required.').count(), 0, 'nothing is wrong before one has begun')
      await fill(page)
      await field(page, 'unet_lr').fill('2e-4')
      await page.getByText('Ready to be queued').waitFor()
      await config(page).getByText('unet_lr = 0.0002').waitFor()
      await page.getByRole('tab', { name: 'dataset.toml' }).click()
      await page.getByText('image_dir = "/srv/studio/datasets/city-lights"').waitFor()
      await page.getByRole('tab', { name: 'Corrections 2' }).click()
      await page.getByText('Weight decay goes to optimizer_args').waitFor()
      const sent = page.waitForRequest((request) => request.url().endsWith('/api/training/start'))
      await page.getByRole('button', { name: 'Queue training' }).click()
      const request = (await sent).postDataJSON()
      assert.equal(request.unet_lr, 0.0002)
      assert.ok(!('seed' in request) && !('network_dim' in request), 'what was not changed is not sent')
      await page.getByRole('heading', { name: 'Training anna-v3' }).waitFor()
      assert.ok([...own.jobs.all.values()].some((job) => job.view.title === 'train anna-v3'))
    }))

  test('family and mode decide which fields there are; what was typed in others is kept', () =>
    server(async (page) => {
      await field(page, 'network_dim').fill('8')
      assert.equal(await field(page, 'guidance_scale').count(), 0)
      await page.getByLabel('Base model family').selectOption('Flux')
      await field(page, 'clip_l_path').waitFor()
      await page.getByRole('button', { name: 'Whole model' }).click()
      await field(page, 'network_dim').waitFor({ state: 'detached' })
      await page.getByLabel('Base model family').selectOption('SDXL')
      await page.getByRole('button', { name: 'LoRA', exact: true }).click()
      assert.equal(await field(page, 'network_dim').inputValue(), '8')
    }))

  test('fields are found by name, by label and by what their help says', () =>
    server(async (page) => {
      for (const [typed, name] of [
        ['min_snr', 'min_snr_gamma'],
        ['learning rate unet', 'unet_lr'],
        ['mirror pictures', 'flip_aug'],
      ]) {
        await page.getByLabel('Search fields').fill(typed)
        await field(page, name).waitFor()
        await field(page, 'project_name').waitFor({ state: 'detached' })
      }
      await page.getByLabel('Search fields').fill('zzz')
      await page.getByText('No field is called that').waitFor()
    }))

  test('what is wrong is said at its field, by the server’s words, and leads there', () =>
    server(async (page) => {
      await fill(page)
      await field(page, 'train_batch_size').fill('0')
      await page.locator('#field-train_batch_size').getByText('Must be at least 1.').waitFor()
      assert.equal(await field(page, 'train_batch_size').getAttribute('aria-invalid'), 'true')
      await page.getByRole('button', { name: 'Reset Train batch size' }).click()
      await field(page, 'lr_warmup_steps').fill('9')
      await page.locator('#field-lr_warmup_steps').getByText('takes no warm-up').waitFor()
      await page.getByRole('button', { name: 'Reset Learning rate warmup steps' }).click()
      await page.getByText('Ready to be queued').waitFor()
      await field(page, 'project_name').fill('')
      await page.getByRole('button', { name: 'Queue training' }).click()
      await page.locator('#field-project_name').getByText('Is required.').waitFor()
      await page
        .getByRole('region', { name: 'Check' })
        .getByRole('button', { name: /Project name/ })
        .click()
      assert.equal(await field(page, 'project_name').evaluate((e) => e === document.activeElement), true)
      await field(page, 'project_name').fill('x')
      await field(page, 'pretrained_model_name_or_path').fill('pretrained_model/missing.safetensors')
      await page.locator('#field-pretrained_model_name_or_path').getByText('is not there').waitFor()
      await page.getByRole('button', { name: 'Queue training' }).click()
      await page.getByRole('button', { name: /Pretrained model name or path.*is not there/ }).waitFor()
      assert.match(page.url(), /training/)
    }))

  test('the dry run tells steps, buckets and what is worth knowing, when it is looked at', () =>
    server(async (page) => {
      await fill(page)
      await page.getByRole('tab', { name: 'Dry run' }).click()
      const region = page.getByRole('region', { name: 'Dry run' })
      await region.getByText('1,200 = 10 epochs of 120').waitFor()
      await region.getByText('832 × 1216').waitFor()
      await region.getByText('an estimate').first().waitFor()
      await region.getByRole('button', { name: /city-lights_0003.png.*no caption/ }).waitFor()
      await field(page, 'max_train_epochs').fill('5')
      await region.getByText('600 = 5 epochs of 120').waitFor()
    }))

  test('a preset is laid over the form and can be taken off again', () =>
    server(async (page) => {
      await fill(page)
      await page.getByRole('button', { name: 'Presets', exact: true }).click()
      await page.getByRole('button', { name: /FLUX.1: 24 GB/ }).click()
      await page.getByText('laid over the form').waitFor()
      assert.equal(await page.getByLabel('Base model family').inputValue(), 'Flux')
      assert.equal(await field(page, 'network_dim').inputValue(), '16')
      assert.equal(await field(page, 'project_name').inputValue(), 'anna-v3')
      await page.getByRole('button', { name: 'Undo' }).click()
      assert.equal(await page.getByLabel('Base model family').inputValue(), 'SDXL')
    }))

  test('a configuration is saved, not replaced without a word, loaded, and taken back', () =>
    server(async (page, own) => {
      await fill(page, 'mine')
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByLabel('Name', { exact: true }).fill('anna sdxl')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByText('there is a configuration').waitFor()
      await page.getByLabel('Name', { exact: true }).fill('mine')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByText('Saved as mine').waitFor()
      assert.equal(own.configs.get('training_config/mine.toml').project_name, 'mine')
      await page.getByRole('button', { name: 'Load', exact: true }).click()
      await page.getByRole('button', { name: 'anna sdxl' }).click()
      await page.getByText('anna sdxl loaded').waitFor()
      assert.equal(await field(page, 'project_name').inputValue(), 'anna-v3')
      assert.equal(await field(page, 'network_dim').inputValue(), '16')
      await page.getByRole('button', { name: 'Undo' }).click()
      assert.equal(await field(page, 'project_name').inputValue(), 'mine')
    }))

  test('the form is as it was left, also in another window', () =>
    server(async (page, own) => {
      await fill(page, 'kept')
      await page.getByRole('link', { name: 'Jobs' }).first().click()
      await page.getByRole('heading', { name: 'Jobs' }).waitFor()
      for (const end = Date.now() + 8_000; own.form?.project_name !== 'kept' && Date.now() < end;)
        await page.waitForTimeout(50)
      assert.equal(own.form.project_name, 'kept')
      await page.getByRole('link', { name: 'Training', exact: true }).first().click()
      await page.waitForFunction(() => document.querySelector('#field-project_name input')?.value === 'kept')
      await page.getByRole('button', { name: 'New' }).click()
      assert.equal(await field(page, 'project_name').inputValue(), '')
    }))
})

describe('other ways', () => {
  mockTest('a model that is not there is refused in the dialog, and nothing is lost', () =>
    visit(`/datasets/${NAME}?dialog=tag`, async (page) => {
      await page.getByLabel('Model').selectOption('SmilingWolf/wd-eva02-large-tagger-v3')
      await page.getByRole('button', { name: 'Start tagging' }).click()
      await page.getByRole('alert').getByText('not installed').waitFor()
      assert.equal(await page.getByLabel('Model').inputValue(), 'SmilingWolf/wd-eva02-large-tagger-v3')
    }),
  )

  test('by keyboard alone: to a dataset, through its pictures, to full view and back', () =>
    visit('/datasets', async (page) => {
      await page.getByText(NAME).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: /Go to anything/ }).waitFor()
      await page.keyboard.type(NAME)
      await page.keyboard.press('Enter')
      const list = page.getByRole('listbox', { name: 'Pictures' })
      await list.focus()
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('End')
      await page.keyboard.press('Home')
      await page.keyboard.press('Enter')
      const view = page.getByRole('dialog', { name: 'p1.png' })
      await view.waitFor()
      await page.keyboard.press('ArrowRight')
      await page.getByRole('dialog', { name: 'p2.png' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('heading', { name: 'p2.png' }).waitFor()
      await page.waitForFunction(() => document.activeElement.getAttribute('role') === 'listbox')
      assert.equal(await page.locator('[aria-selected="true"]').getAttribute('aria-posinset'), '2')
      await page.keyboard.press('g')
      await page.keyboard.press('j')
      await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    }))

  mockTest('the filter is in the address', () =>
    visit('/datasets/city-lights', async (page) => {
      await page.getByRole('button', { name: /^outdoors/ }).click()
      await page.getByText('56 of 318').waitFor()
      await page.getByRole('button', { name: /^night/ }).click({ modifiers: ['Alt'] })
      await page.getByText('35 of 318').waitFor()
      await page.reload()
      await page.getByText('35 of 318').waitFor()
      await page.getByRole('button', { name: 'Clear filter' }).click()
      await page.getByText('All captioned').waitFor()
    }),
  )

  mockTest('a training shows its loss, where its time went and what it uses', () =>
    visit('/jobs', async (page) => {
      await page
        .getByRole('main')
        .getByRole('link', { name: /Running Training/ })
        .first()
        .click()
      await page.getByRole('img', { name: /^Loss from / }).waitFor()
      await page
        .getByText(/caching latents/)
        .first()
        .waitFor()
      await page.getByText(/GPU 0: 97 %/).waitFor()
      await page.getByRole('link', { name: 'As CSV' }).waitFor()
    }),
  )

  mockTest('a running job is stopped', () =>
    visit('/jobs', async (page) => {
      await page
        .getByRole('main')
        .getByRole('link', { name: /Running Training anna-v2/ })
        .click()
      await page.getByRole('button', { name: 'Stop', exact: true }).click()
      await page.getByText('Stopping Training anna-v2').waitFor()
      await page.getByText('Stopped', { exact: true }).waitFor()
    }),
  )

  mockTest('a training shows what it drew, its loss, and its files', () =>
    visit('/jobs', async (page) => {
      await page
        .getByRole('main')
        .getByRole('link', { name: /Training anna-v2/ })
        .click()
      await page
        .getByRole('region', { name: 'Loss' })
        .getByText(/0\.\d{4} at step/)
        .waitFor()
      const samples = page.getByRole('region', { name: 'Samples' })
      await samples.getByRole('heading', { name: /^Epoch 4, step 800/ }).waitFor()
      assert.match(await samples.getByRole('heading', { level: 3 }).first().innerText(), /Epoch [4-9]/)
      await samples
        .getByRole('button', { name: /from behind/ })
        .last()
        .click()
      await page.getByText('_e000001_01_').waitFor()
      await page.getByText(/Seed: 41/).waitFor()
      await page.keyboard.press('ArrowRight')
      await page.getByText('_e000001_02_').waitFor()
      await page.reload() // the open sample stands in the address
      await page.getByText('_e000001_02_').waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('tab', { name: 'Files' }).click()
      await page.getByRole('link', { name: 'Download anna-v2-000004.safetensors' }).waitFor()
    }),
  )

  mockTest('a failed job opens on its cause, with the line in the log', () =>
    visit('/jobs', async (page) => {
      await page.getByRole('link', { name: /Failed Training anna-v1/ }).click()
      const card = page.getByRole('region', { name: 'Failure' })
      await card.getByRole('heading', { name: /The GPU ran out of memory: 2\.44 GiB/ }).waitFor()
      await card.getByText(/Lower train_batch_size/).waitFor()
      await card.getByText(/The state of step 400 is not complete: optimizer\.bin/).waitFor()
      await card.getByRole('link', { name: 'Diagnostics' }).waitFor()
      await card.getByRole('link', { name: 'Show in the log' }).click()
      await page.getByText('1 of 1').waitFor()
      await page.locator('mark').first().waitFor()
    }),
  )

  mockTest('a failed training goes on from its last whole state, as the next attempt', () =>
    visit('/jobs', async (page) => {
      await page.getByRole('link', { name: /Failed Training anna-v1/ }).click()
      await page.getByRole('button', { name: 'Go on from step 200' }).click()
      await page.getByText('Training anna-v1 goes on').waitFor()
      await page.getByText(/2, after/).waitFor()
      await page.getByText(/in line/).waitFor()
    }),
  )

  mockTest('the queue shows its order, is paused, and a job is moved to its head', () =>
    visit('/jobs', async (page) => {
      await page.getByText('2. in line, waits for a GPU').waitFor()
      await page.getByRole('button', { name: 'Let Training city-night be the next' }).click()
      await page.getByRole('button', { name: 'Let Training house-style be the next' }).waitFor()
      await page.getByRole('button', { name: 'Pause the queue' }).click()
      await page.getByText('1. in line, the queue is paused').waitFor()
      await page.getByRole('button', { name: 'Let the queue go on' }).click()
      await page.getByText('1. in line, waits for a GPU').waitFor()
    }),
  )

  mockTest('deleting a job can be undone', () =>
    visit('/jobs', async (page) => {
      const row = page.getByRole('link', { name: /Tagging landscapes/ })
      await page.getByRole('button', { name: 'Delete Tagging landscapes with its log' }).click()
      await row.waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Undo' }).click()
      await row.waitFor()
    }),
  )

  test('a setting is saved, refused when wrong, and undone', () =>
    visit('/settings', async (page) => {
      const field = page.getByLabel('Time to finish when stopped')
      await field.fill('30')
      await field.press('Enter')
      await page.getByText('Time to finish when stopped saved').waitFor()
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.waitForFunction(() => document.querySelector('input[type=number]')?.value === '')
      await field.fill('99999')
      await field.press('Enter')
      await page.waitForFunction(() =>
        document.querySelector('input[type=number]')?.getAttribute('aria-invalid'),
      )
    }))

  test('a secret is set without being shown', () =>
    visit('/settings', async (page) => {
      await page.getByRole('button', { name: 'Set Weights & Biases key' }).click()
      await page.locator('input[type=password]').fill('abcdefghijklmnopqrst')
      await page.getByRole('button', { name: 'Save' }).click()
      await page.getByText('abcd...qrst').waitFor()
      await page.getByRole('button', { name: 'Remove Weights & Biases key' }).click()
      await page.getByRole('button', { name: 'Set Weights & Biases key' }).waitFor()
    }))
})

mockDescribe('bad days', () => {
  for (const [wires, word] of [
    ['websocket', 'Lines come as they are written.'],
    ['sse', 'by SSE'],
    ['polling', 'Asked for every second'],
  ])
    test(`the whole log arrives by ${wires}, through broken connections`, async () => {
      const server = new Mock({ wires, speed: 2 })
      const at = await server.listen(0)
      const job = server.jobs.tag({
        dataset_dir: 'anna portraits',
        model: 'demo',
        overwrite_mode: 'overwrite',
      })
      let cutter
      try {
        await visit(
          `/jobs/${job.view.id}?tab=log`,
          async (page) => {
            await page.getByRole('tab', { name: 'Log' }).waitFor()
            cutter = setInterval(() => server.cut(), 1_300)
            await page.locator(`[data-tip*="${word}"]`).waitFor()
            await page.getByText('Complete', { exact: true }).waitFor()
            clearInterval(cutter)
            const shown = await page.getByRole('log').innerText()
            for (const { raw } of job.lines.filter((line) => !/ \d+%\|/.test(line.raw)))
              assert.ok(shown.includes(raw), raw)
            assert.equal(shown.match(/done: 64 captions/g).length, 1, 'no line twice')
          },
          { base: at },
        )
      } finally {
        clearInterval(cutter)
        await server.close()
      }
    })

  test('a server that goes away is said quietly, and the page goes on by itself', async () => {
    let server = new Mock()
    const at = await server.listen(0)
    await visit(
      '/datasets',
      async (page) => {
        await page.getByText('city-lights').waitFor()
        const fetched = () =>
          performance.getEntriesByType('resource').some((entry) => entry.name.includes('JobsPage'))
        await page.waitForFunction(fetched)
        await server.close()
        await page.getByRole('link', { name: 'Jobs' }).click()
        await page.getByText('The server does not answer. Trying again…').waitFor()
        server = new Mock()
        await server.listen(Number(new URL(at).port))
        await page
          .getByRole('link', { name: /Training anna-v2/ })
          .first()
          .waitFor()
        await page.getByText('The server does not answer. Trying again…').waitFor({ state: 'detached' })
      },
      { base: at },
    )
    await server.close()
  })

  test('signing in: by link, by token, and out', async () => {
    const server = new Mock({ token: 'secret' })
    const at = await server.listen(0)
    await visit(
      '/jobs',
      async (page) => {
        await page.getByLabel('Token').fill('wrong')
        await page.keyboard.press('Enter')
        await page.getByText('This token is not right.').waitFor()
        await page.getByLabel('Token').fill('secret')
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
        await page.goto('/settings')
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByLabel('Token').waitFor()
        await page.goto('/#token=secret')
        await page.reload()
        await page.getByRole('heading', { name: 'Datasets', exact: true }).waitFor()
        assert.ok(!page.url().includes('secret'))
      },
      { base: at },
    )
    await server.close()
  })

  test('a caption that could not be saved stays in sight, and is saved by trying again', async () => {
    const server = new Mock()
    const at = await server.listen(0)
    await visit(
      '/datasets/city-lights?picture=city-lights_0001.png',
      async (page) => {
        server.fail.add('/api/captions/write')
        await page.getByLabel('Add a tag').fill('a new tag')
        await page.keyboard.press('Enter')
        await page.getByText('Caption of city-lights_0001.png not saved: The disk does not answer').waitFor()
        await page.getByText('not saved', { exact: true }).waitFor()
        server.fail.clear()
        await page.getByRole('button', { name: 'Try again' }).click()
        await page.getByText('Caption of city-lights_0001.png saved').waitFor()
        assert.match(server.datasets.get('city-lights').images.get('city-lights_0001.png'), /a new tag/)
      },
      { base: at },
    )
    await server.close()
  })

  test('a list that cannot be had says why, and tries again', async () => {
    const server = new Mock()
    server.fail.add('/api/dataset/list')
    const at = await server.listen(0)
    await visit(
      '/datasets',
      async (page) => {
        await page.getByRole('alert').getByText('The disk does not answer').waitFor()
        server.fail.clear()
        await page.getByRole('button', { name: 'Try again' }).click()
        await page.getByText('city-lights').waitFor()
      },
      { base: at },
    )
    await server.close()
  })
})

mockDescribe('quality', () => {
  const places = [
    '/datasets',
    '/datasets?dialog=new',
    '/datasets/city-lights?picture=city-lights_0002.png',
    '/datasets/city-lights?picture=city-lights_0002.png&full=true',
    '/datasets/city-lights?dialog=tag',
    '/datasets/city-lights?dialog=trigger',
    '/training',
    '/training?file=corrections',
    '/training?file=check',
    '/training?dialog=preset',
    '/training?dialog=load',
    '/training?dialog=save',
    '/jobs',
    '/settings',
    '/login',
  ]
  // Each place once, dark; then its colours again in the light theme, where nothing else can differ.
  for (const viewport of [undefined, PHONE])
    test(`nothing that axe calls wrong, ${viewport ? 'phone' : 'desktop'}`, async () => {
      const failed = [...mock.jobs.all.values()].find((job) => job.view.status === 'failed').view.id
      const training = [...mock.jobs.all.values()].find((job) => job.samples.length > 0)
      const page = await openPage(browser, { base, viewport })
      const judge = async (about, rules) => {
        await settled(page)
        const { violations } = await page.evaluate(
          (rules) => globalThis.axe.run({ resultTypes: ['violations'], ...rules }),
          rules,
        )
        const said = violations.flatMap((v) =>
          v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 120)} ${n.failureSummary}`),
        )
        assert.deepEqual(said, [], about)
      }
      for (const path of [
        ...places,
        `/jobs/${failed}`,
        `/jobs/${failed}?tab=log`,
        `/jobs/${failed}?tab=files`,
        `/jobs/${training.view.id}`,
        `/jobs/${training.view.id}?sample=${training.samples[0].name}`,
        `/jobs/${training.view.id}?tab=files`,
      ]) {
        await page.goto(path)
        await page.evaluate(axe.source)
        await judge(`${path} dark`, {})
        await page.evaluate(() => (document.documentElement.dataset.theme = 'light'))
        await judge(`${path} light`, { runOnly: ['color-contrast'] })
      }
      assert.deepEqual(thrown(page), [])
      await page.context().close()
    })

  test('quick to the first paint, and nothing moves afterwards', async () => {
    for (const path of ['/datasets', '/datasets/city-lights', '/training', '/jobs', '/settings'])
      await visit(path, async (page) => {
        await page.evaluate(() => {
          globalThis.shift = 0
          new PerformanceObserver((list) =>
            list.getEntries().forEach((e) => (globalThis.shift += e.value)),
          ).observe({
            type: 'layout-shift',
            buffered: true,
          })
        })
        await page.waitForTimeout(1_000)
        const { paint, shift } = await page.evaluate(() => ({
          paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
          shift: globalThis.shift,
        }))
        console.log(
          `${path}: first contentful paint ${Math.round(paint)} ms, layout shift ${shift.toFixed(4)}`,
        )
        assert.ok(shift < 0.01, `${path} moves: ${shift}`)
      })
  })
})
