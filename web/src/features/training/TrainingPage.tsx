// SPDX-License-Identifier: MIT
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { FilePlus, FolderOpen, Play, Save, Search, SlidersHorizontal } from 'lucide-react'
import { useCallback, useDeferredValue, useMemo, useState } from 'react'
import { flushSync } from 'react-dom'
import { useCommands } from '@/app/commands.ts'
import { ApiError, messageOf, type Finding } from '@/api/client.ts'
import { jobsQuery } from '@/api/jobs.ts'
import { filesQuery, schemaQuery, startTraining, type TrainingSchema } from '@/api/training.ts'
import { Button } from '@/components/Button.tsx'
import { Input, Segments, Select } from '@/components/Field.tsx'
import { Page } from '@/components/Page.tsx'
import { ErrorState, Skeleton } from '@/components/States.tsx'
import { toast } from '@/components/toasts.ts'
import { useSettled } from '@/lib/settled.ts'
import { LoadDialog, SaveDialog } from './ConfigDialogs.tsx'
import { DryRun } from './DryRun.tsx'
import { rowId } from './FieldRow.tsx'
import {
  FAMILY,
  familyOf,
  fieldOf,
  findingsByField,
  MODE,
  modeOf,
  newForm,
  readForm,
  requestOf,
  type Form,
  type Value,
} from './form.ts'
import { FormGroups } from './FormGroups.tsx'
import { PresetDialog } from './PresetDialog.tsx'
import { CheckCard, Preview } from './Preview.tsx'
import { useFormState } from './useFormState.ts'

const route = getRouteApi('/shell/training')
const ASK_MS = 350

export function TrainingPage() {
  const schema = useQuery(schemaQuery)
  if (schema.isError)
    return (
      <Page title="Training">
        <ErrorState
          what="The form cannot be shown."
          error={schema.error}
          onRetry={() => void schema.refetch()}
        />
      </Page>
    )
  return schema.data ? <TrainingForm schema={schema.data} /> : <Loading />
}

function Loading() {
  return (
    <Page title="Training">
      <div className="flex h-full">
        <div className="flex flex-1 flex-col gap-3 p-4">
          {[24, 72, 48, 96, 36].map((height, i) => (
            <Skeleton key={i} className="w-full max-w-[46rem]" style={{ height: `${height * 2}px` }} />
          ))}
        </div>
        <div className="w-[26rem] border-l border-line max-lg:hidden" />
      </div>
    </Page>
  )
}

function TrainingForm({ schema }: { schema: TrainingSchema }) {
  const { form, change, replace } = useFormState(schema)
  return form ? <Filled schema={schema} form={form} change={change} replace={replace} /> : <Loading />
}

interface FilledProps {
  schema: TrainingSchema
  form: Form
  change(name: string, value: Value | undefined): void
  replace(form: Form): void
}

function Filled({ schema, form, change, replace }: FilledProps) {
  const { q = '', file = 'config', dialog } = route.useSearch()
  const navigate = useNavigate({ from: '/training' })
  const show = (search: { q?: string; file?: typeof file; dialog?: typeof dialog }) =>
    void navigate({ search: (before) => ({ ...before, ...search }), replace: true })
  const search = useDeferredValue(q)
  const { request, settled, files, findings, failure, queue, asked } = useRequest(schema, form)
  const byField = useMemo(() => findingsByField(findings ?? [], asked), [findings, asked])
  const onChange = useCallback(
    (name: string, value: Value | undefined) => {
      queue.reset()
      change(name, value)
    },
    [change, queue.reset],
  )
  const fresh = () => {
    replace(newForm(schema))
    toast('The form is as new', { key: 'training:new', action: { label: 'Undo', act: () => replace(form) } })
  }
  useCommands(
    [
      { label: 'Queue training', icon: Play, run: () => queue.mutate() },
      { label: 'Save configuration', icon: Save, run: () => show({ dialog: 'save' }) },
      { label: 'Load configuration', icon: FolderOpen, run: () => show({ dialog: 'load' }) },
      { label: 'Presets', icon: SlidersHorizontal, run: () => show({ dialog: 'preset' }) },
      { label: 'New form', icon: FilePlus, run: fresh },
    ],
    JSON.stringify(request),
  )
  const goTo = (name: string) => {
    flushSync(() => show({ q: undefined }))
    const row = document.getElementById(rowId(name.split('.')[0]!))
    row?.scrollIntoView({ block: 'center' })
    row?.querySelector<HTMLElement>('input, select, button')?.focus({ preventScroll: true })
  }
  return (
    <Page
      title="Training"
      actions={
        <>
          <Button look="quiet" icon={FilePlus} onClick={fresh}>
            <span className="max-md:sr-only">New</span>
          </Button>
          <Button look="quiet" icon={SlidersHorizontal} onClick={() => show({ dialog: 'preset' })}>
            <span className="max-md:sr-only">Presets</span>
          </Button>
          <Button look="quiet" icon={FolderOpen} onClick={() => show({ dialog: 'load' })}>
            <span className="max-md:sr-only">Load</span>
          </Button>
          <Button look="quiet" icon={Save} onClick={() => show({ dialog: 'save' })}>
            <span className="max-md:sr-only">Save</span>
          </Button>
          <Button look="primary" icon={Play} busy={queue.isPending} onClick={() => queue.mutate()}>
            <span>
              Queue<span className="max-md:sr-only"> training</span>
            </span>
          </Button>
        </>
      }
    >
      <div className="relative flex h-full max-lg:flex-col max-lg:overflow-y-auto">
        <div className="relative min-w-0 flex-1 lg:overflow-y-auto">
          <div className="flex max-w-[52rem] flex-col gap-3 p-4 pb-16 max-lg:pb-6">
            <Head
              schema={schema}
              form={form}
              search={q}
              onSearch={(text) => show({ q: text || undefined })}
              onChange={onChange}
            />
            <FormGroups schema={schema} form={form} findings={byField} search={search} onChange={onChange} />
          </div>
        </div>
        <aside
          aria-label="What is made of it"
          className="flex min-h-0 shrink-0 flex-col border-line bg-panel max-lg:h-[36rem] max-lg:border-t lg:w-[26rem] lg:border-l xl:w-[32rem]"
        >
          <CheckCard findings={findings} failure={failure} onGo={goTo} />
          <Preview
            files={files.data}
            stale={files.isPlaceholderData || files.isError}
            impossible={files.isError}
            tab={file}
            onTab={(tab) => show({ file: tab })}
            dryRun={<DryRun request={settled} onGo={goTo} />}
          />
        </aside>
      </div>
      {dialog === 'save' && (
        <SaveDialog
          request={request}
          name={String(form.project_name ?? '')}
          onClose={() => show({ dialog: undefined })}
        />
      )}
      {dialog === 'preset' && (
        <PresetDialog
          family={familyOf(form, schema)}
          onPick={(config, name) => {
            replace(readForm({ ...request, ...config }, schema).form)
            toast(`${name} laid over the form`, {
              key: 'training:loaded',
              action: { label: 'Undo', act: () => replace(form) },
            })
          }}
          onClose={() => show({ dialog: undefined })}
        />
      )}
      {dialog === 'load' && (
        <LoadDialog
          onLoad={(config, name) => {
            const read = readForm(config, schema)
            replace(read.form)
            const left = read.ignored.length
            toast(
              left === 0
                ? `${name} loaded`
                : `${name} loaded; ${left} of its values are no fields of the form`,
              {
                key: 'training:loaded',
                action: { label: 'Undo', act: () => replace(form) },
              },
            )
          }}
          onClose={() => show({ dialog: undefined })}
        />
      )}
    </Page>
  )
}

/** What is sent, what the server makes of it, and queueing it. */
function useRequest(schema: TrainingSchema, form: Form) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const request = useMemo(() => requestOf(form, schema), [form, schema])
  const [asked, setAsked] = useState(false)
  const settled = useSettled(request, ASK_MS)
  const files = useQuery(filesQuery(settled))
  const queue = useMutation({
    meta: { showsError: true },
    mutationFn: () => {
      setAsked(true)
      return startTraining(request)
    },
    onSuccess: (id) => {
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey })
      void navigate({ to: '/jobs/$id', params: { id } })
    },
    onError: (error) => {
      const findings = error instanceof ApiError ? error.findings : []
      if (findings.length === 0) return toast(messageOf(error), { tone: 'bad' })
      const first = findings[0]!
      requestAnimationFrame(() =>
        document.getElementById(rowId(fieldOf(first)))?.scrollIntoView({ block: 'center' }),
      )
    },
  })
  const told = (error: unknown) =>
    error instanceof ApiError && error.findings.length > 0 ? error.findings : null
  const findings: Finding[] | undefined =
    told(queue.error) ??
    told(files.error) ??
    (files.isError ? [] : files.isPlaceholderData ? undefined : files.data?.findings)
  const failure = files.isError && !told(files.error) ? messageOf(files.error) : undefined
  const last = useLast(findings)
  return { request, settled, files, findings: findings ?? last, failure, queue, asked }
}

/** The value, or the one before while there is none: nothing flickers while the server is asked. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  return value ?? last
}

interface HeadProps {
  schema: TrainingSchema
  form: Form
  search: string
  onSearch(text: string): void
  onChange(name: string, value: Value): void
}

/** What decides which fields there are, and the search in them; stays while one scrolls. */
function Head({ schema, form, search, onSearch, onChange }: HeadProps) {
  const family = familyOf(form, schema)
  const scripts = schema.families.find(({ name }) => name === family)?.scripts
  return (
    <div className="sticky top-0 z-10 -mx-4 -mt-4 flex flex-wrap items-center gap-2 border-b border-line bg-canvas px-4 py-2.5">
      <Select
        aria-label="Base model family"
        value={family}
        onChange={(event) => onChange(FAMILY, event.target.value)}
        className="w-48"
      >
        {schema.families.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </Select>
      <Segments
        label="What is trained"
        value={modeOf(form)}
        onChange={(mode) => onChange(MODE, mode)}
        options={[
          { value: 'lora', label: 'LoRA' },
          ...(scripts?.checkpoint ? ([{ value: 'checkpoint', label: 'Whole model' }] as const) : []),
        ]}
      />
      <div className="relative min-w-40 flex-1">
        <Search size={14} aria-hidden className="absolute top-1/2 left-2 -translate-y-1/2 text-ink-3" />
        <Input
          type="search"
          aria-label="Search fields"
          placeholder="Search fields"
          value={search}
          onChange={(event) => onSearch(event.target.value)}
          className="w-full pl-7"
        />
      </div>
    </div>
  )
}
