import type { Browser, CDPSession, Page } from 'playwright-core'
import { growCatalogue } from '../support/catalogue.ts'
import { startProgram, withBench } from '../support/service.ts'

const PRESET = 'preview'
/** As fast as the wheel of a mouse allows: some screens at once. */
const WHEEL_PX = 6000
/** Where memory is read, as parts of what is scrolled. */
const PARTS = [0.01, 0.25, 0.5, 0.75, 1]
const SCROLL_MAX_MS = 30 * 60_000

/**
 * Scrolls the catalogue from its first to its last item, and reads how much memory the page holds on the way. The items are rows only,
 * and no picture is loaded: what is measured is the page.
 */
export async function measureScroll(browser: Browser, items: number): Promise<string[][]> {
  let rows: string[][] = []
  await withBench(
    async (bench) => {
      const { pg, presets } = bench.app
      const preset = presets.get(PRESET)
      if (!preset) throw new Error(`presets.json has no ${PRESET}`)
      await growCatalogue(pg, preset, { from: 0, to: items })
      const { said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
      const url = /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? ''
      const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
      const page = await context.newPage()
      const session = await context.newCDPSession(page)
      await session.send('Network.enable')
      await session.send('Network.setBlockedURLs', { urls: ['*/images/*'] })
      await page.goto(`${url}/catalogue`)
      await page.locator('a.card').first().waitFor()
      rows = await scroll(page, session, items)
      await context.close()
    },
    { env: { WARM_PAGES: 'off' } },
  )
  return rows
}

async function scroll(page: Page, session: CDPSession, items: number): Promise<string[][]> {
  const rows: string[][] = []
  const begin = performance.now()
  let next = 0
  for (;;) {
    const seen = await page.evaluate<number>(SEEN)
    while (next < PARTS.length && seen >= (PARTS[next] ?? 1) * items * 0.999) {
      rows.push([`scrolled to item ${seen} of ${items}: heap, elements`, await memoryOf(page, session), 'flat'])
      // It takes minutes.
      process.stdout.write(`${rows.at(-1)?.join(' | ')}\n`)
      next++
    }
    const isLate = performance.now() - begin > SCROLL_MAX_MS
    if (next === PARTS.length || isLate) {
      if (isLate)
        rows.push([`scrolled to item ${seen} of ${items}: heap, elements`, await memoryOf(page, session), 'flat'])
      const seconds = (performance.now() - begin) / 1000
      return [...rows, ['items scrolled past', `${Math.round(seen / seconds)}/s`, '']]
    }
    await page.mouse.wheel(0, WHEEL_PX)
    await page.evaluate(`new Promise((resolve) => requestAnimationFrame(() => resolve()))`)
  }
}

/** Items above the lower edge of the screen: the grid says how many columns it has, and the rows follow from its height. */
const SEEN = `(() => {
  const grid = document.querySelector('.virtual')
  const cells = document.querySelector('.virtual-cells')
  const [first] = cells.children
  const columns = getComputedStyle(cells).gridTemplateColumns.split(' ').length
  const rowHeight = first.getBoundingClientRect().height + parseFloat(getComputedStyle(cells).rowGap || '0')
  const { top } = grid.getBoundingClientRect()
  return Math.max(0, Math.floor((innerHeight - top) / rowHeight)) * columns
})()`

async function memoryOf(page: Page, session: CDPSession): Promise<string> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const elements = await page.evaluate<number>(`document.querySelectorAll('*').length`)
  return `${(usedSize / 1e6).toFixed(1)} MB, ${elements}`
}
