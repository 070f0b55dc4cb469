// SPDX-License-Identifier: MIT
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { LogOut } from 'lucide-react'
import type { ReactNode } from 'react'
import { setTheme, useTheme } from '@/app/theme.ts'
import { logout } from '@/api/auth.ts'
import { healthQuery } from '@/api/health.ts'
import { settingsQuery, type Setting } from '@/api/settings.ts'
import { Button } from '@/components/Button.tsx'
import { Segments } from '@/components/Field.tsx'
import { Page } from '@/components/Page.tsx'
import { ErrorState, Skeleton } from '@/components/States.tsx'
import { SettingRow } from './SettingRow.tsx'
import { settingGroups } from './settingWords.ts'

export function SettingsPage() {
  const settings = useQuery(settingsQuery)
  return (
    <Page title="Settings">
      <div className="h-full overflow-y-auto">
        <div className="flex max-w-[46rem] flex-col gap-8 p-4 pb-12">
          <Appearance />
          {settings.isPending ? (
            <Skeleton className="h-72" />
          ) : settings.isError ? (
            <ErrorState
              what="The settings cannot be shown."
              error={settings.error}
              onRetry={() => void settings.refetch()}
            />
          ) : (
            <Table rows={settings.data} />
          )}
          {!settings.isPending && <Server />}
        </div>
      </div>
    </Page>
  )
}

function Appearance() {
  const theme = useTheme()
  return (
    <Section title="Page">
      <Line label="Colours" help="Kept in this browser.">
        <Segments
          label="Colours"
          value={theme}
          onChange={setTheme}
          options={[
            { value: 'dark', label: 'Dark' },
            { value: 'light', label: 'Light' },
            { value: 'system', label: 'As the system' },
          ]}
        />
      </Line>
    </Section>
  )
}

function Table({ rows }: { rows: Setting[] }) {
  return settingGroups(rows).map((group) => (
    <Section key={group.title} title={group.title}>
      {group.rows.map((row) => (
        <SettingRow key={row.key} setting={row} />
      ))}
    </Section>
  ))
}

function Server() {
  const navigate = useNavigate()
  const health = useQuery(healthQuery)
  const leave = useMutation({
    mutationFn: logout,
    onSuccess: () => void navigate({ to: '/login' }),
  })
  return (
    <Section title="Server">
      <Line label="Version">
        <span className="num text-ink-2">{health.data?.version ?? '…'}</span>
      </Line>
      {health.data?.needs_token && (
        <Line label="Session" help="Signs this browser out; others stay signed in.">
          <Button icon={LogOut} busy={leave.isPending} onClick={() => leave.mutate()}>
            Sign out
          </Button>
        </Line>
      )}
    </Section>
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-2 text-lg font-medium">{title}</h2>
      <div className="divide-y divide-line rounded-lg border border-line bg-panel">{children}</div>
    </section>
  )
}

function Line({ label, help, children }: { label: string; help?: string; children: ReactNode }) {
  return (
    <div className="flex min-h-12 flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-2.5">
      <div>
        <div className="font-medium">{label}</div>
        {help && <div className="text-sm text-ink-3">{help}</div>}
      </div>
      {children}
    </div>
  )
}
