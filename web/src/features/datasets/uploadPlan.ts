// SPDX-License-Identifier: MIT
// Which of the files that were dropped are sent, and in which pieces.

/** What of a File matters here. */
export interface Named {
  name: string
  size: number
}

export interface UploadPlan<F extends Named> {
  /** Requests, in order. A picture and its caption lie in the same one. */
  batches: F[][]
  /** Not sent: neither picture nor caption, or empty. */
  left: { name: string; why: string }[]
  /** Names that the dataset has already: sending replaces them. */
  clashes: string[]
  files: number
  bytes: number
}

const PICTURES = /\.(png|jpe?g|jfif|webp|bmp|gif|avif|jxl|tiff?|heic)$/i
const CAPTIONS = /\.txt$/i
const BATCH_FILES = 24
const BATCH_BYTES = 32 * 1024 * 1024

const stem = (name: string) => name.replace(/\.[^.]+$/, '')

/** The server keeps letters, digits and ._- of a name on KNX's route, and may keep more: both forms are a clash. */
const asciiName = (name: string) => name.replace(/[^A-Za-z0-9._-]/g, '_')

function refusal({ name, size }: Named): string | null {
  if (name.startsWith('.')) return 'hidden file'
  if (!PICTURES.test(name) && !CAPTIONS.test(name)) return 'neither a picture nor a .txt caption'
  if (size === 0) return 'empty file'
  return null
}

export function planUpload<F extends Named>(files: F[], present: Iterable<string>): UploadPlan<F> {
  const there = new Set(present)
  const left: UploadPlan<F>['left'] = []
  const sent = files.filter((file) => {
    const why = refusal(file)
    if (why) left.push({ name: file.name, why })
    return !why
  })
  sent.sort((a, b) => (stem(a.name) < stem(b.name) ? -1 : stem(a.name) > stem(b.name) ? 1 : 0))
  return {
    batches: cut(sent),
    left,
    clashes: sent.map((f) => f.name).filter((name) => there.has(name) || there.has(asciiName(name))),
    files: sent.length,
    bytes: sent.reduce((sum, file) => sum + file.size, 0),
  }
}

function cut<F extends Named>(sorted: F[]): F[][] {
  const batches: F[][] = []
  let bytes = 0
  for (const file of sorted) {
    const batch = batches.at(-1)
    const belongs = batch && stem(batch.at(-1)!.name) === stem(file.name)
    if (!batch || (!belongs && (batch.length >= BATCH_FILES || bytes + file.size > BATCH_BYTES))) {
      batches.push([file])
      bytes = file.size
    } else {
      batch.push(file)
      bytes += file.size
    }
  }
  return batches
}
