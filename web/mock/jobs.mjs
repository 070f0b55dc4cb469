// SPDX-License-Identifier: MIT
// Jobs that only look like work: they write lines and figures with a timer. Their log is bytes in memory, so that
// cursors are byte offsets, as on the real server.
import { EventEmitter } from 'node:events'
import { newCaption, ROOT, tagsOf } from './data.mjs'

const ACTIVE = ['pending', 'running']

class Job extends EventEmitter {
  constructor(id, type, fields) {
    super()
    this.setMaxListeners(0)
    this.lines = []
    this.points = []
    this.bytes = 0
    this.timers = []
    this.metrics = { percent: 0, phase: 'starting' }
    this.samples = []
    this.files = []
    this.view = {
      id,
      job_id: id,
      type,
      kind: type,
      status: 'pending',
      stopping: false,
      ...{ labels: [], failures: [], priority: 0, not_before: null, after: [], attempt: 1, retry_of: null },
      ...fields,
    }
  }

  get active() {
    return ACTIVE.includes(this.view.status)
  }

  get percent() {
    return this.view.status === 'completed' ? 100 : this.metrics.percent
  }

  log(raw, at = Date.now()) {
    const tag = /\[(ERROR|WARN|INFO|DEBUG)\]\s*/i.exec(raw)
    const level = /\d+%\|/.test(raw)
      ? 'progress'
      : tag
        ? ({ WARN: 'error' }[tag[1]] ?? tag[1].toLowerCase())
        : /^(\w+Error|Traceback)/.test(raw)
          ? 'error'
          : 'info'
    const offset = this.bytes
    this.bytes += Buffer.byteLength(raw) + 1
    const message = raw.replace(tag?.[0] ?? '', '')
    this.lines.push({ seq: this.lines.length, offset, end: this.bytes, timestamp: at, level, message, raw })
    this.emit('frame', this.frameOf(this.lines.at(-1)))
  }

  frameOf(log) {
    return { type: 'log', log, message: log.raw }
  }

  since(offset) {
    return this.lines.filter((line) => line.end > offset)
  }

  figures(metrics) {
    const before = Math.floor(this.percent)
    Object.assign(this.metrics, metrics)
    if (Math.floor(this.percent) !== before) this.emit('frame', this.stateFrame('progress'))
  }

  status(status, more = {}) {
    Object.assign(this.view, { status, ...more })
    if (status === 'running') this.view.started_at ??= Date.now()
    if (!this.active) {
      this.view.completed_at ??= Date.now()
      this.timers.forEach(clearTimeout)
    }
    this.emit('frame', this.stateFrame('status'))
    if (!this.active) this.emit('frame', this.stateFrame('complete'))
  }

  stateFrame(type) {
    return { type, status: this.view.status, progress: Math.floor(this.percent), job_id: this.view.id }
  }

  json() {
    const exit = this.active ? null : { code: this.view.exit_code ?? 0, signal: null, oom_kill: false }
    const progress = Math.floor(this.percent)
    return { ...this.view, progress, metrics: { ...this.metrics, percent: this.percent }, exit, reason: null }
  }

  later(ms, act) {
    this.timers.push(setTimeout(() => this.active && act(), ms))
  }
}

const bar = (label, i, n, perSecond, more = '') => {
  const full = Math.round((i / n) * 10)
  const time = (s) =>
    `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(Math.floor(s % 60)).padStart(2, '0')}`
  const percent = String(Math.floor((i / n) * 100)).padStart(3)
  return `${label} ${percent}%|${'█'.repeat(full).padEnd(10)}| ${i}/${n} [${time(i / perSecond)}<${time((n - i) / perSecond)}, ${perSecond.toFixed(2)}it/s${more}]`
}

const PROMPTS = ['anna, portrait, smile', 'anna, outdoors, from behind', 'a city street at night']
const lossAt = (step) => 0.08 + 0.06 * Math.exp(-step / 300) + Math.sin(step / 9) * 0.004

const tagging = (name) => ({
  title: `tag ${name}`,
  labels: [`dataset=${ROOT}/datasets/${name}`],
})
const training = (name) => ({
  title: `train ${name}`,
  labels: [`project=${name}`, `result=${ROOT}/output/${name}/${name}.safetensors`],
})

export class Jobs {
  constructor({ datasets, speed = 1, empty = false }) {
    this.datasets = datasets
    this.speed = speed
    this.all = new Map()
    this.paused = false
    this.n = 0
    if (!empty) this.history()
  }

  add(type, fields, created = Date.now()) {
    const job = new Job(`${type}_${created}_${++this.n}`, type, { created_at: created, ...fields })
    this.all.set(job.view.id, job)
    return job
  }

  tag(request) {
    const name = request.dataset_dir.split('/').at(-1)
    const set = this.datasets.get(name)
    const job = this.add('tagging', tagging(name))
    const todo = [...set.images].filter(
      ([, text]) => request.overwrite_mode !== 'ignore' || !tagsOf(text).length,
    )
    job.log(`[INFO] loading ${request.model}`)
    job.later(600 / this.speed, () => {
      job.status('running')
      job.log(`[INFO] tagging ${todo.length} pictures in ${name} with ${request.model}`)
      const step = (i) => {
        if (i >= todo.length) {
          job.log(`[INFO] done: ${todo.length} captions written`)
          return job.status('completed', { exit_code: 0 })
        }
        const [file, old] = todo[i]
        set.images.set(file, newCaption(i, request.overwrite_mode, old))
        job.log(bar('tagging:', i + 1, todo.length, 4.2))
        if (i % 10 === 3) job.log(`[DEBUG] ${file}: 14 tags, rating general`)
        job.figures({
          percent: ((i + 1) / todo.length) * 100,
          phase: 'working',
          phase_done: i + 1,
          phase_total: todo.length,
          item: file,
          steps_per_second: 4.2,
          eta_seconds: Math.round((todo.length - i) / 4.2),
        })
        job.later(240 / this.speed, () => step(i + 1))
      }
      step(0)
    })
    return job
  }

  train(name, from) {
    const total = 2000
    const job = this.add('training', training(name), Date.now() - 11 * 60_000)
    const at = job.view.created_at
    job.view.started_at = at + 1200
    ;[
      '[INFO] prepare tokenizer',
      '[INFO] Use DreamBooth method.',
      '[INFO] 64 train images with repeats 10',
      '[WARN] 7 pictures have no caption; the class word is used for them',
      '[INFO] loading model for process 0/1',
      '[INFO] U-Net: <All keys matched successfully>',
      '[INFO] create LoRA network. base dim (rank): 32, alpha: 16',
      '[INFO] caching latents with caching strategy.',
    ].forEach((text, i) => job.log(text, at + 1500 + i * 900))
    for (let i = 1; i <= 64; i++) job.log(bar('caching latents:', i, 64, 9.1), at + 9_000 + i * 100)
    job.log('[INFO] running training', at + 17_000)
    for (let i = 1; i <= from; i++) {
      job.log(bar('steps:', i, total, 1.32, ', avr_loss=0.091'), at + 20_000 + i * 760)
      this.leaves(job, name, i, lossAt(i), at + 20_000 + i * 760)
    }
    job.status('running')
    const step = (i) => {
      const loss = lossAt(i)
      this.leaves(job, name, i, loss)
      job.log(bar('steps:', i, total, 1.32, `, avr_loss=${loss.toFixed(3)}`))
      if (i % 20 === 0) job.log(`[INFO] epoch ${Math.ceil(i / 200)}/10, saving state is off`)
      job.figures({
        ...{ phase: 'working', percent: (i / total) * 100, step: i, total_steps: total },
        ...{ epoch: Math.ceil(i / 200), total_epochs: 10, loss, lr: 1e-4, steps_per_second: 1.32 },
        eta_seconds: Math.round((total - i) / 1.32),
      })
      if (i < total) job.later(760 / this.speed, () => step(i + 1))
      else job.status('completed', { exit_code: 0 })
    }
    step(from + 1)
    return job
  }

  /** What a training leaves on its way: a point of its curve, samples and a file at the end of an epoch of 200 steps. */
  leaves(job, name, step, loss, at = Date.now()) {
    job.points.push({ step, epoch: Math.ceil(step / 200), loss, lr: 1e-4, time: at })
    if (step % 200 !== 0) return
    const epoch = step / 200
    const six = String(epoch).padStart(6, '0')
    PROMPTS.forEach((prompt, i) =>
      job.samples.push({
        ...{ name: `${name}_e${six}_0${i}_20261125120000_4${i}.png`, epoch, step, prompt_index: i, prompt },
        parameters: `${prompt}\nNegative prompt: \nSteps: 28, Sampler: Euler a, CFG scale: 5, Seed: 4${i}, Size: 832x1216`,
        ...{ size: 1_200_000, modified: at },
      }),
    )
    job.files.push({
      ...{ name: `${name}-${six}.safetensors`, epoch, step: null, last: false },
      ...{ size: 37_861_176, modified: at },
    })
  }

  failed() {
    const error =
      'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.44 GiB (GPU 0; 11.76 GiB total)'
    const job = this.add('training', training('anna-v1'), Date.now() - 26 * 3.6e6)
    const at = job.view.created_at
    job.view.started_at = at + 1000
    ;[
      '[INFO] loading model for process 0/1',
      '[INFO] caching latents with caching strategy.',
      'Traceback (most recent call last):',
      '  File "/srv/studio/trainer/sd_scripts/sdxl_train_network.py", line 214, in <module>',
      '    trainer.train(args)',
      '  File "/srv/studio/trainer/sd_scripts/train_network.py", line 912, in train',
      '    noise_pred = self.call_unet(args, accelerator, unet, noisy_latents, timesteps, text_encoder_conds)',
      error,
    ].forEach((text, i) => job.log(text, at + 1500 + i * 800))
    job.figures({ percent: 3 })
    const failures = [
      {
        cause: 'cuda_out_of_memory',
        said: 'the GPU ran out of memory: 2.44 GiB more were needed',
        remedy:
          'Lower train_batch_size or the resolution, turn gradient_checkpointing and cache_latents on, use AdamW8bit or a smaller network_dim, and close what else uses the GPU.',
        ...{ evidence: error, line: 7, offset: 0 },
      },
    ]
    job.states = [
      {
        path: `${ROOT}/output/anna-v1/anna-v1-000002-state`,
        epoch: 2,
        step: 400,
        complete: false,
        why: 'optimizer.bin is cut off or damaged',
      },
      { path: `${ROOT}/output/anna-v1/anna-v1-000001-state`, epoch: 1, step: 200, complete: true, why: null },
    ]
    job.status('failed', { error, exit_code: 1, completed_at: at + 48_000, failures })
  }

  history() {
    const done = this.add('tagging', tagging('city-lights'), Date.now() - 3 * 3.6e6)
    done.view.started_at = done.view.created_at + 900
    for (let i = 1; i <= 318; i++) done.log(bar('tagging:', i, 318, 4.2), done.view.created_at + i * 240)
    done.log('[INFO] done: 318 captions written', done.view.created_at + 78_000)
    done.status('completed', { exit_code: 0, completed_at: done.view.created_at + 79_000 })
    this.failed()
    const cancelled = this.add('tagging', tagging('landscapes'), Date.now() - 50 * 3.6e6)
    cancelled.log('[INFO] loading model')
    cancelled.status('cancelled', {
      started_at: cancelled.view.created_at,
      completed_at: cancelled.view.created_at + 8_000,
    })
    this.train('anna-v2', 811)
    this.add('training', training('house-style'), Date.now() - 4 * 60_000)
    this.add('training', training('city-night'), Date.now() - 2 * 60_000)
  }

  /** GET /api/jobs/{id}/metrics, at most `n` points. */
  curves(job, n) {
    const every = Math.max(1, Math.ceil(job.points.length / n))
    const points = job.points
      .filter((_, i) => i % every === 0 || i === job.points.length - 1)
      .map((point) => ({
        ...{ ...point, steps_per_second: 1.32 },
        ...{ loss_min: point.loss - 0.003, loss_max: point.loss + 0.003 },
      }))
    const at = job.view.started_at ?? Date.now()
    const phases =
      job.view.type === 'training'
        ? [
            { phase: 'loading', started_at: at, ended_at: at + 9_000, done: null, total: null },
            { phase: 'caching latents', started_at: at + 9_000, ended_at: at + 17_000, done: 64, total: 64 },
            {
              phase: 'working',
              started_at: at + 17_000,
              ended_at: job.view.completed_at,
              done: points.length,
              total: 2000,
            },
          ]
        : []
    const resources = job.active
      ? [
          {
            ...{ time: Date.now(), cpu_percent: 104.2, rss_bytes: 6.2e9, machine_cpu_percent: 31 },
            ...{
              memory_used_bytes: 2e10,
              memory_total_bytes: 6.4e10,
              disk_free_bytes: 4.1e11,
              disk_total_bytes: 1e12,
            },
            gpus: [{ percent: 97, used_bytes: 1.05e10 }],
          },
        ]
      : []
    return {
      success: true,
      points,
      total_points: job.points.length,
      stride: 1,
      phases,
      scalars: {},
      resources,
    }
  }

  queue() {
    const waiting = [...this.all.values()]
      .filter((job) => job.view.status === 'pending')
      .sort((a, b) => b.view.priority - a.view.priority || a.view.created_at - b.view.created_at)
    const running = [...this.all.values()].filter((job) => job.view.status === 'running')
    const jobs = [...running, ...waiting].map(({ view }) => ({
      ...{
        id: view.id,
        title: view.title,
        type: view.type,
        status: view.status,
        created_at: view.created_at,
      },
      position: view.status === 'running' ? 0 : waiting.findIndex((job) => job.view === view) + 1,
      ...{ priority: view.priority, not_before: view.not_before, after: view.after },
      waits: view.status === 'running' ? null : this.paused ? 'paused' : 'slot',
      ...{ waits_for: null, gpus_wanted: view.type === 'training' ? 1 : 0, gpus: null },
    }))
    const counts = { running: running.length, waiting: waiting.length }
    return { success: true, queue: { paused: this.paused, gpus: [], cpu_slots: 1, ...counts, jobs } }
  }

  again(job, message) {
    const { type, title, labels, attempt, id } = job.view
    const next = this.add(type, { title, labels, attempt: attempt + 1, retry_of: id })
    return { success: true, job_id: next.view.id, message }
  }

  stop(job) {
    job.log('[WARN] stop asked for')
    job.view.stopping = true
    setTimeout(() => {
      job.log('[INFO] stopped')
      job.status('cancelled', { exit_code: 143, stopping: false })
    }, 700 / this.speed)
  }

  close() {
    for (const job of this.all.values()) job.timers.forEach(clearTimeout)
  }
}
