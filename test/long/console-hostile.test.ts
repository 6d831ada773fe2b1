import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { importItems } from '../../src/import/import-items.ts'
import { DESKTOP, openConsole, PHONE, reads, visitAll } from '../support/console.ts'
import { ADMIN_TOKEN, ask, drawing, entry, testApp, testConfig, testServer } from '../support/setup.ts'
import { createUpload } from '../support/uploads.ts'
import { packZip } from '../support/zip.ts'

/** As vendors and operators could name things: markup, right to left, and very long without a space. */
const HOSTILE_NAMES = [
  `<img src=x onerror="document.title='broken'">`,
  '"><script>document.title="broken"</script>',
  '\u202eevil \u0645\u0631\u062d\u0628\u0627',
  'a'.repeat(10_000),
]

async function isHarmless(page: Page, at: string): Promise<void> {
  expect([at, await page.title()]).not.toEqual([at, 'broken'])
  expect([at, await page.locator('img[onerror], main script').count()]).toEqual([at, 0])
  expect([at, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([at, 0])
}

it('shows hostile names on the pages for uploads and operations as text, and nothing is cut off', async () => {
  const app = await testApp(await testConfig({ WEBHOOK_PRIVATE_HOSTS: '127.0.0.1' }))
  const { url } = await testServer(app)
  for (const [at, name] of HOSTILE_NAMES.entries()) {
    const short = name.slice(0, 500)
    const one = entry(`hostile-${at}`, drawing(at), { vendor: `vendor${at}`, family: `family${at}` })
    const names = { name: short, vendor: { ...one.vendor, name: short }, family: { ...one.family, name: short } }
    await importItems({ pg: app.pg, originals: app.stores.originals }, [{ ...one, ...names }])
    const { uniqueId } = await app.prisma.item.findFirstOrThrow({ where: { slug: `hostile-${at}` } })
    await ask(url, 'mutation ($id: ID!, $reason: String!) { takeDown(id: $id, reason: $reason) { id } }', {
      variables: { id: uniqueId, reason: short },
    })
    await ask(url, 'mutation ($name: String!) { createToken(name: $name, scopes: ["catalogue:read"]) { secret } }', {
      variables: { name: name.slice(0, 100) },
    })
    const { id } = await createUpload(url, 1000, `vendor${at}`)
    await app.pg.query('update upload set file_name = $1 where id = $2', [name.slice(0, 255), idOf(id)])
    await ask(url, 'mutation ($url: String!) { createWebhook(url: $url, types: ["upload.completed"]) { secret } }', {
      variables: { url: `http://127.0.0.1:1/${encodeURIComponent(name).slice(0, 1500)}` },
    })
  }
  const { page, complaints } = await openConsole()
  await page.addInitScript(`sessionStorage.setItem('afterimage-token', ${JSON.stringify(ADMIN_TOKEN)})`)
  const open = encodeURIComponent((await firstUpload(url)) ?? '')
  const pages = [
    ['/uploads', '.table .status'],
    [`/uploads?open=${open}`, '.upload'],
    ['/operations', '.receipt'],
    ['/operations/webhooks', '.table .status'],
    ['/operations/tokens', '.table .status'],
    ['/operations/audit', '.table .status'],
  ] as const
  await visitAll({ page, url }, pages, ({ address, width }) => isHarmless(page, `${address} ${width}`))
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport)
    // In the dialog of a take-down, its name is text too.
    await page.goto(`${url}/operations/tokens`)
    await page.getByRole('button', { name: 'Revoke' }).last().click()
    await page.locator('dialog[open]').waitFor()
    await isHarmless(page, `dialog ${viewport.width}`)
    // An archive with such names is only checked: nothing of it is sent.
    await page.goto(`${url}/uploads`)
    await page.locator('input[type=file]').setInputFiles({
      name: `${HOSTILE_NAMES[0]}.zip`,
      mimeType: 'application/zip',
      buffer: await hostileArchive(),
    })
    await reads(page, '.table', 'is not in the archive')
    await isHarmless(page, `chosen ${viewport.width}`)
  }
  expect(complaints).toEqual([])
})

const idOf = (id: string) => Number(Buffer.from(id, 'base64').toString().split(':')[1])

async function firstUpload(url: string): Promise<string | undefined> {
  const { data } = await ask<{ uploads: { nodes: { id: string }[] } }>(url, '{ uploads { nodes { id } } }')
  return data.uploads.nodes[0]?.id
}

/** Names files that it does not have. */
const hostileArchive = () =>
  packZip((zip) => {
    const files = HOSTILE_NAMES.map((name) => ({ file: `${name.slice(0, 200)}.svg`, title: name.slice(0, 200) }))
    const families = [{ name: HOSTILE_NAMES[0], sets: [{ name: HOSTILE_NAMES[1], kind: 'icon', files }] }]
    zip.addBuffer(Buffer.from(JSON.stringify({ vendor: 'globex', families })), 'manifest.json')
  })
