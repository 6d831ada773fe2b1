import { expect, it } from 'vitest'
import { importItems } from '../../src/import/import-items.ts'
import { openConsole, reads } from '../support/console.ts'
import { ADMIN_TOKEN, ask, entry, importDrawings, svg, testApp, testConfig, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'

async function open(drawings: number) {
  const app = await testApp(await testConfig({ TRANSFORMS_PER_MINUTE: '600' }))
  const { url } = await testServer(app)
  await importDrawings(app, drawings)
  const { page, complaints } = await openConsole()
  await page.addInitScript(`sessionStorage.setItem('afterimage-token', ${JSON.stringify(ADMIN_TOKEN)})`)
  return { app, url, page, complaints }
}

it("a family's preview is reshuffled with a pin, seen beside the current one, and kept only then", async () => {
  const { app, url, page, complaints } = await open(60)
  const current = async () => {
    const query = '{ families { nodes { preview(layout: "card") { url } } } }'
    const { data } = await ask<{ families: { nodes: { preview: { url: string } }[] } }>(url, query)
    return data.families.nodes[0]?.preview.url
  }
  await page.goto(`${url}/families`)
  await page.locator('a.family').first().click()
  await page.locator('.cell').first().waitFor()
  await page.locator('.preview-side .picture.loaded').first().waitFor()
  const before = await current()
  const draft = () => page.evaluate<string>(`document.querySelector('.cells img').src`)

  // The third item of the draft is pinned by its picture, and comes first.
  const third = (await page.locator('.cell').nth(2).getAttribute('aria-label'))?.replace('Pin ', '') ?? ''
  await page.locator('.cell').nth(2).click()
  await page.locator('.cell.pinned').first().waitFor()
  await until(async () => (await page.locator('.cell').first().getAttribute('aria-label')) === `Unpin ${third}`)
  const pinned = await draft()
  await page.getByRole('button', { name: 'Another seed' }).click()
  await until(async () => (await draft()) !== pinned)
  expect(await page.locator('.cell').first().getAttribute('aria-label')).toBe(`Unpin ${third}`)
  const reshuffled = await draft()

  // Back leads to the draft before it, Forward to this one again.
  await page.goBack()
  await until(async () => (await draft()) === pinned)
  await page.goForward()
  await until(async () => (await draft()) === reshuffled)

  // Another item is excluded by the keyboard.
  await page.getByText('Exclude', { exact: true }).click()
  const excluded = (await page.locator('.cell').nth(1).getAttribute('aria-label'))?.replace('Exclude ', '') ?? ''
  await page.locator('.cell').first().focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: `Excluded: ${excluded}. Take it out.` }).waitFor()
  await until(async () => (await draft()) !== reshuffled)
  expect(await page.getByRole('button', { name: `Exclude ${excluded}`, exact: true }).count()).toBe(0)

  // Nothing is stored until it is kept.
  expect(await current()).toBe(before)
  const kept = await draft()
  await page.getByRole('button', { name: 'Keep in card' }).click()
  await reads(page, '.toast', 'The preview is kept in the layout card.')
  await until(async () => (await current()) !== before)
  const stored = Buffer.from(await (await fetch((await current()) ?? '')).arrayBuffer())
  expect(kept).toBe(`data:image/webp;base64,${stored.toString('base64')}`)
  expect(new URL(page.url()).searchParams.get('seed')).toBeNull()
  const row = await app.prisma.composite.findFirstOrThrow({ where: { layout: 'card', isCurrent: true } })
  expect([row.pinned.length, row.excluded.length]).toEqual([1, 1])
  expect(complaints).toEqual([])
})

it('asks again for a picture that a busy service has answered with a stand-in, without a reload', async () => {
  const { app, url, page } = await open(1)
  const { uniqueId } = await app.prisma.item.findFirstOrThrow()
  let answers = 0
  // As a busy service answers: the browser shows the body, and the status says that it is not the picture.
  const standIn = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  )
  await page.route(/-preview\./, (route) =>
    answers++ === 0
      ? route.fulfill({
          status: 503,
          contentType: 'image/png',
          body: standIn,
          headers: { 'cache-control': 'no-store' },
        })
      : route.continue(),
  )
  await page.goto(`${url}/item/${uniqueId}?preset=preview`)
  await until(() => page.evaluate<boolean>(`document.querySelector('.viewer-picture img')?.naturalWidth === 512`))
  await page.locator('.viewer-picture .picture.loaded').waitFor()
})

it('shows an original beside its picture only as a picture, which runs nothing, and the look is in its history', async () => {
  const { app, url, page, complaints } = await open(0)
  const hostile = svg(
    `<script>parent.document.title = 'broken'; document.title = 'broken'</script><rect width="24" height="24" fill="#3a3" onload="alert(1)"/>`,
  )
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('hostile', hostile)])
  const { uniqueId } = await app.prisma.item.findFirstOrThrow()
  await page.goto(`${url}/item/${uniqueId}`)
  await page.locator('.viewer-picture .picture.loaded').first().waitFor()
  await page.getByLabel('Compare with').selectOption('original')
  await page.locator('.viewer-other .picture.loaded').waitFor()
  expect(await page.title()).toBe('hostile · Afterimage')
  // Never inline, in a frame or as an object.
  expect(await page.locator('main iframe, main object, main embed, main rect').count()).toBe(0)
  expect(await page.evaluate(`document.querySelector('.viewer-other img').naturalWidth`)).toBe(24)
  expect(new URL(page.url()).searchParams.get('with')).toBe('original')
  await page.reload()
  await reads(page, '.history', 'The original was looked at or downloaded by admin.')
  expect(complaints).toEqual([])
})
