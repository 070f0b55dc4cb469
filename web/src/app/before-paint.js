// SPDX-License-Identifier: MIT
// What must be known before the first paint: the colours, and whether the rail is wide. Plain script, runs in the head;
// theme.ts and Shell.tsx own the choices afterwards.
;(function () {
  var theme = 'dark'
  var rail = 'true'
  try {
    theme = localStorage.getItem('lorica.theme') || theme
    rail = localStorage.getItem('lorica.rail') || rail
  } catch (e) {
    // storage is closed to us: the defaults hold
  }
  if (theme === 'system') theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
  document.documentElement.dataset.theme = theme === 'light' ? 'light' : 'dark'
  document.documentElement.dataset.rail = rail === 'false' ? 'narrow' : 'wide'
})()
