import { cp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { build, preview } from 'vite'
import { expect, it, onTestFinished } from 'vitest'
import { readDemo } from '../../src/import/demo.ts'
import { type Entry, importItems } from '../../src/import/import-items.ts'
import { sharedChromium } from '../support/chromium.ts'
import { buildClient } from '../support/client-package.ts'
import { ROOT } from '../support/markdown.ts'
import { tempDirectory, testApp, testConfig, testServer } from '../support/setup.ts'

const REACT = path.join(ROOT, 'examples/react')
const TOTAL = 120
/** Cards of a page; both examples have the same. */
const PAGE = 48
const WIDE = { width: 1280, height: 800 }
const NARROW = { width: 360, height: 740 }
const HUGE = { width: 2560, height: 1200 }

const chromium = sharedChromium()

/** A service with real icons of three families, in turn. */
async function openService() {
  const app = await testApp(await testConfig({ RENDERERS: '2' }))
  const families = new Map<string, Entry[]>()
  for await (const each of readDemo()) {
    if (!('bytes' in each)) continue
    const { uniqueId } = each.family
    families.set(uniqueId, [...(families.get(uniqueId) ?? []), each])
  }
  const share = TOTAL / families.size
  const picked = [...families.values()].map((all) => {
    const step = Math.floor(all.length / share)
    return all.filter((_, at) => at % step === 0).slice(0, share)
  })
  // Imported one of each at a time, so that they appear side by side: the catalogue is listed in the order of import.
  const turns = Array.from({ length: share }, (_, at) => picked.flatMap((of) => of[at] ?? []))
  for (const turn of turns) await importItems({ pg: app.pg, originals: app.stores.originals }, turn)
  const { url } = await testServer(app)
  return { url, families: [...families.keys()], names: turns.flat().map(({ name }) => name) }
}

/** A folder of files, served as `vite preview` does. */
async function servePreview(options: Parameters<typeof preview>[0]): Promise<string> {
  const server = await preview({ ...options, logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } })
  onTestFinished(() => server.close())
  const address = server.httpServer.address()
  if (!address || typeof address === 'string') throw new Error('vite preview has no port')
  return `http://127.0.0.1:${address.port}`
}

/** A window that counts what moves, and keeps what goes wrong. */
async function openPage(): Promise<{ page: Page; complaints: string[] }> {
  const context = await chromium.browser.newContext({ viewport: WIDE, colorScheme: 'light' })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.addInitScript(
    `globalThis.shift = 0; new PerformanceObserver((list) => { for (const each of list.getEntries()) globalThis.shift += each.value }).observe({ type: 'layout-shift', buffered: true })`,
  )
  return { page, complaints }
}

const shiftOf = (page: Page) => page.evaluate<number>('globalThis.shift')
const cardsOf = (page: Page) => page.evaluate<number>(`document.querySelectorAll('.card').length`)
/** Waits until it has loaded; in a tall window the next one follows immediately. */
const firstPage = (page: Page) => page.waitForFunction(`document.querySelectorAll('.card').length >= ${PAGE}`)
/** Waits until the visible pictures have loaded; lazy ones far below may not have. */
const settle = (page: Page) =>
  page.waitForFunction(
    `document.images.length > 0 && [...document.images].every((image) => image.getBoundingClientRect().top > innerHeight || (image.complete && image.naturalWidth > 0))`,
  )

/** Kept, to be looked at, where SCREENSHOTS says so. */
async function screenshot(page: Page, name: string): Promise<void> {
  await writeFile(path.join(process.env.SCREENSHOTS ?? (await tempDirectory()), `${name}.png`), await page.screenshot())
}

/** What a visitor of either example does, and sees. */
async function walk(url: string, { name, names }: { name: string; names: readonly string[] }): Promise<Page> {
  const { page, complaints } = await openPage()
  await page.goto(url)
  await firstPage(page)
  // While none of the pictures exists yet.
  await screenshot(page, `${name}-cold`)
  await settle(page)
  expect(await page.textContent('.count')).toBe(`${TOTAL} pictures`)
  await screenshot(page, `${name}-light`)

  // Infinite scroll appends pages until all items are shown, each with its picture.
  expect(await cardsOf(page)).toBeLessThan(TOTAL)
  await page.waitForFunction(
    `scrollTo(0, document.documentElement.scrollHeight), document.querySelectorAll('.card').length === ${TOTAL}`,
  )
  await page.evaluate(`for (const image of document.images) image.loading = 'eager'`)
  await page.waitForFunction('[...document.images].every((image) => image.complete && image.naturalWidth > 0)')
  expect(await shiftOf(page)).toBe(0)

  // A search narrows, and its address can be shared.
  await page.evaluate('scrollTo(0, 0)')
  const word = names.flatMap((each) => each.split(/[\s-]/)).find((each) => /^[a-z]{5,}$/i.test(each)) ?? ''
  await page.fill('input[type=search]', word)
  await page.waitForFunction(`document.querySelector('.count').textContent.includes('found for')`)
  const found = await cardsOf(page)
  expect(found).toBeGreaterThan(0)
  expect(found).toBeLessThan(PAGE)
  expect(await page.textContent('.count')).toBe(`${found} found for “${word}”`)
  expect((await page.textContent('.grid'))?.toLowerCase()).toContain(word.toLowerCase())
  expect(new URL(page.url()).search).toBe(`?q=${word}`)
  await page.fill('input[type=search]', 'no such picture')
  await page.waitForFunction(`document.querySelector('.count').textContent.startsWith('Nothing')`)
  expect(await cardsOf(page)).toBe(0)
  await page.fill('input[type=search]', '')
  await firstPage(page)
  await settle(page)

  // Dark mode: the page, and each picture on its ground; it stays.
  const before = await page.evaluate<string[]>('[...document.querySelectorAll(".card img")].map(({ src }) => src)')
  await page.click('.scheme')
  await page.mouse.move(0, 400)
  await settle(page)
  const after = await page.evaluate<string[]>('[...document.querySelectorAll(".card img")].map(({ src }) => src)')
  expect(after.filter((src) => before.includes(src))).toEqual([])
  const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
  expect(await ground()).toBe('rgb(20, 20, 23)')
  expect(await page.getAttribute('.scheme', 'aria-pressed')).toBe('true')
  await screenshot(page, `${name}-dark`)
  expect(await shiftOf(page)).toBe(0)
  await page.reload()
  await firstPage(page)
  await settle(page)
  expect(await ground()).toBe('rgb(20, 20, 23)')
  expect(await shiftOf(page)).toBe(0)

  // On a telephone and on a large screen nothing is wider than the window.
  for (const [size, viewport] of Object.entries({ narrow: NARROW, huge: HUGE })) {
    await page.setViewportSize(viewport)
    await page.reload()
    await firstPage(page)
    await settle(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width)
    expect(await shiftOf(page)).toBe(0)
    await screenshot(page, `${name}-${size}`)
  }
  await page.setViewportSize(WIDE)
  expect(complaints).toEqual([])
  return page
}

it('examples/html shows the catalogue without a framework and without a build', async () => {
  const { url, names } = await openService()
  const root = await tempDirectory()
  await cp(path.join(ROOT, 'examples/html'), root, { recursive: true })
  // As npm run example:html does.
  await buildClient(path.join(root, 'afterimage-client'))
  await writeFile(path.join(root, 'config.js'), `export const service = '${url}'\n`)
  const site = await servePreview({ configFile: false, root, build: { outDir: '.' } })
  const page = await walk(site, { name: 'html', names })

  // The element with attributes alone: its box is laid out immediately, and the system's scheme decides.
  const [, uniqueId = ''] = /i\/(\w{12})\.webp/.exec((await page.getAttribute('.card', 'href')) ?? '') ?? []
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes(`/i/${uniqueId}`)) asked.push(request.url())
  })
  const attributes = { loading: 'eager', base: url, item: uniqueId, width: 96, height: 96, alt: 'One', theme: 'auto' }
  await page.evaluate(
    `const element = document.createElement('afterimage-picture')
     document.body.replaceChildren(element)
     for (const [name, value] of Object.entries(${JSON.stringify(attributes)})) element.setAttribute(name, value)`,
  )
  const box = `(({ width, height, alt }) => [width, height, alt])(document.images[0])`
  expect(await page.evaluate(box)).toEqual([96, 96, 'One'])
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForFunction(
      `(({ complete, naturalWidth, currentSrc }) => complete && naturalWidth > 0 && currentSrc.includes('theme=dark') === ${colorScheme === 'dark'})(document.images[0])`,
    )
  }
  // One picture for each scheme: nothing was requested while only half of the attributes were set.
  const at = `${url}/i/${uniqueId}.webp?w=96`
  expect(asked).toEqual([at, `${at}&theme=dark`])
})

it('examples/react shows the catalogue, and families with an og:image that crawlers see', async () => {
  const { url, names, families } = await openService()
  await buildClient(path.join(ROOT, 'packages/client/dist'))
  const outDir = path.join(await tempDirectory(), 'dist')
  process.env.VITE_SERVICE = url
  onTestFinished(() => {
    delete process.env.VITE_SERVICE
  })
  await build({ root: REACT, logLevel: 'error', build: { outDir } })
  const site = await servePreview({ root: REACT, build: { outDir } })
  const page = await walk(site, { name: 'react', names })

  await page.goto(site)
  await page.waitForFunction(`document.querySelectorAll('.family img').length === ${families.length}`)
  await page.click('.family')
  await page.waitForFunction(`document.querySelectorAll('.card').length === ${TOTAL / families.length}`)
  await settle(page)
  expect(await shiftOf(page)).toBe(0)
  expect(await page.textContent('h1')).not.toBe('')
  await screenshot(page, 'react-family-dark')
  await page.click('.scheme')
  await page.mouse.move(0, 400)
  await settle(page)
  await screenshot(page, 'react-family-light')

  const html = await (await fetch(page.url())).text()
  expect(html).toContain(`<title>${await page.title()}</title>`)
  const [, image = ''] = /<meta property="og:image" content="([^"]+)">/.exec(html) ?? []
  const answer = await fetch(image)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect((await fetch(`${site}/family/NOSUCHFAMILY`)).status).toBe(404)
})
