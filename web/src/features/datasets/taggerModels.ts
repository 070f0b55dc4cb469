// SPDX-License-Identifier: MIT
import { useQuery } from '@tanstack/react-query'
import { folderQuery } from '@/api/files.ts'
import { settingsQuery } from '@/api/settings.ts'

export interface TaggerModel {
  /** As the server takes it. */
  id: string
  label: string
  installed: boolean
}

// The taggers that KNX offers, best first. Their folder below tagger_models/ is the name with _ for /.
const KNOWN = [
  'SmilingWolf/wd-eva02-large-tagger-v3',
  'SmilingWolf/wd-vit-large-tagger-v3',
  'SmilingWolf/wd-swinv2-tagger-v3',
  'SmilingWolf/wd-convnext-tagger-v3',
  'SmilingWolf/wd-vit-tagger-v3',
  'SmilingWolf/wd-v1-4-moat-tagger-v2',
  'SmilingWolf/wd-v1-4-swinv2-tagger-v2',
  'SmilingWolf/wd-v1-4-convnext-tagger-v2',
  'SmilingWolf/wd-v1-4-vit-tagger-v2',
]
const DEMO: TaggerModel = {
  id: 'demo',
  label: 'demo (colours and shapes only, for trying out)',
  installed: true,
}

const folderOf = (id: string) => id.replaceAll('/', '_')

/** Every model that can be asked for, those that lie on the disk first; and the one that the settings name. */
export function taggerModels(folders: string[], wanted: string): { models: TaggerModel[]; preset: string } {
  const known = KNOWN.map((id) => ({ id, label: id, installed: folders.includes(folderOf(id)) }))
  const own = folders
    .filter((name) => !KNOWN.some((id) => folderOf(id) === name) && name !== DEMO.id)
    .map((name) => ({ id: name, label: name, installed: true }))
  const models = [...known.filter((m) => m.installed), ...own, DEMO, ...known.filter((m) => !m.installed)]
  const named = models.find((m) => m.id === wanted || folderOf(m.id) === wanted)
  if (wanted && !named) models.unshift({ id: wanted, label: wanted, installed: true })
  // The demo tagger is never chosen silently: only a setting can make it the preset.
  const preset = wanted ? (named?.id ?? wanted) : (models.find((m) => m.id !== DEMO.id)?.id ?? DEMO.id)
  return { models, preset }
}

export function useTaggerModels() {
  const folder = useQuery({ ...folderQuery('tagger_models'), retry: false })
  const settings = useQuery(settingsQuery)
  const folders = folder.data?.files.filter((file) => file.type === 'dir').map((file) => file.name) ?? []
  const wanted = settings.data?.find((row) => row.key === 'tagger.default')?.value
  return {
    ...taggerModels(folders, typeof wanted === 'string' ? wanted : ''),
    loading: folder.isPending || settings.isPending,
  }
}
