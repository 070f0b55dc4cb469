// SPDX-License-Identifier: MIT

/** Keys as on a keyboard: keys="Ctrl K" shows two. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-0.5">
      {keys.split(' ').map((key) => (
        <kbd
          key={key}
          className="inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-sm border border-line bg-canvas px-1 font-sans text-xs text-ink-3"
        >
          {key}
        </kbd>
      ))}
    </span>
  )
}
