import axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { openChromium } from './chromium.ts'

export const DESKTOP = { width: 1280, height: 860 }
export const PHONE = { width: 360, height: 740 }

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

const AXE = axe.source

/** What violates WCAG AA on the page as it is, each with its element. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger: the page's policy forbids a script of ours.
  await page.evaluate(AXE)
  return page.evaluate<string[]>(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`,
  )
}
