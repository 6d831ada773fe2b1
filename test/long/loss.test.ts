import { describe, expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { printGlobalId } from '../../src/core/global-id.ts'
import { importItems } from '../../src/import/import-items.ts'
import type { Store } from '../../src/store/store.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { afterimage } from '../support/afterimage.ts'
import { archivingPostgres } from '../support/archiving-postgres.ts'
import { testBuckets } from '../support/s3.ts'
import { ADMIN_TOKEN, ask, drawing, entry, tempDirectory, testApp, testConfig, testServer } from '../support/setup.ts'
import { startWorker } from '../support/worker.ts'

// The procedures of docs/operating/recovery.md, each as it is written there. A lost Postgres without a backup: recovery.test.ts.

const SLUGS = Array.from({ length: 6 }, (_, index) => `item-${index}`)
const drawings = () => SLUGS.map((slug, index) => entry(slug, drawing(index)))
const importAgain = ({ pg, stores: { originals } }: App) => importItems({ pg, originals }, drawings())

const keyOf = async (app: App, slug: string) =>
  variantKeyOf(app, await app.prisma.item.findFirstOrThrow({ where: { slug } }), {
    preset: 'thumbnail',
    format: 'WEBP',
  })

async function empty(store: Store, prefix = ''): Promise<number> {
  const keys = await Array.fromAsync(store.list(prefix), ({ key }) => key)
  await store.delete(keys)
  return keys.length
}

/** A service with two buckets, and requests to it. */
async function open(env: Record<string, string> = {}) {
  const buckets = { ...(await testBuckets()), ...env }
  const app = await testApp(await testConfig(buckets))
  const { url } = await testServer(app)
  const get = async (key: string) => {
    const response = await fetch(`${url}/images/${key}`, { redirect: 'manual' })
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  const service = { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN: ADMIN_TOKEN }
  return { app, url, buckets, get, command: (...args: string[]) => afterimage(args, service) }
}

it('point-in-time recovery: the catalogue is as it was before the accident, and what was taken down since then stays so', async () => {
  const postgres = await archivingPostgres()
  const dataDir = await tempDirectory()
  const env = { DATA_DIR: dataDir, DATABASE_URL: postgres.url }
  const takeDown = async (app: App, url: string, slug: string) => {
    const { id } = await app.prisma.item.findFirstOrThrow({ where: { slug } })
    const { errors } = await ask(
      url,
      `mutation { takeDown(id: "${printGlobalId('Icon', String(id))}", reason: "a claim") { id } }`,
    )
    expect(errors).toBeUndefined()
  }
  let keys: string[] = []
  let before = new Date(0)
  {
    const app = await testApp(await testConfig(env))
    const { url } = await testServer(app)
    await importItems({ pg: app.pg, originals: app.stores.originals }, drawings().slice(0, 3))
    await postgres.backUp()
    await importAgain(app)
    keys = await Promise.all(SLUGS.map((slug) => keyOf(app, slug)))
    for (const key of keys) expect((await fetch(`${url}/images/${key}`)).status).toBe(200)
    await takeDown(app, url, 'item-0')
    before = (await app.pg.query('select clock_timestamp() as at')).rows[0].at
    await takeDown(app, url, 'item-1')
    // The accident.
    await app.pg.query('truncate vendor, take_down cascade')
  }

  const restored = await postgres.restore(before)
  const commandEnv = { ...env, DATABASE_URL: restored, URL_SECRET: 'test-url-secret', ADMIN_TOKEN }
  expect(await afterimage(['rebuild', '--tombstones'], commandEnv)).toMatchObject({
    code: 0,
    stdout: 'tombstones: 2 applied, 0 of what is not there\n',
  })
  const app = await testApp(await testConfig({ DATA_DIR: dataDir, DATABASE_URL: restored }))
  const { url } = await testServer(app)
  const statuses = []
  for (const key of keys) statuses.push((await fetch(`${url}/images/${key}`)).status)
  expect(statuses).toEqual([410, 410, 200, 200, 200, 200])
  expect(app.pool.stats.renders).toBe(0)
})

describe('without its bucket of previews', () => {
  it('the service makes each picture again on request, at the same URL, and a backfill makes the rest', async () => {
    const { app, get, command } = await open({ RENDERERS: '1' })
    await importAgain(app)
    startWorker(app)
    const made = await command('backfill', '--watch', '--presets', 'thumbnail')
    expect(made.stdout).toContain('COMPLETED: 6 images of 6 items, 0 failed')
    const keys = await Promise.all(SLUGS.map((slug) => keyOf(app, slug)))
    const first = await get(keys[0] ?? '')
    expect(await empty(app.stores.previews)).toBe(6)

    expect(await get(keys[0] ?? '')).toEqual(first)
    const again = await command('backfill', '--watch', '--presets', 'thumbnail', '--mode', 'all')
    expect(again.stdout).toContain('COMPLETED: 6 images of 6 items, 0 failed')
    for (const key of keys) expect(await app.stores.previews.head(key), key).not.toBeNull()
  })
})

describe('without its bucket of originals', () => {
  it('stored pictures are delivered; the others fail by name until their originals are restored, or the same files imported again', async () => {
    const { app, get, command, buckets } = await open()
    await importAgain(app)
    const keys = await Promise.all(SLUGS.map((slug) => keyOf(app, slug)))
    expect((await get(keys[0] ?? '')).status).toBe(200)
    const restorable = (await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-2' } })).sourceKey
    const bytes = (await app.stores.originals.get(restorable)) ?? Buffer.alloc(0)
    expect(await empty(app.stores.originals)).toBeGreaterThanOrEqual(6)

    expect((await get(keys[0] ?? '')).status).toBe(200)
    for (const key of keys.slice(1, 3)) expect((await get(key)).status).toBe(422)
    const failures = await command('failures', '--code', 'SOURCE_MISSING')
    expect(failures.stdout).toMatch(/^acme\/item-1 \(\w{12}\): SOURCE_MISSING The original .*: import it again\.$/m)

    // From an old version or the replica.
    await app.stores.originals.putAll([{ key: restorable, bytes }], { contentType: 'image/svg+xml' })
    startWorker(app)
    const retried = await command('backfill', '--watch', '--presets', 'thumbnail', '--mode', 'failed')
    expect(retried.stdout).toContain('COMPLETED: 1 images of 1 items, 1 failed')
    expect((await get(keys[2] ?? '')).status).toBe(200)

    // From whoever has the files.

    expect(await importAgain(app)).toMatchObject({ unchanged: 6, changed: 0 })
    for (const key of keys) expect((await get(key)).status, key).toBe(200)
    expect((await command('failures')).stdout).toBe('')
    const { dataDir, databaseUrl } = app.config
    const machine = { ...buckets, DATA_DIR: dataDir, DATABASE_URL: databaseUrl ?? '', URL_SECRET: 'test-url-secret' }
    expect((await afterimage(['snapshot'], machine)).stdout).toMatch(/^\d+ rows of /)
  })
})

describe('without its URL secret', () => {
  it('every picture gets a new URL and is made again; the old URLs are unknown, and stable addresses lead to the new ones', async () => {
    const { app: before, buckets, get } = await open({ URL_SECRET: 'lost' })
    await importAgain(before)
    const old = await Promise.all(SLUGS.map((slug) => keyOf(before, slug)))
    for (const key of old) expect((await get(key)).status).toBe(200)

    const { dataDir, databaseUrl } = before.config
    const env = { ...buckets, DATA_DIR: dataDir, DATABASE_URL: databaseUrl ?? '', URL_SECRET: 'another' }
    const app = await testApp(await testConfig(env))
    const { url } = await testServer(app)
    startWorker(app)
    const key = await keyOf(app, 'item-0')
    expect(key).not.toBe(old[0])
    const response = await fetch(`${url}/images/${old[0]}`, { redirect: 'manual' })
    expect(response.status).toBe(404)
    const service = { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN: ADMIN_TOKEN }
    const stale = await afterimage(['coverage'], service)
    expect(stale.stdout).toMatch(/^thumbnail +0 % {2}0 of 6 ready, 6 stale, 0 missing, 0 failed/m)
    const made = await afterimage(['backfill', '--watch', '--presets', 'thumbnail', '--mode', 'stale'], service)
    expect(made.stdout).toContain('COMPLETED: 6 images of 6 items, 0 failed')
    expect((await fetch(`${url}/images/${key}`)).status).toBe(200)
    const stable = await fetch(
      `${url}/i/${(await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-0' } })).uniqueId}.webp?preset=thumbnail`,
      { redirect: 'manual' },
    )
    expect(stable.headers.get('location')).toContain(key)
  })
})
