import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import bundle from '@sparticuz/chromium'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'

/** Limits the network to the pages' requests to this machine; root needs no sandbox. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
]

/** A real headless Chromium from the npm package @sparticuz/chromium, which is unpacked for it and removed when it closes. */
export async function openChromium(): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'chromium-'))
  // It unpacks itself into the temporary folder.
  const { TMPDIR } = process.env
  process.env.TMPDIR = folder
  const executablePath = await bundle.executablePath().finally(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  const args = [...bundle.args.filter((each) => !each.includes('single-process')), ...ARGUMENTS]
  const browser = await chromium.launch({
    executablePath,
    args,
    // Its own temporary files go with it.
    env: { ...(process.env as Record<string, string>), TMPDIR: folder },
  })
  return {
    browser,
    close: async () => {
      await browser.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A browser for all tests of a file, opened before the first and closed after the last. */
export function sharedChromium(): { readonly browser: Browser } {
  let opened: Awaited<ReturnType<typeof openChromium>> | null = null
  beforeAll(async () => {
    opened = await openChromium()
  })
  afterAll(() => opened?.close())
  return {
    get browser() {
      if (!opened) throw new Error('the browser is opened before the first test')
      return opened.browser
    },
  }
}
