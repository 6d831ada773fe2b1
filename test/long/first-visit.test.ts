import { expect, it } from 'vitest'
import { importItems } from '../../src/import/import-items.ts'
import { openConsole, reads } from '../support/console.ts'
import { entry, importDrawings, svg, testApp, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

it('first visit: a link signs in, a backfill is planned and started, and its pictures appear without a reload', async () => {
  const app = await testApp()
  const server = await testServer(app)
  await importDrawings(app, 12)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('nothing', svg(''))])
  startWorker(app)
  const { page, complaints } = await openConsole()
  await page.goto(`${server.url}/#code=${server.signInCode}`)
  await reads(page, 'h1', '0 % of all pictures are ready')
  expect(page.url()).toBe(`${server.url}/`)
  await page.evaluate('globalThis.isSamePage = true')

  await page.getByRole('link', { name: 'Plan a backfill' }).click()
  await reads(page, '.plan-items', '13 items to render')
  await page.getByRole('button', { name: 'Start the backfill' }).click()
  await page.getByRole('link', { name: 'Overview', exact: true }).click()
  await reads(page, 'h1', 'All pictures are ready but 3 that failed')
  await until(() =>
    page.evaluate<boolean>(
      `document.querySelectorAll('.wall img').length === 12 && [...document.images].every((image) => image.naturalWidth > 0)`,
    ),
  )
  // The reason of the failure, one click away.
  await page.getByRole('link', { name: '1 BLANK' }).click()
  await reads(page, '.table code.failed', 'BLANK')
  expect(await page.evaluate('globalThis.isSamePage')).toBe(true)
  expect(complaints).toEqual([])
})
