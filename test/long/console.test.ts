import { describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { printGlobalId } from '../../src/core/global-id.ts'
import { type Entry, importItems } from '../../src/import/import-items.ts'
import { sharedChromium } from '../support/chromium.ts'
import { DESKTOP, missedByTab, openConsole, PHONE, reads, violations } from '../support/console.ts'
import {
  ADMIN_TOKEN,
  ask,
  drawing,
  entry,
  importDrawings,
  svg,
  testApp,
  testConfig,
  testServer,
} from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

/** As vendors could name things: markup, right to left, very long, and empty to the eye. */
const HOSTILE_NAMES = [
  `<img src=x onerror="document.title='broken'">`,
  '"><script>document.title="broken"</script>',
  '\u202eevil \u0645\u0631\u062d\u0628\u0627',
  'a'.repeat(10_000),
  `javascript:alert(1) ' & < >`,
]

const chromium = sharedChromium()

const add = (app: App, entries: readonly Entry[]) =>
  importItems({ pg: app.pg, originals: app.stores.originals }, entries)

/** A service with pictures, one failure, and a page that is signed in. */
async function open({ drawings = 24, viewport = DESKTOP }: { drawings?: number; viewport?: typeof DESKTOP } = {}) {
  const app = await testApp(await testConfig({ TRANSFORMS_PER_MINUTE: '600' }))
  const server = await testServer(app)
  await importDrawings(app, drawings)
  await add(app, [entry('nothing', svg(''))])
  const { page, complaints } = await openConsole({ browser: chromium.browser, viewport })
  await page.addInitScript(`sessionStorage.setItem('afterimage-token', ${JSON.stringify(ADMIN_TOKEN)})`)
  return { app, ...server, page, complaints }
}

async function backfill(url: string) {
  const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
  const query = `{ backfill(id: "${data.startBackfill.id}") { status } }`
  await until(async () => {
    const answer = await ask<{ backfill: { status: string } }>(url, query)
    return answer.data.backfill.status === 'COMPLETED'
  })
}

it('has no accessibility violation and no control without a keyboard on any page, in both themes, on a desktop and a phone, and nothing is cut off', async () => {
  const { app, url, page, complaints } = await open()
  startWorker(app)
  await backfill(url)
  const { uniqueId } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-3' } })
  const failed = await app.prisma.item.findFirstOrThrow({ where: { slug: 'nothing' } })
  const family = await app.prisma.family.findFirstOrThrow()
  const pages: readonly (readonly [address: string, ready: string])[] = [
    ['/', '.wall img'],
    ['/catalogue', '.virtual .picture.loaded'],
    ['/catalogue?search=nothing-like-this', '.empty'],
    [`/item/${uniqueId}`, '.table .status'],
    [`/item/${failed.uniqueId}`, '.failure'],
    [`/why?url=${uniqueId}`, '.why-sentence'],
    ['/why', '.empty'],
    ['/families', '.families .picture.loaded'],
    [`/families/${family.uniqueId}?seed=7&pin=${uniqueId}`, '.cell.pinned'],
    [`/families/${family.uniqueId}?layout=strip`, '.cell'],
    ['/families?search=nothing-like-this', '.empty'],
    ['/families/AAAAAAAAAAAA', '.empty'],
    ['/layouts', '.presets .picture.loaded'],
    [`/item/${uniqueId}?with=original`, '.viewer-other .picture.loaded'],
    [`/catalogue?family=${family.uniqueId}`, '.way-row'],
    ['/backfills', '.table .status'],
    [`/backfills?open=${encodeURIComponent(printGlobalId('Backfill', 1))}`, '.comparison'],
    ['/backfills/new', '.plan-items'],
    ['/backfills/failures', '.table code'],
    ['/item/AAAAAAAAAAAA', '.empty'],
  ]
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport)
    for (const [address, ready] of pages) {
      await page.goto(url + address)
      await page.locator(ready).first().waitFor()
      for (const colorScheme of ['light', 'dark'] as const) {
        // Colours at their ends: transitions are not measured.
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        expect([address, viewport.width, colorScheme, await violations(page)]).toEqual([
          address,
          viewport.width,
          colorScheme,
          [],
        ])
      }
      expect([address, await missedByTab(page)]).toEqual([address, []])
      expect([address, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([address, 0])
    }
  }
  expect(complaints).toEqual([])
})

it('a backfill is paused and resumed; the reason of a failure is found and tried again', async () => {
  const { app, url, page } = await open({ drawings: 60 })
  const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
  await page.goto(`${url}/`)
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  // The page of backfills says the same in the list and in the comparison, as it goes on.
  const { page: list } = await openConsole(chromium)
  await list.addInitScript(`sessionStorage.setItem('afterimage-token', ${JSON.stringify(ADMIN_TOKEN)})`)
  await list.goto(`${url}/backfills?open=${encodeURIComponent(data.startBackfill.id)}`)
  await list.locator('.comparison').waitFor()
  startWorker(app)
  const statusOf = async () =>
    (await ask<{ backfill: { status: string } }>(url, `{ backfill(id: "${data.startBackfill.id}") { status } }`)).data
      .backfill.status
  expect(await statusOf()).toBe('PAUSED')
  await page.getByRole('button', { name: 'Resume' }).click()
  await reads(page, 'h1', 'All pictures are ready but 3 that failed')
  expect(await statusOf()).toBe('COMPLETED')
  await reads(list, '.comparison', '60')
  await reads(list, '.table', '60 of 61')

  await page.getByRole('link', { name: '1 BLANK' }).click()
  await page.getByRole('link', { name: 'nothing' }).click()
  await reads(page, '.failure', 'Nothing of the document')
  await page.getByRole('button', { name: 'Try again' }).click()
  await reads(page, '.toast', 'The item is tried again')
  await until(async () => {
    const answer = await ask<{ failures: { nodes: { attempts: number }[] } }>(
      url,
      '{ failures { nodes { attempts } } }',
    )
    return (answer.data.failures.nodes[0]?.attempts ?? 0) > 1
  })
})

it('finds an item by suggestion, and copies a snippet that works', async () => {
  const { url, page, complaints } = await open({ drawings: 30 })
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(`${url}/`)
  await page.locator('h1').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('item-2')
  await page.locator('.suggestion').first().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.locator('a.card').first().waitFor()
  await page.locator('a.card').first().focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  const src = await until(async () => {
    // Before the item has come, there is no address in it.
    await page.getByRole('button', { name: 'Copy the snippet' }).click()
    const snippet = await page.evaluate<string>('navigator.clipboard.readText()')
    return /src="(http[^"]+)"/.exec(snippet)?.[1] ?? null
  })
  const picture = await fetch(src)
  expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/webp'])
  await picture.arrayBuffer()
  // The playground's picture is a real one.
  await page.getByText('Dark', { exact: true }).click()
  await until(() => page.evaluate<boolean>(`document.querySelector('.playground img')?.naturalWidth === 256`))
  await page.keyboard.press('Escape')
  await page.waitForURL(/catalogue/)
  // Opened by its address: Escape stays within the console. An address that is no text is one of no item.
  const item = await page.locator('a.card').first().getAttribute('href')
  const { page: direct, complaints: others } = await openConsole(chromium)
  await direct.goto(url + item)
  await direct.locator('.item-side').waitFor()
  await direct.keyboard.press('Escape')
  await direct.waitForURL(/catalogue/)
  await direct.goto(`${url}/item/%E0%A4%A`)
  await reads(direct, '.empty', 'No item has the id')
  expect([...complaints, ...others]).toEqual([])
})

describe('vendors', () => {
  it('cannot harm the pages by hostile names', async () => {
    const { app, url, page, complaints } = await open({ drawings: 0 })
    await add(
      app,
      HOSTILE_NAMES.map((name, at) => {
        const one = entry(`hostile-${at}`, drawing(at), { vendor: `vendor${at}`, family: `family${at}` })
        const short = name.slice(0, 500)
        return { ...one, name: short, vendor: { ...one.vendor, name: short }, family: { ...one.family, name: short } }
      }),
    )
    const items = await app.prisma.item.findMany()
    const { username } = await app.prisma.vendor.findFirstOrThrow()
    for (const viewport of [DESKTOP, PHONE]) {
      await page.setViewportSize(viewport)
      for (const address of [
        '/',
        '/catalogue',
        `/catalogue?vendor=${username}`,
        '/backfills/new',
        ...items.map((item) => `/item/${item.uniqueId}`),
      ]) {
        await page.goto(url + address)
        await page.locator('h1').waitFor()
        expect(await page.title()).not.toBe('broken')
        expect(await page.locator('img[onerror], main script').count()).toBe(0)
        expect([address, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([
          address,
          0,
        ])
      }
    }
    // A family without a picture yet has none to show.
    expect(complaints.filter((each) => !each.includes('/images/'))).toEqual([])
  })
})

it('scrolls deep with few elements in the page, and Back finds the same place', async () => {
  const { app, url, page } = await open({ drawings: 3000 })
  startWorker(app)
  await page.goto(`${url}/catalogue`)
  await page.locator('a.card').first().waitFor()
  const elements = () => page.evaluate<number>(`document.querySelectorAll('*').length`)
  const first = await elements()
  for (let turn = 0; turn < 15; turn++) {
    const before = await page.evaluate<number>('scrollY')
    // Again and again: at the end of what has been loaded there is nothing to scroll to.
    await until(async () => {
      await page.mouse.wheel(0, 4000)
      return page.evaluate<boolean>(`scrollY > ${before} + 2000`)
    })
    await page.locator('a.card').first().waitFor()
  }
  expect(await elements()).toBeLessThan(2 * first)
  await until(() => page.evaluate<boolean>(`document.querySelectorAll('.virtual .skeleton').length === 0`))
  const name = await page.evaluate<string>(
    `[...document.querySelectorAll('a.card')].find((card) => card.getBoundingClientRect().top > 100).title`,
  )
  const top = await page.evaluate<number>('scrollY')
  await page.locator(`a.card[title="${name}"]`).click()
  await reads(page, 'h1', name)
  await page.goBack()
  await page.locator(`a.card[title="${name}"]`).waitFor()
  expect(Math.abs((await page.evaluate<number>('scrollY')) - top)).toBeLessThan(5)
  await page.goForward()
  await reads(page, 'h1', name)
})
