import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import { AppError } from '../../src/core/errors.ts'
import { createOriginHandler } from '../../src/http/images.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { sharedChromium } from '../support/chromium.ts'
import { openHttp2Proxy } from '../support/http2-proxy.ts'
import { importDrawings, listen, tempDirectory, testApp, testConfig, testServer } from '../support/setup.ts'

const chromium = sharedChromium()

const WANTED = { preset: 'thumbnail', format: 'WEBP' } as const

/** A service with pictures that were not requested yet, and their keys. */
async function open(count: number): Promise<{ app: App; keys: string[] }> {
  const app = await testApp(await testConfig({ RENDERERS: '2' }))
  await importDrawings(app, count)
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  return { app, keys: items.map((item) => variantKeyOf(app, item, WANTED)) }
}

/** A browser's result for a page with all of these pictures. */
async function visit(options: { target: string; keys: readonly string[]; screenshot?: string }) {
  const images = options.keys.map((key) => `<img src="/images/${key}" width="64" height="64" alt="">`).join('')
  const page = () => `<!doctype html><title>Icons</title><style>body { margin: 0; background: #eee }</style>${images}`
  const proxy = await openHttp2Proxy({ target: options.target, directory: await tempDirectory(), page })
  onTestFinished(proxy.close)
  const context = await chromium.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 } })
  try {
    const tab = await context.newPage()
    await tab.addInitScript(
      `globalThis.shift = 0; new PerformanceObserver((list) => { for (const each of list.getEntries()) globalThis.shift += each.value }).observe({ type: 'layout-shift', buffered: true })`,
    )
    await tab.goto(proxy.url, { waitUntil: 'load', timeout: 120_000 })
    const seen = await tab.evaluate<{ whole: number; broken: number; shift: number; protocol: string }>(
      `({
        whole: [...document.images].filter((image) => image.complete && image.naturalWidth > 0).length,
        broken: [...document.images].filter((image) => !image.complete || image.naturalWidth === 0).length,
        shift: globalThis.shift,
        protocol: performance.getEntriesByType('navigation')[0].nextHopProtocol,
      })`,
    )
    if (options.screenshot) await writeFile(options.screenshot, await tab.screenshot())
    return seen
  } finally {
    await context.close()
  }
}

it.each([60, 200, 200])('a cold page of %i pictures over HTTP/2 shows all of them', async (count) => {
  const { app, keys } = await open(count)
  const { url } = await testServer(app)
  const seen = await visit({ target: url, keys })
  expect(seen).toEqual({ whole: count, broken: 0, shift: 0, protocol: 'h2' })
  expect(app.pool.stats).toMatchObject({ renders: count, failures: 0 })
})

it('a page that is refused shows placeholders and no broken picture', async () => {
  const { app, keys } = await open(60)
  const { url } = await testServer(app)
  // Half of them were rendered before, with another preset: they have placeholders.
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' }, take: 30 })
  for (const item of items)
    expect((await fetch(`${url}/images/${variantKeyOf(app, item, { ...WANTED, preset: 'preview' })}`)).status).toBe(200)
  const full = { ...app, ensureVariant: () => Promise.reject(new AppError('BUSY', 'full')) }
  const handle = createOriginHandler(full)
  const target = await listen(
    (request, response) => void handle(request, response, request.url?.slice('/images/'.length) ?? ''),
  )
  // Saved for inspection in the folder SCREENSHOTS, if set.
  const screenshot = path.join(process.env.SCREENSHOTS ?? (await tempDirectory()), 'refused-page.png')
  expect(await visit({ target, keys, screenshot })).toMatchObject({ whole: 60, broken: 0, shift: 0 })
})
