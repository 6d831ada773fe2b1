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

const CONTROLS = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'

/**
 * The controls that a walk by Tab through the whole page does not focus, or focuses without showing it, each as its markup. Of a group of
 * radio buttons Tab reaches one. A page that goes on for ever is walked as far as it was when the walk began.
 */
export async function missedByTab(page: Page): Promise<string[]> {
  const controls = await page.evaluate<number>(`(() => {
    const groups = new Set()
    window.missed = new Set([...document.querySelectorAll(${JSON.stringify(CONTROLS)})].filter((control) => {
      if (control.disabled || control.tabIndex < 0 || !control.checkVisibility({ visibilityProperty: true })) return false
      if (control.type !== 'radio') return true
      const isFirst = !groups.has(control.name)
      groups.add(control.name)
      return isFirst && !document.querySelector('input[name="' + control.name + '"]:checked:not(:disabled)') || control.checked
    }))
    addEventListener('focusin', ({ target }) => {
      const shows = [target, target.closest('label'), target.parentElement].some((element) => {
        if (!element) return false
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
      })
      if (shows) window.missed.delete(target)
    })
    document.activeElement?.blur?.()
    return window.missed.size
  })()`)
  for (let at = 0; at < controls + 10; at++) await page.keyboard.press('Tab')
  return page.evaluate<string[]>(
    `[...window.missed].filter(({ isConnected }) => isConnected).map(({ outerHTML }) => outerHTML.slice(0, 200))`,
  )
}

/** Opens each page at both sizes and waits for what is there once it is ready. @param pages address and selector */
export async function visitAll(
  { page, url }: { page: Page; url: string },
  pages: readonly (readonly [address: string, ready: string])[],
  visit: (at: { address: string; width: number }) => Promise<void>,
): Promise<void> {
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport)
    for (const [address, ready] of pages) {
      await page.goto(url + address)
      await page.locator(ready).first().waitFor()
      await visit({ address, width: viewport.width })
    }
  }
}
