import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { openChromium } from './chromium.ts'

export const DESKTOP = { width: 1280, height: 860 }

/** A window of a real browser for the console, and what it complains about: exceptions, failed requests, a violated policy. */
export async function openConsole(
  options: BrowserContextOptions & { browser?: Browser } = {},
): Promise<{ page: Page; complaints: string[] }> {
  const { browser: given, ...rest } = options
  const opened = given ? null : await openChromium()
  if (opened) onTestFinished(opened.close)
  const browser = given ?? opened?.browser
  if (!browser) throw new Error('there is no browser')
  const context = await browser.newContext({ viewport: DESKTOP, ...rest })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`)
  })
  return { page, complaints }
}

/** Waits until an element reads so. */
export const reads = (page: Page, selector: string, text: string) =>
  page.locator(selector, { hasText: text }).first().waitFor({ timeout: 60_000 })
