import path from 'node:path'
import { expect, it } from 'vitest'
import { openConsole } from '../support/console.ts'
import { start } from '../support/npm-start.ts'
import { tempDirectory, testApp, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'

/** Rows only; pages have 96 of them, so that 13,000 are more than a hundred pages. */
const ITEMS = 13_000
const MANY = `
  insert into vendor (id, username, name) values (1, 'many', 'Many');
  insert into family (id, unique_id, name, vendor_id) values (1, 'FAMILY000001', 'Many', 1);
  insert into icon_set (id, unique_id, name, kind, family_id, vendor_id) values (1, 'SET000000001', 'Many', 'ICON', 1, 1);
  insert into item (id, unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash, updated_at)
    select g, 'I' || lpad(g::text, 11, '0'), 'item-' || g, 'Item ' || g, 'ICON', 1, 1, 1,
      'many/icons/FAMILY000001/SET000000001/item-' || g || '.svg', 'hash', now() from generate_series(1, ${ITEMS}) as g`

it('scrolls to the end of a large catalogue with as much memory as at its start', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  await app.pg.query(MANY)
  const { page } = await openConsole()
  // There are no files to make pictures of: what is measured is the page.
  await page.route('**/images/**', (route) => route.abort())
  await page.goto(`${url}/catalogue`)
  await page.locator('a.card').first().waitFor()
  const session = await page.context().newCDPSession(page)
  const heapMb = async () => {
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize / 1e6
  }
  const scroll = async (isThere: () => Promise<boolean>) =>
    until(async () => {
      await page.mouse.wheel(0, 6000)
      return await isThere()
    }, 240_000)
  await scroll(() => page.evaluate<boolean>('scrollY > 20000'))
  const [heap, elements] = [await heapMb(), await page.evaluate<number>(`document.querySelectorAll('*').length`)]
  await scroll(async () => (await page.getByText('That is all: 13,000 items.').count()) > 0)
  await page.locator('a.card[title="Item 13000"]').waitFor()
  expect(await page.evaluate<number>(`document.querySelectorAll('*').length`)).toBeLessThan(1.5 * elements)
  expect(await heapMb()).toBeLessThan(heap + 4)
})

it('first visit of a fresh npm start: its link signs in, and pictures appear as they are made', async () => {
  const started = start(path.join(await tempDirectory(), 'the data'), { DEMO: 'on' })
  await started.url()
  const link = await until(() => /console\s+(http\S+#code=\S+)/.exec(started.said())?.[1] ?? null)
  const { page, complaints } = await openConsole()
  await page.goto(link)
  await page.locator('.wall .picture.loaded').nth(5).waitFor()
  expect(page.url()).not.toContain('code=')
  const readyOf = () => page.evaluate<string>(`document.querySelector('.coverage-count.ready')?.textContent ?? ''`)
  await until(async () => (await readyOf()) !== '')
  const before = await readyOf()
  await until(async () => (await readyOf()) !== before)
  await page.locator('.backfill').first().waitFor()
  expect(complaints).toEqual([])
})
