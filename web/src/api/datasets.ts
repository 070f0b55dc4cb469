// SPDX-License-Identifier: MIT
import { queryOptions } from '@tanstack/react-query'
import { ApiError, connection, get, post, readAnswer, url } from './client.ts'

/** One folder below datasets/. */
export interface Dataset {
  name: string
  path: string
  image_count: number
  caption_count: number
  tags_present?: boolean
  total_size?: number
  /** Absolute paths of its first pictures, up to four. KNX did not send it. */
  covers?: string[]
}

/** One picture with the tags of its caption, as GET /api/dataset/images-with-tags lists it (top folder only). */
export interface Picture {
  /** Absolute path on the server. */
  image_path: string
  image_name: string
  tags: string[]
  has_tags: boolean
  /** Where the file is served; without it, derived from the dataset's name. */
  url?: string
  /** Milliseconds: when the file was changed. Keeps the browser from showing an old thumbnail. KNX did not send it. */
  modified?: number
}

export interface DatasetList {
  datasets: Dataset[]
  total: number
  /** "name: why", one per folder that could not be read; the others are listed all the same. */
  errors?: string[]
}

export const datasetsQuery = queryOptions({
  queryKey: ['datasets'],
  queryFn: () => get<DatasetList>('/api/dataset/list'),
})

/** Pictures of a dataset, named as in `Dataset.name`. */
export const picturesQuery = (dataset: string) =>
  queryOptions({
    queryKey: ['pictures', dataset],
    queryFn: ({ signal }) =>
      get<{ images: Picture[]; total: number }>(
        '/api/dataset/images-with-tags',
        { dataset_path: dataset },
        signal,
      ),
    select: (answer) => answer.images,
  })

/** The server may change the name (it keeps letters, digits, space, _ - .); the answer has the one that was taken. */
export function createDataset(name: string): Promise<{ success: boolean; name: string; path: string }> {
  return post('/api/dataset/create', { name })
}

export interface UploadAnswer {
  success: boolean
  files_uploaded: number
  uploaded_files: string[]
  /** "name: why", one per file that was refused; the others are stored. */
  errors: string[]
}

export interface UploadOptions {
  onProgress(sentBytes: number): void
  signal: AbortSignal
}

/** Stores files in a dataset; equal names are replaced. By XMLHttpRequest: fetch does not tell what was sent so far. */
export function uploadBatch(dataset: string, files: File[], options: UploadOptions): Promise<UploadAnswer> {
  const form = new FormData()
  form.append('dataset_name', dataset) // before the files, so that a streaming server knows where they go
  for (const file of files) form.append('files', file, file.name)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/api/dataset/upload-batch')
    request.upload.onprogress = (event) => options.onProgress(event.loaded)
    request.onload = () => {
      connection.set('ok')
      try {
        resolve(readAnswer<UploadAnswer>(request.status, request.responseText))
      } catch (error) {
        reject(error)
      }
    }
    request.onerror = () => {
      connection.set('lost')
      reject(new ApiError(0, 'The server went away while sending.'))
    }
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'))
    options.signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(form)
  })
}

const THUMBNAIL_SIZES = [160, 240, 320, 480, 800] // few sizes, so that the caches of server and browser are hit

/** A square, centred WebP of at least `pixels` device pixels, as far as the server goes. */
export function thumbnailUrl(imagePath: string, pixels: number, modified?: number): string {
  const size = THUMBNAIL_SIZES.find((s) => s >= pixels) ?? 800
  return url('/api/dataset-tools/thumbnail', { path: imagePath, size, v: modified })
}

/** The file itself. */
export function pictureUrl(dataset: string, picture: Picture): string {
  if (picture.url) return picture.url
  const path = `/api/files/image/${encodeURIComponent(dataset)}/${encodeURIComponent(picture.image_name)}`
  return url(path, { v: picture.modified })
}
