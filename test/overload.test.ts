import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { App } from '../src/app.ts'
import { lockItems } from '../src/db/locks.ts'
import { createOriginHandler } from '../src/http/images.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { importDrawings, testApp, testServer } from './support/setup.ts'

/** A service with one renderer, drawings that were never made, and their keys. */
async function open(count: number) {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, count)
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  const get = (key: string) => fetch(`${url}/images/${key}`)
  return { app, keys, get, itemIds: items.map(({ id }) => id) }
}

/** No render can end while the items are locked: it is as if each took for ever. */
async function holdAll(app: App, itemIds: readonly number[]) {
  const locks = await lockItems(app.pg, itemIds)
  expect(locks.held).toHaveLength(itemIds.length)
  return locks.release
}

it('of ten times as many requests as can be served most are refused at once, the others are served right', async () => {
  const { app, keys, get, itemIds } = await open(600)
  const release = await holdAll(app, itemIds)
  const answers: { key: string; status: number; retryAfter: string | null; body: Buffer }[] = []
  let whileNothingEnded = 0
  await Promise.all(
    keys.map(async (key) => {
      const response = await get(key)
      const body = Buffer.from(await response.arrayBuffer())
      answers.push({ key, status: response.status, retryAfter: response.headers.get('retry-after'), body })
      // Four in five, and no slot was free since they came: nobody waited to be refused.
      if (answers.length === keys.length * 0.8) {
        whileNothingEnded = answers.length
        await release()
      }
    }),
  )
  expect(whileNothingEnded).toBe(480)
  for (const { status, retryAfter } of answers.slice(0, whileNothingEnded))
    expect([status, retryAfter]).toEqual([503, '1'])
  for (const { status } of answers) expect([200, 503]).toContain(status)

  const served = answers.filter(({ status }) => status === 200)
  expect(served.length).toBeGreaterThan(0)
  expect(app.pool.stats).toMatchObject({ renders: served.length, failures: 0 })
  expect(await app.prisma.image.count()).toBe(served.length)
  expect(await app.prisma.renderFailure.count()).toBe(0)
  for (const { key, body } of served) expect(await app.stores.previews.get(key)).toEqual(body)

  const refused = answers.find(({ status }) => status === 503)
  expect((await get(refused?.key ?? '')).status).toBe(200)
})

it('a page of forty pictures that nobody saw before is served whole, by one renderer', async () => {
  const { app, keys, get } = await open(40)
  const statuses = await Promise.all(keys.map(async (key) => (await get(key)).status))
  expect(statuses.filter((status) => status === 200)).toHaveLength(40)
  expect(app.pool.stats.renders).toBe(40)
})

it('what takes too long is answered 503 and made for the next request all the same', async () => {
  const { app, keys, itemIds } = await open(1)
  const handle = createOriginHandler(app, { answerMs: 20 })
  const server = createServer((request, response) => void handle(request, response, request.url?.slice(1) ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const get = () => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${keys[0]}`)
  const release = await holdAll(app, itemIds)
  const late = await get()
  expect([late.status, late.headers.get('retry-after'), await late.text()]).toEqual([
    503,
    '1',
    expect.stringContaining('BUSY: This picture is still being made'),
  ])
  await release()
  await expect.poll(async () => (await get()).status, { timeout: 30_000 }).toBe(200)
  expect(app.pool.stats.renders).toBe(1)
})
