// SPDX-License-Identifier: MIT
import { chromium } from 'playwright-core'

/** Debian's Chromium, without windows and without a word to the outside. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

/** A page in the wanted colours. Errors of scripts and of the console are collected in `page.problems`. */
export async function openPage(browser, { base, viewport = DESKTOP, theme = 'dark', ...more } = {}) {
  const phone = viewport.width < 500
  const context = await browser.newContext({
    ...{ baseURL: base, viewport, hasTouch: phone, isMobile: phone, deviceScaleFactor: phone ? 2 : 1 },
    ...more,
  })
  await context.addInitScript((choice) => localStorage.setItem('lorica.theme', choice), theme)
  const page = await context.newPage()
  page.problems = []
  page.on('pageerror', (error) => page.problems.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()))
  page.setDefaultTimeout(60_000) // for what hangs; on a busy machine a click may take ten seconds
  return page
}

/** Waits until a place shows what it has to show: nothing is loading, nothing moves. Asks the page, not the network or the clock. */
export async function settled(page) {
  const wanted = /[?&](dialog|full)=/.test(page.url()) ? '[role=dialog]' : 'h1, h2, form'
  await page.waitForSelector(wanted)
  await page.waitForFunction(() => {
    const ends = (animation) => animation.effect?.getTiming().iterations !== Infinity
    const moves = document.getAnimations().some((a) => a.playState === 'running' && ends(a))
    return !moves && !document.querySelector('[aria-hidden].animate-pulse')
  })
}
