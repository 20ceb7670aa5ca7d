import type { Browser } from 'playwright-core'
import { findBrowser } from '../../src/probes/find-browser.ts'

/** Starts the installed Chrome or Chromium without a window, and without its own requests. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = findBrowser()
  if (executablePath === undefined) throw new Error('no Chrome or Chromium is installed')
  const { chromium } = await import('playwright-core')
  return await chromium.launch({
    executablePath,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Chromium refuses to run as root with its sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
}
