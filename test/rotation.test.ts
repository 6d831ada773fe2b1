import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { openApp } from '../src/app.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { countChanges } from '../src/coverage/count.ts'
import { serve } from '../src/http/server.ts'
import { deleteSuperseded } from '../src/retention/delete-superseded.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { testDatabase } from './support/database.ts'
import { testRenderers } from './support/renderers.ts'
import { runTasks } from './support/run-tasks.ts'
import { testBuckets } from './support/s3.ts'
import { ask, importDrawings, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

/** A database and stores that the test's processes share; each has its own list of URL secrets. */
async function installation(env: Record<string, string> = {}) {
  const shared = { DATA_DIR: await tempDirectory(), DATABASE_URL: await testDatabase(), URL_SECRET: '', ...env }
  const configWith = (secrets: string) => testConfig({ ...shared, URL_SECRETS: secrets })
  return { configWith, start: async (secrets: string) => await testApp(await configWith(secrets)) }
}

const PICTURES = `{
  items { nodes { uniqueId thumbnail: image(preset: "thumbnail") { url status } transform: image(transform: { width: 64, theme: DARK }) { url } } }
  families { nodes { preview(layout: "strip") { url } } }
}`

interface Pictures {
  readonly items: {
    nodes: { uniqueId: string; thumbnail: { url: string; status: string }; transform: { url: string } }[]
  }
  readonly families: { nodes: { preview: { url: string } }[] }
}

/** The keys that an API issues: of thumbnails, transforms and a family's preview. */
async function issuedBy(url: string): Promise<string[]> {
  const { data } = await ask<Pictures>(url, PICTURES, { token: null })
  const urls = [
    ...data.items.nodes.flatMap((item) => [item.thumbnail.url, item.transform.url]),
    ...data.families.nodes.map(({ preview }) => preview.url),
  ]
  return urls.map((picture) => new URL(picture).pathname.replace('/images/', ''))
}

const get = (url: string, key: string) => fetch(`${url}/images/${key}`, { redirect: 'manual' })

async function objectsOf(app: App): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of app.stores.previews.list('')) keys.push(key)
  return keys
}

/** Makes all of PICTURES; a preview's first URL is its alias. */
async function makeAll(url: string): Promise<string[]> {
  for (const key of await issuedBy(url)) expect([200, 302]).toContain((await get(url, key)).status)
  const keys = await issuedBy(url)
  for (const key of keys) expect((await get(url, key)).status).toBe(200)
  return keys
}

const coverageOf = async (app: App, url: string) => {
  while ((await countChanges(app.pg, WHOLE_CATALOGUE, { itemsMax: 1e6, waitForLock: true })) > 0);
  const { data } = await ask<{ coverage: { preset: string }[] }>(
    url,
    '{ coverage { preset total ready stale missing isExact } }',
  )
  return data.coverage.find(({ preset }) => preset === 'thumbnail')
}

describe('after a rotation of the URL secret', () => {
  const stores: [string, () => Promise<Record<string, string>>][] = [
    ['directories', async () => ({})],
    ['buckets', () => testBuckets()],
  ]
  it.each(stores)('pictures are copied on request, not rendered, and old URLs redirect (in %s)', async (_in, env) => {
    const { start } = await installation(await env())
    const before = await start('old')
    await importDrawings(before, 3)
    const old = await makeAll((await testServer(before)).url)
    const bytes = await Promise.all(old.map((key) => before.stores.previews.get(key)))

    const after = await start('new,old')
    const { url } = await testServer(after)
    const issued = await issuedBy(url)
    expect(new Set([...issued, ...old]).size).toBe(2 * old.length)
    for (const [index, key] of old.entries()) {
      const response = await get(url, key)
      expect([response.status, response.headers.get('cache-control')]).toEqual([301, 'public, max-age=86400'])
      expect(new URL(response.headers.get('location') ?? '', `${url}/images/${key}`).pathname).toBe(
        `/images/${issued[index]}`,
      )
      // Stored before the redirect leads there.
      expect(await after.stores.previews.get(issued[index] ?? '')).toEqual(bytes[index])
      expect((await get(url, issued[index] ?? '')).status).toBe(200)
    }
    expect(await issuedBy(url)).toEqual(issued)
    const { data } = await ask<Pictures>(url, PICTURES)
    const [item] = data.items.nodes
    const stable = await fetch(`${url}/i/${item?.uniqueId}.webp?preset=thumbnail`, { redirect: 'manual' })
    expect([stable.status, stable.headers.get('location')]).toEqual([302, `../images/${issued[0]}`])
    expect(after.pool.stats.renders).toBe(0)
  })

  it('coverage, states and plans say what is under its new key, and a backfill copies the rest', async () => {
    const { start } = await installation()
    const before = await start('old')
    await importDrawings(before, 4)
    const { url: oldUrl } = await testServer(before)
    await makeAll(oldUrl)
    expect(await coverageOf(before, oldUrl)).toMatchObject({ total: 4, ready: 4, stale: 0, isExact: true })

    const after = await start('new,old')
    const { url } = await testServer(after)
    expect(await coverageOf(after, url)).toMatchObject({ total: 4, ready: 0, stale: 4, missing: 0, isExact: true })
    const plan = async (mode: string) => {
      const input = `{ mode: ${mode}, presets: ["thumbnail"] }`
      const { data } = await ask<{ planBackfill: object }>(url, `{ planBackfill(input: ${input}) { items images } }`)
      return data.planBackfill
    }
    expect(await plan('STALE')).toEqual({ items: 4, images: 4 })
    expect(await plan('MISSING')).toEqual({ items: 0, images: 0 })
    const statuses = async () => {
      const { data } = await ask<Pictures>(url, PICTURES)
      return data.items.nodes.map(({ thumbnail }) => thumbnail.status)
    }
    const [key = ''] = await issuedBy(url)
    expect((await get(url, key)).status).toBe(200)
    expect(await statuses()).toEqual(['READY', 'PENDING', 'PENDING', 'PENDING'])
    expect(await coverageOf(after, url)).toMatchObject({ ready: 1, stale: 3 })

    const { id } = await startBackfill(
      after,
      checkRequest(after.presets, { scope: WHOLE_CATALOGUE, presets: ['thumbnail'], previews: true }),
    )
    await runTasks(after, 'work')
    const done = await until(async () => {
      await runTasks(after, 'work')
      const backfill = await after.prisma.backfill.findUniqueOrThrow({ where: { id }, include: { chunks: true } })
      return backfill.finishedAt && backfill
    })
    expect(done).toMatchObject({ status: 'COMPLETED', chunks: [{ totalItems: 3, doneItems: 3, imagesMade: 3 }] })
    expect(await coverageOf(after, url)).toMatchObject({ ready: 4, stale: 0 })
    expect(await statuses()).toEqual(Array(4).fill('READY'))
    expect(await plan('STALE')).toEqual({ items: 0, images: 0 })
    const objects = new Set(await objectsOf(after))
    const keys = (await issuedBy(url)).filter((each) => !each.includes('-t_'))
    expect(keys.filter((each) => !objects.has(each))).toEqual([])
    expect(after.pool.stats.renders).toBe(0)
  })
})
