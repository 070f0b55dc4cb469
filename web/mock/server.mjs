// SPDX-License-Identifier: MIT
// A stand-in for the server, for working on the page and for its own tests: the routes that the page uses, with data in
// memory, and the built page itself. No part of the product.
//   node mock/server.mjs            http://127.0.0.1:3000 (PORT changes it)
//   MOCK_TOKEN=secret               token mode
//   MOCK_WIRES=sse | polling        what a bad proxy lets through
//   MOCK_EMPTY=1                    a fresh workspace
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDatasets, makeFolders, makeSettings, ROOT, tagsOf } from './data.mjs'
import { Jobs } from './jobs.mjs'
import { dryRun, generate, presetOf, presets, savedConfigs, schema } from './training.mjs'
import { dimensions, drawOnce } from './pictures.mjs'
import { eventStream, webSocket } from './wires.mjs'

const DIST = fileURLToPath(new URL('../dist', import.meta.url))
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'"

class Refusal extends Error {
  constructor(status, message, code = '', field = '') {
    super(message)
    Object.assign(this, { status, code, field })
  }
}

export class Mock {
  constructor({ token = '', wires = 'websocket', empty = false, speed = 1, delay = 0 } = {}) {
    Object.assign(this, { token, wires, delay })
    this.datasets = makeDatasets(empty)
    this.settings = makeSettings()
    this.folders = makeFolders()
    this.configs = empty ? new Map() : savedConfigs()
    this.form = null
    this.jobs = new Jobs({ datasets: this.datasets, speed, empty })
    this.thumbs = new Map()
    this.sockets = new Set()
    this.fail = new Set() // paths that answer 500, for tests
    this.server = createServer((request, response) => void this.answer(request, response))
    this.server.on('upgrade', (request, socket) => this.upgrade(request, socket))
    this.server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
    })
  }

  listen(port) {
    return new Promise((resolve) =>
      this.server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${this.server.address().port}`)),
    )
  }

  /** What a restart of the server does to the wires. */
  cut() {
    this.sockets.forEach((socket) => socket.destroy())
  }

  close() {
    this.jobs.close()
    this.cut()
    return new Promise((resolve) => this.server.close(resolve))
  }

  allowed(request) {
    if (!this.token) return true
    return (
      request.headers.cookie?.includes(`lorica=${this.token}`) ||
      request.headers.authorization === `Bearer ${this.token}`
    )
  }

  upgrade(request, socket) {
    const at = new URL(request.url, 'http://x')
    const id = /^\/ws\/jobs\/([^/]+)\/logs$/.exec(at.pathname)?.[1]
    if (this.wires !== 'websocket' || !id || !this.allowed(request)) return socket.destroy()
    webSocket(request, socket, this.jobs.all.get(id), Number(at.searchParams.get('since') ?? 0))
  }

  async answer(request, response) {
    const at = new URL(request.url, 'http://x')
    const json = (status, body, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
      response.end(JSON.stringify(body))
    }
    try {
      if (!at.pathname.startsWith('/api/')) return this.asset(at.pathname, response)
      if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay))
      const body = await readBody(request)
      if (at.pathname === '/api/login') {
        if (body.token !== this.token) throw new Refusal(401, 'This token is not right.', 'unauthorized')
        return json(
          200,
          { success: true },
          { 'Set-Cookie': `lorica=${this.token}; HttpOnly; SameSite=Strict; Path=/` },
        )
      }
      if (at.pathname === '/api/logout')
        return json(200, { success: true }, { 'Set-Cookie': 'lorica=; Max-Age=0; Path=/' })
      if (at.pathname !== '/api/health' && !this.allowed(request))
        throw new Refusal(401, 'Sign in to go on.', 'unauthorized')
      if (this.fail.has(at.pathname))
        throw new Refusal(500, 'The disk does not answer (input/output error).', 'internal')
      const result = this.route(request.method, at, body, response)
      if (result !== undefined) json(200, result)
    } catch (error) {
      const { status = 500, message, code, field } = error
      json(
        status,
        error.body ?? { success: false, error: message, detail: message, code, ...(field && { field }) },
      )
    }
  }

  asset(path, response) {
    const wanted = join(DIST, normalize(path))
    const file = existsSync(wanted) && extname(wanted) ? wanted : join(DIST, 'index.html')
    response.writeHead(200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Security-Policy': CSP,
      'Cache-Control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
    response.end(readFileSync(file))
  }

  set(path) {
    const name = String(path).split('/').filter(Boolean).at(-1)
    const set = this.datasets.get(name)
    if (!set) throw new Refusal(404, `There is no dataset '${name}'.`, 'not_found')
    return set
  }

  image(path) {
    const name = path.split('/').at(-1)
    const set = this.set(path.slice(0, -name.length))
    if (!set.images.has(name)) throw new Refusal(404, `There is no picture '${name}'.`, 'not_found')
    return { set, name }
  }

  job(id) {
    const job = this.jobs.all.get(id)
    if (!job) throw new Refusal(404, `There is no job '${id}'.`, 'not_found')
    return job
  }

  route(method, at, body, response) {
    const query = (name) => at.searchParams.get(name) ?? ''
    const path = decodeURIComponent(at.pathname)
    const picture = (name, width, height, square) => {
      response.writeHead(200, { 'Content-Type': 'image/png', 'Cache-Control': 'private, max-age=3600' })
      response.end(drawOnce(name, width, height, square))
    }
    switch (`${method} ${path}`) {
      case 'GET /api/health':
        return { status: 'healthy', version: '0.3.0', needs_token: this.token !== '' }
      case 'GET /api/dataset/list': {
        const datasets = [...this.datasets.values()].map(({ name, images }) => {
          const captions = [...images.values()].filter((text) => text !== null).length
          const total_size = images.size * 1_900_000
          const path = `${ROOT}/datasets/${name}`
          const covers = [...images.keys()].slice(0, 4).map((image) => `${path}/${image}`)
          return {
            name,
            path,
            image_count: images.size,
            caption_count: captions,
            tags_present: captions > 0,
            total_size,
            covers,
          }
        })
        return { datasets, total: datasets.length }
      }
      case 'POST /api/dataset/create': {
        const name = String(body.name ?? '').trim()
        if (!name) throw new Refusal(400, 'Give the dataset a name.', 'invalid', 'name')
        if (this.datasets.has(name))
          throw new Refusal(409, `A dataset named '${name}' exists already.`, 'conflict', 'name')
        this.datasets.set(name, { name, images: new Map() })
        return { success: true, name, path: `${ROOT}/datasets/${name}`, message: `Dataset '${name}' created` }
      }
      case 'GET /api/dataset/images-with-tags': {
        const { name: set, images } = this.set(query('dataset_path'))
        const list = [...images].map(([name, text]) => ({
          ...{ image_path: `${ROOT}/datasets/${set}/${name}`, image_name: name },
          ...{ tags: tagsOf(text), has_tags: tagsOf(text).length > 0 },
        }))
        return { images: list, total: list.length }
      }
      case 'POST /api/dataset/upload-batch':
        return this.upload(body)
      case 'GET /api/dataset-tools/thumbnail': {
        const size = Number(query('size') || 200)
        const { name } = this.image(query('path'))
        return picture(name, Math.min(size, 240), Math.min(size, 240), true)
      }
      case 'GET /api/captions/read': {
        const { set, name } = this.image(query('image_path'))
        const text = set.images.get(name)
        return {
          success: true,
          image_path: query('image_path'),
          caption_path: '',
          caption_text: text,
          exists: text !== null,
        }
      }
      case 'POST /api/captions/write': {
        const { set, name } = this.image(body.image_path)
        set.images.set(name, body.caption_text)
        return { success: true, message: `Caption written to ${name}`, files_modified: 1, errors: [] }
      }
      case 'POST /api/captions/add-trigger': {
        const { images } = this.set(body.dataset_dir)
        for (const [name, text] of images) {
          const parts = [text?.trim() ?? ''].filter(Boolean)
          images.set(
            name,
            (body.position === 'start' ? [body.trigger_word, ...parts] : [...parts, body.trigger_word]).join(
              ', ',
            ),
          )
        }
        return {
          success: true,
          message: `Added trigger word to ${images.size} captions`,
          files_modified: images.size,
          errors: [],
        }
      }
      case 'POST /api/jobs/tagging': {
        this.set(body.dataset_dir)
        if (/eva02/.test(body.model))
          throw new Refusal(
            409,
            `The model '${body.model}' is not installed. Put it into tagger_models/.`,
            'model_missing',
            'model',
          )
        return { success: true, job_id: this.jobs.tag(body).view.id, message: 'Tagging queued' }
      }
      case 'GET /api/queue':
        return this.jobs.queue()
      case 'POST /api/queue/pause':
      case 'POST /api/queue/resume':
        this.jobs.paused = path.endsWith('pause')
        return this.jobs.queue()
      case 'GET /api/jobs': {
        const all = [...this.jobs.all.values()]
          .map((job) => job.json())
          .sort((a, b) => b.created_at - a.created_at)
        const jobs = query('status') ? all.filter((job) => job.status === query('status')) : all
        return { success: true, jobs, count: jobs.length }
      }
      case 'GET /api/files/list': {
        const wanted = query('path').startsWith('/') ? query('path') : `${ROOT}/${query('path')}`
        const files = this.folders.get(wanted)
        if (!files) throw new Refusal(404, 'Failed to list directory: Path not found', 'not_found')
        return { path: wanted, parent: null, files }
      }
      case 'GET /api/settings/user':
        return { success: true, settings: {}, table: this.settings }
      case 'POST /api/settings/user':
        return this.saveSettings(body)
    }
    const configured = this.configRoute(`${method} ${path}`, query, body)
    if (configured) return configured
    const image = /^GET \/api\/files\/image\/(.+)$/.exec(`${method} ${path}`)
    if (image) {
      const { name } = this.image(image[1])
      return picture(name, ...dimensions(name))
    }
    return this.jobRoute(method, path, at, response, body)
  }

  configRoute(route, query, body) {
    switch (route) {
      case 'GET /api/config/schema':
        return schema
      case 'GET /api/config/form':
        if (this.form === null) throw new Refusal(404, 'no form was saved yet', 'not_found')
        return { success: true, config: this.form }
      case 'POST /api/config/form':
        this.form = body
        return { success: true }
      case 'GET /api/config/templates': {
        const list = (folder) =>
          [...this.configs.keys()]
            .filter((path) => path.startsWith(folder))
            .map((path) => ({
              name: path.slice(folder.length, -'.toml'.length),
              path,
              description: 'No description',
              modified: Date.now(),
            }))
        return { success: true, templates: list('example_configs/'), saved: list('training_config/') }
      }
      case 'GET /api/config/load': {
        const config = this.configs.get(query('path'))
        if (!config) throw new Refusal(404, `'${query('path')}' does not exist`, 'not_found')
        return { success: true, config, path: query('path') }
      }
      case 'POST /api/config/save': {
        const path = `training_config/${body.name}.toml`
        if (/[/\\]/.test(body.name))
          throw new Refusal(400, `name '${body.name}' must be one name without slashes`, 'invalid', 'name')
        if (this.configs.has(path) && body.overwrite === false)
          throw new Refusal(409, `there is a configuration '${body.name}' already`, 'conflict', 'name')
        this.configs.set(path, body.config)
        return { success: true, path, message: 'Configuration saved' }
      }
      case 'POST /api/config/generate': {
        const { status, body: made } = generate(body)
        if (status !== 200) throw Object.assign(new Refusal(status, made.error), { body: made })
        return made
      }
      case 'POST /api/training/validate':
        return dryRun(body)
      case 'GET /api/config/presets':
        return { presets, findings: [] }
      case 'POST /api/training/start':
        return this.startTraining(body)
    }
    const preset = /^GET \/api\/config\/presets\/(.+)$/.exec(route)
    if (preset) {
      const found = presetOf(decodeURIComponent(preset[1]))
      if (!found) throw new Refusal(404, `there is no preset '${preset[1]}'`, 'not_found', 'id')
      return found
    }
    return undefined
  }

  startTraining(request) {
    const { status, body } = generate(request)
    if (status === 422) throw Object.assign(new Refusal(status, body.error), { body })
    const errors = body.findings.filter((f) => f.severity === 'error')
    if (errors.length > 0)
      return { success: false, message: 'not started', job_id: null, validation_errors: errors }
    const job = this.jobs.train(request.project_name, 0)
    return { success: true, message: 'Training started', job_id: job.view.id, validation_errors: [] }
  }

  jobRoute(method, path, at, response, body) {
    const [, id, what = '', name] = /^\/api\/jobs\/([^/]+)(?:\/(\w+)(?:\/([^/]+))?)?$/.exec(path) ?? []
    if (!id) throw new Refusal(404, `There is no ${method} ${path}.`, 'not_found')
    const job = this.job(id)
    const since = Number(at.searchParams.get('since') ?? 0)
    if (name) return this.madeFile(job, what, name, response)
    const made = (key, list) => ({
      success: true,
      job_id: id,
      folder: job.view.labels.length > 0 ? `${ROOT}/output/${key}` : null,
      [key]: list,
      count: list.length,
    })
    switch (`${method} ${what}`) {
      case 'GET samples':
        return made('samples', job.samples)
      case 'GET files':
        return made('files', job.files)
      case 'GET ':
        return { success: true, job: job.json() }
      case 'DELETE ':
        if (job.active) throw new Refusal(409, 'The job is running. Stop it first.', 'busy')
        this.jobs.all.delete(id)
        return { success: true, message: `Job ${id} deleted` }
      case 'GET metrics':
        return this.jobs.curves(job, Number(at.searchParams.get('points') ?? 500))
      case 'GET states': {
        const states = job.states ?? []
        return { success: true, best: states.find((state) => state.complete)?.path ?? null, states }
      }
      case 'POST retry':
      case 'POST resume':
        if (job.active) throw new Refusal(409, 'The job has not ended yet.', 'conflict')
        return this.jobs.again(job, what === 'retry' ? 'Job started again' : 'Training goes on')
      case 'POST turn':
        if (job.view.status !== 'pending') throw new Refusal(409, 'It does not wait any more.', 'conflict')
        Object.assign(job.view, body)
        return this.jobs.queue()
      case 'GET diagnostics':
        response.writeHead(200, { 'Content-Type': 'application/zip' })
        return void response.end(Buffer.concat([Buffer.from('PK\x05\x06'), Buffer.alloc(18)]))
      case 'POST stop':
        if (!job.active) throw new Refusal(409, 'The job is not running.', 'conflict')
        this.jobs.stop(job)
        return { success: true, message: `Job ${id} stopped` }
      case 'GET logs': {
        const offset = Number(at.searchParams.get('offset') ?? 0)
        const logs = job.since(offset).slice(0, Number(at.searchParams.get('limit') ?? 2_000))
        const next_offset = logs.at(-1)?.end ?? offset
        const { status, progress } = job.json()
        return {
          success: true,
          job_id: id,
          logs,
          total_logs: job.lines.length,
          next_offset,
          dropped: 0,
          status,
          progress,
        }
      }
      case 'GET events':
        if (this.wires === 'polling') throw new Refusal(502, 'Bad gateway')
        return void eventStream(response, job, since)
      case 'GET log':
        response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' })
        return void response.end(job.lines.map((line) => `${line.raw}\n`).join(''))
    }
    throw new Refusal(404, `There is no ${method} ${path}.`, 'not_found')
  }

  madeFile(job, what, name, response) {
    const list = { samples: job.samples, files: job.files }[what] ?? []
    if (!list.some((made) => made.name === name))
      throw new Refusal(404, `job ${job.view.id} has no such file`, 'not_found')
    const picture = what === 'samples'
    response.writeHead(200, { 'Content-Type': picture ? 'image/png' : 'application/octet-stream' })
    response.end(picture ? drawOnce(name, 208, 304) : Buffer.alloc(64))
  }

  upload({ form }) {
    const { images } = this.set(form.find((part) => part.name === 'dataset_name')?.text)
    const files = form.filter((part) => part.file)
    const errors = []
    const stored = []
    for (const { file, text } of files) {
      const stem = file.replace(/\.[^.]+$/, '')
      const caption = files.find((other) => other.file === `${stem}.txt`)?.text
      if (/\.(png|jpe?g|webp|bmp|gif)$/i.test(file)) images.set(file, caption ?? images.get(file) ?? null)
      else if (!/\.txt$/i.test(file)) errors.push(`${file}: not a picture`)
      if (!errors.at(-1)?.startsWith(file)) stored.push(file)
    }
    return { success: true, message: '', files_uploaded: stored.length, uploaded_files: stored, errors }
  }

  saveSettings(body) {
    for (const [key, value] of Object.entries(body)) {
      const row = this.settings.find((r) => r.key === key)
      if (!row) throw new Refusal(400, `There is no setting '${key}'.`, 'invalid', key)
      if (row.kind === 'int' && !(value === '' || (value >= row.min && value <= row.max)))
        throw new Refusal(400, `${key} lies between ${row.min} and ${row.max}.`, 'invalid', key)
      const unset = value === '' || (Array.isArray(value) && value.length === 0)
      row.source = unset ? 'default' : 'file'
      row.value = unset ? (row.kind === 'secret' ? null : row.kind === 'paths' ? [] : row.initial) : value
      if (row.kind === 'secret' && !unset)
        row.value = value.length < 12 ? '(set)' : `${value.slice(0, 4)}...${value.slice(-4)}`
    }
    return { success: true, message: 'Settings updated successfully' }
  }
}

async function readBody(request) {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1]
  if (boundary) return { form: readForm(bytes.toString('latin1'), boundary) }
  return bytes.length ? JSON.parse(bytes.toString()) : {}
}

function readForm(text, boundary) {
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [head, ...rest] = part.split('\r\n\r\n')
      const utf8 = (s) => Buffer.from(s, 'latin1').toString()
      const body = rest.join('\r\n\r\n').slice(0, -2)
      const field = (name) => new RegExp(`[; ]${name}="([^"]*)"`).exec(head)?.[1]
      const file = field('filename')
      return { name: field('name'), file: file && utf8(file), text: utf8(body) }
    })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { MOCK_TOKEN: token, MOCK_WIRES: wires, MOCK_EMPTY: empty, PORT: port = 3000 } = process.env
  console.log(await new Mock({ token, wires, empty: Boolean(empty) }).listen(Number(port)))
}
