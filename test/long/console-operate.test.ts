import type { Page } from 'playwright-core'
import { expect, it, onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import { serve } from '../../src/http/server.ts'
import { importItems } from '../../src/import/import-items.ts'
import { sharedChromium } from '../support/chromium.ts'
import { missedByTab, openConsole, reads, violations, visitAll } from '../support/console.ts'
import {
  ADMIN_TOKEN,
  ask,
  drawing,
  entry,
  importDrawings,
  listen,
  testApp,
  testConfig,
  testServer,
} from '../support/setup.ts'
import { until } from '../support/until.ts'
import { packSets, startUpload } from '../support/uploads.ts'
import { startWorker } from '../support/worker.ts'
import { packZip } from '../support/zip.ts'

const chromium = sharedChromium()

/** A service with drawings, and a page that is signed in. */
async function open({ token = ADMIN_TOKEN }: { token?: string } = {}) {
  const app = await testApp(await testConfig({ TRANSFORMS_PER_MINUTE: '600', WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' }))
  const server = await testServer(app)
  await importDrawings(app, 12)
  return { app, ...server, ...(await signedIn(token)) }
}

async function signedIn(token: string) {
  const opened = await openConsole(chromium)
  await opened.page.addInitScript(`sessionStorage.setItem('afterimage-token', ${JSON.stringify(token)})`)
  return opened
}

/** The same service at the same address, after it was closed. */
async function serveAgain(app: App, url: string): Promise<void> {
  const again = await serve({ ...app, config: { ...app.config, port: Number(new URL(url).port) } })
  onTestFinished(again.close)
}

const choose = (page: Page, name: string, buffer: Buffer) =>
  page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/zip', buffer })

/** Names two files, and has one. */
const incomplete = () =>
  packZip((zip) => {
    const files = [{ file: 'left.svg' }, { file: 'right.svg' }]
    const families = [{ name: 'Arrows', sets: [{ name: 'All', kind: 'icon', files }] }]
    zip.addBuffer(Buffer.from(JSON.stringify({ vendor: 'globex', families })), 'manifest.json')
    zip.addBuffer(Buffer.from(drawing(1)), 'left.svg')
  })

const complete = () =>
  packSets([{ name: 'All', files: { left: drawing(1), right: drawing(2), nothing: '<p>not a drawing</p>' } }], {
    vendor: 'globex',
    family: 'Arrows',
  })

it('shows every problem of an archive before anything is sent, sends the mended one, and shows its pictures', async () => {
  const { app, url, page, complaints } = await open()
  startWorker(app)
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'PUT') sent.push(request.url())
  })
  await page.goto(`${url}/uploads`)
  await choose(page, 'arrows.zip', await incomplete())
  await reads(page, '.table', '/families/0/sets/0/files/1/file')
  await reads(page, '.table', '"right.svg" is not in the archive: add it or remove this entry.')
  expect([sent, await app.prisma.upload.count()]).toEqual([[], 0])

  await choose(page, 'arrows.zip', await complete())
  await reads(page, '.upload-sentence', '3 items in 1 set of 1 family of the vendor globex')
  await page.getByRole('button', { name: /^Send / }).click()
  await page.waitForURL(/\/uploads\?open=/)
  await reads(page, '.section-head .status', 'completed')
  expect(sent).toHaveLength(1)
  // The one that is no drawing, with its file.
  await reads(page, '.table', 'set-0/nothing.svg')
  await page.getByRole('link', { name: 'Arrows', exact: true }).click()
  await reads(page, 'a.card', 'The left')
  await page.locator('a.card .picture.loaded').first().waitFor()
  expect(complaints).toEqual([])
})

/** Drops a file on an element, and says whether the browser would have left the page for it. */
const drop = (page: Page, selector: string, { name, bytes }: { name: string; bytes: Buffer }) =>
  page.evaluate<boolean>(`(() => {
    const bytes = Uint8Array.from(atob('${bytes.toString('base64')}'), (each) => each.charCodeAt(0))
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([bytes], '${name}'))
    const dispatch = (type) => document.querySelector('${selector}')
      .dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
    return [dispatch('dragover'), dispatch('drop')].includes(true)
  })()`)

it('takes an archive that is dropped anywhere on the page, and loses no form to a file dropped elsewhere', async () => {
  const { url, page } = await open()
  await page.goto(`${url}/uploads`)
  await page.locator('.drop').waitFor()
  expect(await drop(page, 'h1', { name: 'arrows.zip', bytes: await incomplete() })).toBe(false)
  await reads(page, '.table', '"right.svg" is not in the archive')
  await page.goto(`${url}/operations/tokens`)
  await page.locator('.choices').waitFor()
  expect(await drop(page, 'h1', { name: 'arrows.zip', bytes: await incomplete() })).toBe(false)
})

it('keeps what was filled in while the service restarts', async () => {
  const { app, url, close: stop, page } = await open()
  await page.goto(`${url}/operations/tokens`)
  await page.getByLabel('What is it for?').fill('a front end')
  await page.locator('.choices label', { hasText: 'catalogue:read' }).click()
  await stop()
  await page.getByRole('button', { name: 'Create the token' }).click()
  await reads(page, '.notice', 'The service does not answer')
  expect(await page.getByLabel('What is it for?').inputValue()).toBe('a front end')
  await serveAgain(app, url)
  await page.getByRole('button', { name: 'Create the token' }).click()
  await reads(page, '.secret', 'ai_live_')
})

it('sends an archive to a service that is restarting', async () => {
  const { app, url, close: stop, page } = await open()
  await page.goto(`${url}/uploads`)
  await choose(page, 'arrows.zip', await complete())
  await reads(page, '.upload-sentence', 'no problem')
  await stop()
  await page.getByRole('button', { name: /^Send / }).click()
  await reads(page, '.section', 'the archive is sent when it is back')
  await serveAgain(app, url)
  await page.waitForURL(/\/uploads\?open=/)
  expect((await app.prisma.upload.findMany()).map(({ vendor, status }) => [vendor, status])).toEqual([
    ['globex', 'CHECKING'],
  ])
})

it('takes an item down by its slug, with a receipt, and restores it', async () => {
  const { app, url, page, complaints } = await open()
  startWorker(app)
  await page.goto(`${url}/operations`)
  await page.getByLabel('What is it about?').fill('item-3')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByLabel('Reason').fill('A trade mark')
  await page.reload()
  await page.getByRole('button', { name: 'Take down item-3' }).click()
  await page.getByLabel('Type its name').fill('item-3')
  await page.getByRole('button', { name: 'Take it down' }).click()
  await reads(page, '.receipt .status', 'taken down')
  await reads(page, '.receipt', 'A trade mark')
  const { uniqueId } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-3' } })
  const statusOf = async () =>
    (await ask<{ item: { image: { status: string } } }>(url, `{ item(uniqueId: "${uniqueId}") { image { status } } }`))
      .data.item.image.status
  expect(await statusOf()).toBe('GONE')
  await page.getByRole('button', { name: 'Restore' }).click()
  await reads(page, '.receipt .status', 'restored')
  expect(await statusOf()).toBe('PENDING')
  expect(complaints).toEqual([])
})

it("creates a vendor's token that sees its own catalogue and uploads only, and revokes it", async () => {
  const { app, url, page } = await open()
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('mine', drawing(99), { vendor: 'globex' })])
  await startUpload(url, await packSets([{ name: 'All', files: { left: drawing(1) } }]), 'acme')
  await page.goto(`${url}/operations/tokens`)
  await page.getByLabel('What is it for?').fill('Globex')
  await page.getByLabel('Vendor').fill('globex')
  await page.locator('.choices label', { hasText: 'upload:write' }).click()
  await page.getByRole('button', { name: 'Create the token' }).click()
  const secret = await page.locator('.secret code').innerText()

  const { page: theirs } = await signedIn(secret)
  await theirs.goto(url)
  await theirs.waitForURL(/\/catalogue/)
  await reads(theirs, '.page-head', '1 item')
  expect(await theirs.locator('a.card').allInnerTexts()).toEqual(['mine'])
  expect(await theirs.locator('.rail .nav-link:visible').allInnerTexts()).toEqual(['Catalogue', 'Uploads'])
  await theirs.getByRole('link', { name: 'Uploads' }).click()
  await reads(theirs, '.empty', 'Nothing has been uploaded yet')
  await choose(theirs, 'foreign.zip', await packSets([{ name: 'All', files: { left: drawing(1) } }]))
  await theirs.getByRole('button', { name: /^Send / }).hover()
  await reads(theirs, '.reason', 'The manifest is of the vendor acme')
  for (const [path, why] of [
    ['/families', 'preview:write'],
    ['/backfills', 'backfill:write'],
    ['/why', 'for operators'],
  ] as const) {
    await theirs.goto(url + path)
    await reads(theirs, '.empty', why)
  }
  const { uniqueId: foreign } = await app.prisma.item.findFirstOrThrow({ where: { slug: { not: 'mine' } } })
  await theirs.goto(`${url}/item/${foreign}`)
  await reads(theirs, '.empty', foreign)
  // A page that its scopes do not show says which one it needs.
  await theirs.goto(`${url}/operations/tokens`)
  await reads(theirs, '.notice', 'needs the scope token:write')

  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByRole('button', { name: 'Revoke Globex' }).click()
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await reads(page, '.table .status', 'revoked')
  await theirs.goto(`${url}/uploads`)
  await until(async () => (await ask(url, '{ viewer { name } }', { token: secret })).errors !== undefined)
  // The kept token is dropped, and the page says why. What it has asked for with that token, and was refused, it asks for again.
  await theirs.goto('about:blank')
  let isFirst = true
  await theirs.route('**/graphql', async (route) => {
    if (isFirst && route.request().postData()?.includes('query Viewer')) {
      isFirst = false
      await theirs.locator('.notice').first().waitFor()
    }
    await route.continue()
  })
  await theirs.goto(`${url}/catalogue`)
  await reads(theirs, '.notice', 'was revoked: sign in with another one')
  await theirs.locator('a.card').first().waitFor()
  expect(await theirs.evaluate(`sessionStorage.getItem('afterimage-token')`)).toBeNull()
})

it('shows an event that no attempt could deliver, and sends it again at a press', async () => {
  const { app, url, page, complaints } = await open()
  startWorker(app, { WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' })
  const received: string[] = []
  const receiver = await listen((message, response) => {
    received.push(`${message.headers['webhook-id']}`)
    response.writeHead(204).end()
  })
  await ask(url, `mutation { createWebhook(url: "${receiver}", types: ["upload.completed"]) { secret } }`)
  await app.pg.query(`
    with event as (insert into event (type, data) values ('upload.completed', '{"upload":"a"}') returning id),
      line as (insert into webhook_line (webhook_id, family, after_event_id, waiting, attempts, next_attempt_at)
        select webhook.id, '', event.id, 0, 0, now() from webhook, event)
    insert into dead_letter (webhook_id, event_id, family, attempts, status, error)
      select webhook.id, event.id, '', 8, 503, 'It answered 503.' from webhook, event`)
  await page.goto(`${url}/operations/webhooks`)
  await page.getByText('It answered 503.').click()
  await reads(page, '.letter pre', '"upload"')
  await page.getByRole('button', { name: 'Replay', exact: true }).click()
  await reads(page, '.toast', 'It is sent again')
  await until(() => received.length === 1)
  await page.reload()
  await reads(page, '.empty', 'Everything was delivered.')
  expect(complaints).toEqual([])
})

it('adds a webhook whose secret is shown once, and has no accessibility violation on any of its pages', async () => {
  const { url, page, complaints } = await open()
  const receiver = await listen((_request, response) => response.writeHead(204).end())
  await page.goto(`${url}/operations/webhooks`)
  await page.getByLabel('Address', { exact: true }).fill(receiver)
  await page.locator('.choices label', { hasText: 'upload.completed' }).click()
  await page.getByRole('button', { name: 'Add the webhook' }).click()
  await reads(page, '.secret', 'whsec_')
  await reads(page, '.table .status', 'accepting')
  const pages = [
    ['/uploads', '.drop'],
    ['/operations', '.empty'],
    ['/operations/webhooks', '.table .status'],
    ['/operations/tokens', '.choices'],
    ['/operations/audit', '.table .status'],
    ['/operations/delivery', '.findings .status'],
  ] as const
  await visitAll({ page, url }, pages, async ({ address, width }) => {
    if (address === '/uploads') {
      await choose(page, 'arrows.zip', await incomplete())
      await page.locator('.table code').first().waitFor()
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const at = [address, width, colorScheme]
      expect([...at, await violations(page)]).toEqual([...at, []])
    }
    expect([address, await missedByTab(page)]).toEqual([address, []])
    expect([address, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([address, 0])
  })
  expect(complaints).toEqual([])
})
