import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { packArchive } from './stage.ts'

const DOCS = path.join(import.meta.dirname, '../../docs/console')
const DESKTOP = { width: 1280, height: 860 }
const PHONE = { width: 390, height: 844 }
/** A phone's screenshot at its density would be four times as large. */
const WEBP = { quality: 78, effort: 6, smartSubsample: true }

/** A page of the console to be pictured. */
interface Shot {
  /** Of the picture's file: `NAME.webp`, with `-dark` and `-phone`. */
  readonly name: string
  readonly address: (found: Found) => string
  /** A selector of what is there when the page is complete. */
  readonly ready: string
  /** What is done before the picture is taken. */
  readonly prepare?: (page: Page) => Promise<unknown>
}

/** What the pages are shown of. */
interface Found {
  readonly item: string
  readonly failed: string
  readonly family: string
  /** The latest that is completed. */
  readonly backfill: string
  /** The latest that has items. */
  readonly upload: string
}

/** Each page once; a new page of the console gets a line here. */
const SHOTS: readonly Shot[] = [
  {
    name: 'overview',
    address: () => '/',
    ready: '.wall .picture.loaded',
    // A line has two points.
    prepare: (page) => page.locator('.sparkline-line, .running .empty').first().waitFor(),
  },
  { name: 'catalogue', address: () => '/catalogue', ready: '.virtual .picture.loaded' },
  { name: 'item', address: ({ item }) => `/item/${item}?with=original`, ready: '.viewer-other .picture.loaded' },
  { name: 'failed-item', address: ({ failed }) => `/item/${failed}`, ready: '.failure p + p + p' },
  { name: 'families', address: () => '/families', ready: '.families .picture.loaded' },
  {
    name: 'family',
    address: ({ family }) => `/families/${family}?seed=7`,
    ready: '.cell',
    prepare: async (page) => {
      await page.locator('.cell').nth(2).click()
      await page.locator('.cell.pinned').first().waitFor()
      await page.locator('.picked .picture.loaded').first().waitFor()
    },
  },
  { name: 'layouts', address: () => '/layouts', ready: '.presets .picture.loaded' },
  {
    name: 'backfills',
    address: ({ backfill }) => `/backfills?open=${encodeURIComponent(backfill)}`,
    ready: '.table .status',
  },
  { name: 'plan', address: () => '/backfills/new?mode=ALL', ready: '.plan-items:has-text("item")' },
  { name: 'failures', address: () => '/backfills/failures', ready: '.table code' },
  {
    name: 'uploads',
    address: ({ upload }) => `/uploads?open=${encodeURIComponent(upload)}`,
    ready: '.upload-numbers',
    prepare: (page) => page.locator('.table tr.current').waitFor(),
  },
  {
    name: 'problems',
    address: () => '/uploads',
    ready: '.drop',
    prepare: async (page) => {
      const buffer = await packArchive({ isComplete: false })
      const file = { name: 'northwind-spring.zip', mimeType: 'application/zip', buffer }
      await page.locator('input[type=file]').setInputFiles(file)
      await page.locator('.table code.failed').first().waitFor()
      await page.locator('.table .status').first().waitFor()
    },
  },
  { name: 'take-downs', address: () => '/operations', ready: '.receipt .status' },
  { name: 'webhooks', address: () => '/operations/webhooks', ready: '.table .status' },
  { name: 'tokens', address: () => '/operations/tokens', ready: '.table .status' },
  { name: 'audit', address: () => '/operations/audit', ready: '.table .status' },
  { name: 'delivery', address: () => '/operations/delivery', ready: '.findings .status' },
  {
    name: 'why',
    address: ({ failed }) => `/why?url=${failed}`,
    ready: '.findings .status',
    prepare: (page) => page.locator('.why-sentence').waitFor(),
  },
]

/** Takes a picture of each page of a running service, light and dark, on a desktop and a phone, into docs/ or a folder. */
export async function takePictures(
  browser: Browser,
  { url, token, folder = DOCS, only }: { url: string; token: string; folder?: string; only?: string },
): Promise<void> {
  const found = await find(url, token)
  for (const viewport of [DESKTOP, PHONE]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })
      await context.addInitScript(`sessionStorage.setItem('afterimage-token', ${JSON.stringify(token)})`)
      const page = await context.newPage()
      for (const shot of SHOTS.filter(({ name }) => !only || only.split(',').includes(name))) {
        await page.goto(url + shot.address(found))
        await page.locator(shot.ready).first().waitFor()
        await shot.prepare?.(page)
        await page.waitForLoadState('load')
        // Not waitForFunction: the page forbids eval.
        while (!(await page.evaluate<boolean>(SETTLED))) await page.waitForTimeout(50)
        await page.evaluate(DECODED)
        const end = `${colorScheme === 'dark' ? '-dark' : ''}${viewport === PHONE ? '-phone' : ''}`
        const bytes = await sharp(await page.screenshot())
          .webp(WEBP)
          .toBuffer()
        await writeFile(path.join(folder, `${shot.name}${end}.webp`), bytes)
      }
      await context.close()
    }
  }
}

/** No picture on the screen is on its way. */
const SETTLED = `[...document.querySelectorAll('.picture.loading')].every((each) => {
  const { top, bottom } = each.getBoundingClientRect()
  return bottom < 0 || top > innerHeight
}) && document.querySelectorAll('.skeleton').length === 0`

/** A picture that has arrived may not be drawn yet. */
const DECODED = `Promise.all([...document.querySelectorAll('.picture.loaded img')].map((image) => image.decode().catch(() => {})))
  .then(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))))`

async function find(url: string, token: string): Promise<Found> {
  const query = `{
    items(first: 1, search: "rocket", kind: ILLUSTRATION) { nodes { uniqueId } }
    failures(first: 1) { nodes { item { uniqueId } } }
    families(first: 1) { nodes { uniqueId } }
    backfills(first: 20) { nodes { id status } }
    uploads(first: 20) { nodes { id items { total } } }
  }`
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  const { data } = (await response.json()) as {
    data: {
      items: { nodes: { uniqueId: string }[] }
      failures: { nodes: { item: { uniqueId: string } }[] }
      families: { nodes: { uniqueId: string }[] }
      backfills: { nodes: { id: string; status: string }[] }
      uploads: { nodes: { id: string; items: { total: number } }[] }
    }
  }
  const item = data.items.nodes[0]?.uniqueId ?? ''
  return {
    item,
    failed: data.failures.nodes[0]?.item.uniqueId ?? item,
    family: data.families.nodes[0]?.uniqueId ?? '',
    backfill: data.backfills.nodes.find(({ status }) => status === 'COMPLETED')?.id ?? '',
    upload: data.uploads.nodes.find(({ items }) => items.total > 0)?.id ?? '',
  }
}
