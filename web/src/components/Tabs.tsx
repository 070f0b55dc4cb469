// SPDX-License-Identifier: MIT
import * as Radix from '@radix-ui/react-tabs'
import type { ReactNode } from 'react'

interface Props<T extends string> {
  label: string
  value: T
  onChange(value: NoInfer<T>): void
  tabs: { value: T; label: string; content: ReactNode }[]
  className?: string
}

export function Tabs<T extends string>({ label, value, onChange, tabs, className }: Props<T>) {
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as T)} className={className}>
      <Radix.List aria-label={label} className="flex shrink-0 gap-4 border-b border-line px-4">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px h-9 border-b-2 border-transparent text-ink-2 transition-colors duration-120 hover:text-ink focus-visible:outline-offset-[-2px] data-[state=active]:border-accent-text data-[state=active]:text-ink"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content
          key={tab.value}
          value={tab.value}
          tabIndex={-1}
          className="min-h-0 flex-1 outline-none"
        >
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}
