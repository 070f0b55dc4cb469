// SPDX-License-Identifier: MIT
// Sets the colours before the first paint. Plain script, runs in the head; theme.ts owns the choice afterwards.
;(function () {
  var choice = 'dark'
  try {
    choice = localStorage.getItem('lorica.theme') || 'dark'
  } catch (e) {
    // storage is closed to us: dark it is
  }
  if (choice === 'system') choice = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
  document.documentElement.dataset.theme = choice === 'light' ? 'light' : 'dark'
})()
