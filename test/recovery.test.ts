import { describe, expect, it, onTestFinished } from 'vitest'
import type { App } from '../src/app.ts'
import { printGlobalId } from '../src/core/global-id.ts'
import { hashSource, parseSourceKey, printOriginalKey } from '../src/core/variant.ts'
import { SNAPSHOTS_PREFIX, TOMBSTONES_PREFIX } from '../src/core/visibility.ts'
import { openDatabase } from '../src/db/database.ts'
import { importBucket } from '../src/import/bucket.ts'
import { importItems } from '../src/import/import-items.ts'
import { enqueue } from '../src/jobs/enqueue.ts'
import { applyTombstonesToBackup, type RebuildDeps, rebuild } from '../src/recovery/rebuild.ts'
import { writeSnapshot } from '../src/recovery/snapshot.ts'
import { openStores } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { warmRemainingPresets } from '../src/variants/warm.ts'
import { runTasks } from './support/run-tasks.ts'
import { testBuckets } from './support/s3.ts'
import { ask, drawing, entry, svg, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

const SLUGS = Array.from({ length: 8 }, (_, index) => `item-${index}`)

/** A service with two buckets and eight drawings of acme, one of zeta; all have thumbnails. */
async function open(buckets: Record<string, string>) {
  const app = await testApp(await testConfig(buckets))
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [
    ...SLUGS.map((slug, index) => entry(slug, drawing(index))),
    entry('theirs', drawing(50), { vendor: 'zeta' }),
  ])
  const get = await getter(app, url)
  for (const slug of [...SLUGS, 'theirs']) expect(await get(slug)).toBe(200)
  return { app, url, get }
}

/** Requests the thumbnail of an item, and returns the status. */
const getter = async (app: App, url: string) => async (slug: string) => {
  const item = await app.prisma.item.findFirstOrThrow({ where: { slug } })
  const key = variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' })
  return (await fetch(`${url}/images/${key}`, { redirect: 'manual' })).status
}

async function mutate<T = object>(url: string, mutation: string): Promise<T> {
  const { data, errors } = await ask<{ done: T }>(url, `mutation { done: ${mutation} }`)
  expect(errors).toBeUndefined()
  return data.done
}
const idOf = async (app: App, slug: string) =>
  printGlobalId('Icon', String((await app.prisma.item.findFirstOrThrow({ where: { slug } })).id))
const takeDown = async (app: App, url: string, slug: string) =>
  mutate(url, `takeDown(id: "${await idOf(app, slug)}", reason: "a court said so") { id }`)
const hide = async (app: App, url: string, slug: string) =>
  mutate(url, `setVisibility(id: "${await idOf(app, slug)}", visibility: PRIVATE) { id }`)
const createToken = (url: string, name: string) =>
  mutate<{ secret: string; token: { id: string } }>(
    url,
    `createToken(name: "${name}", scopes: ["catalogue:read"]) { secret token { id } }`,
  )
const revoke = (url: string, { token }: { token: { id: string } }) =>
  mutate(url, `revokeToken(id: "${token.id}") { id }`)
const isAccepted = async (url: string, { secret }: { secret: string }) =>
  (await ask(url, '{ items { totalCount } }', { token: secret })).errors === undefined

/** Everything that a rebuild gets: the stores as they are, and an empty database. */
async function lost(buckets: Record<string, string>) {
  const config = await testConfig(buckets)
  const { pg, close } = await openDatabase(config.databaseUrl ?? '', { connectionsMax: 4 })
  onTestFinished(close)
  const stores = await openStores(config)
  onTestFinished(stores.close)
  const deps: RebuildDeps = { pg, stores, presets: config.presets, urlSecrets: config.urlSecrets ?? [] }
  return { config, deps }
}

/** A snapshot is named by its second. */
async function nextSnapshot(app: App) {
  const from = Math.floor(Date.now() / 1000)
  await until(() => Math.floor(Date.now() / 1000) > from)
  return await writeSnapshot({ pg: app.pg, originals: app.stores.originals })
}

const keysOf = (store: Store, prefix: string) => Array.fromAsync(store.list(prefix), ({ key }) => key)
const madeSince = (app: App) => app.prisma.image.count({ where: { engine: { not: 'adopted' } } })

describe('a lost database', () => {
  it('is made again from the buckets: what was taken down, hidden or revoked before or after the snapshot stays so, and no picture is made', async () => {
    const buckets = await testBuckets()
    const { app, url } = await open(buckets)
    const family = (
      await app.prisma.family.findFirstOrThrow({ where: { name: 'basics', vendor: { username: 'zeta' } } })
    ).id
    const tokens = { kept: await createToken(url, 'kept'), revoked: await createToken(url, 'revoked early') }
    await revoke(url, tokens.revoked)
    await takeDown(app, url, 'item-0')
    await takeDown(app, url, 'item-1')
    await hide(app, url, 'item-2')
    // A picture of a private item lies with the originals; a composite belongs to a family.
    const secret = await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-2' } })
    await warmRemainingPresets(app, { itemIds: [secret.id], signal: new AbortController().signal })
    const { uniqueId } = await app.prisma.family.findUniqueOrThrow({ where: { id: family } })
    expect((await fetch(`${url}/f/${uniqueId}/card.webp`)).status).toBe(200)
    await writeSnapshot({ pg: app.pg, originals: app.stores.originals })

    const later = { kept: await createToken(url, 'later'), revoked: await createToken(url, 'revoked later') }
    await revoke(url, later.revoked)
    await takeDown(app, url, 'item-3')
    await hide(app, url, 'item-4')
    await mutate(url, `restore(id: "${await idOf(app, 'item-1')}") { id }`)
    await mutate(
      url,
      `setFamilyVisibility(id: "${printGlobalId('Family', String(family))}", visibility: UNLISTED) { id }`,
    )
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('new', drawing(20)),
      entry('item-5', drawing(25)),
    ])
    await runTasks(app, 'urgent')
    const get = await getter(app, url)
    const shown = ['item-1', 'item-5', 'item-6', 'item-7', 'new', 'theirs']
    for (const slug of shown) expect(await get(slug)).toBe(200)
    const before = await app.prisma.item.findMany({ orderBy: { sourceKey: 'asc' } })

    const { config, deps } = await lost(buckets)
    const report = await rebuild(deps)
    expect(report.originals).toMatchObject({ added: 1, changed: 1, refusals: 0 })
    const pictures = await app.prisma.image.findMany()
    expect(pictures.some(({ objectKey }) => objectKey.startsWith('_private/'))).toBe(true)
    expect(pictures.some(({ ownerType }) => ownerType === 'FAMILY')).toBe(true)
    expect(report.pictures).toMatchObject({ adopted: pictures.length, broken: 0 })

    const again = await testApp(config)
    const { url: urlAgain } = await testServer(again)
    const getAgain = await getter(again, urlAgain)
    for (const slug of ['item-0', 'item-3']) expect(await getAgain(slug)).toBe(410)
    for (const slug of ['item-2', 'item-4']) expect(await getAgain(slug)).toBe(404)
    for (const slug of shown) expect(await getAgain(slug)).toBe(200)
    expect(await madeSince(again)).toBe(0)
    const after = await again.prisma.item.findMany({ orderBy: { sourceKey: 'asc' } })
    const seen = (items: typeof before) =>
      items.map(({ sourceKey, originalKey, sourceHash, ownVisibility, visibility }) => ({
        sourceKey,
        originalKey,
        sourceHash,
        ownVisibility,
        visibility,
      }))
    expect(seen(after)).toEqual(seen(before))
    for (const token of [tokens.kept, later.kept]) expect(await isAccepted(urlAgain, token)).toBe(true)
    for (const token of [tokens.revoked, later.revoked]) expect(await isAccepted(urlAgain, token)).toBe(false)
    // New rows follow the old ones, and the take-downs that were not done with are.
    await importItems({ pg: again.pg, originals: again.stores.originals }, [entry('newest', drawing(30))])
    await runTasks(again, 'urgent')
    expect(await again.prisma.takeDown.count({ where: { status: { notIn: ['COMPLETED', 'RESTORED'] } } })).toBe(0)
  })

  it('without a snapshot, is made again from originals by their bytes, by their listing and from uploads', async () => {
    const buckets = await testBuckets()
    const { app, url } = await open(buckets)
    await takeDown(app, url, 'item-0')
    const { originals } = app.stores
    // As an upload stores it: an earlier version stays for a while.
    const item = await app.prisma.item.findFirstOrThrow({ where: { slug: 'item-1' } })
    const path = parseSourceKey(item.sourceKey)
    if (!path) throw new Error('no source key')
    const bytes = Buffer.from(drawing(60))
    const uploaded = { originalKey: printOriginalKey(path, hashSource(bytes)), sourceHash: hashSource(bytes) }
    await originals.putAll([{ key: uploaded.originalKey, bytes }], { contentType: 'image/svg+xml' })
    await app.prisma.item.update({ where: { id: item.id }, data: uploaded })
    // Known by its listing alone.
    const listed = item.sourceKey.replace('item-1', 'listed')
    await originals.putAll([{ key: listed, bytes: Buffer.from(drawing(61)) }], { contentType: 'image/svg+xml' })
    await importBucket({ pg: app.pg, originals }, { prefix: listed })
    // Removed by its vendor: its original stays for a while.
    await app.prisma.item.deleteMany({ where: { slug: 'item-7' } })
    await enqueue(app.pg, 'store_tombstones', {})
    await runTasks(app, 'urgent')
    const get = await getter(app, url)
    const shown = ['item-1', 'listed', 'item-2', 'theirs']
    for (const slug of shown) expect(await get(slug)).toBe(200)

    const { config, deps } = await lost(buckets)
    expect(await rebuild(deps)).toMatchObject({ takenAt: null, originals: { added: 10, refusals: 0 } })
    const again = await testApp(config)
    const { url: urlAgain } = await testServer(again)
    const getAgain = await getter(again, urlAgain)
    expect(await getAgain('item-0')).toBe(410)
    for (const slug of shown) expect(await getAgain(slug)).toBe(200)
    expect(await madeSince(again)).toBe(0)
    expect(await again.prisma.item.findFirst({ where: { slug: 'item-7' } })).toBeNull()
    expect(await again.prisma.item.findFirst({ where: { slug: 'item-1' } })).toMatchObject(uploaded)
  })

  it('continues where it was interrupted, in every step, and refuses a database with a catalogue', async () => {
    const buckets = await testBuckets()
    const { app, url } = await open(buckets)
    const first = await writeSnapshot({ pg: app.pg, originals: app.stores.originals })
    await takeDown(app, url, 'item-0')
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('new', drawing(20))])
    await runTasks(app, 'urgent')
    const { deps } = await lost(buckets)
    const interrupt = (step: string) => (reached: string) => {
      if (reached === step) throw new Error('interrupted')
    }
    for (const step of ['snapshot', 'originals', 'tombstones', 'pictures'])
      await expect(rebuild(deps, { onProgress: interrupt(step) })).rejects.toThrow('interrupted')
    // A newer snapshot is not mixed with the one that it began with.
    const newer = await nextSnapshot(app)
    await expect(rebuild(deps, { snapshot: newer?.name ?? '' })).rejects.toThrow(
      `rebuilt in part from ${first?.name}: omit --snapshot`,
    )
    expect(await rebuild(deps)).toMatchObject({ from: 'pictures', takenAt: first?.takenAt })
    const counts = async ({ pg }: Pick<RebuildDeps, 'pg'>) =>
      (
        await pg.query(
          `select (select count(*) from item) as items, (select count(*) from image) as images,
             (select count(*) from take_down where restored_at is null) as hidden`,
        )
      ).rows
    expect(await counts(deps)).toEqual(await counts(app))
    await expect(rebuild(deps)).rejects.toThrow(/has a catalogue already.*new database/)
  })
})

describe('a tombstone', () => {
  it('is stored before the change is acknowledged; without a store the change applies, and the worker stores it later', async () => {
    const buckets = await testBuckets()
    const { app, url, get } = await open(buckets)
    const { originals } = app.stores
    await takeDown(app, url, 'item-0')
    expect(await keysOf(originals, TOMBSTONES_PREFIX)).toHaveLength(1)
    expect(await app.prisma.tombstone.count()).toBe(0)

    const real = originals.putAll
    ;(originals as { putAll: Store['putAll'] }).putAll = () => Promise.reject(new Error('the store is away'))
    const id = await idOf(app, 'item-1')
    const refused = await ask(url, `mutation { takeDown(id: "${id}", reason: "again") { id } }`)
    expect(refused.errors?.[0]?.extensions.code).toBe('UNAVAILABLE')
    expect(await get('item-1')).toBe(410)
    ;(originals as { putAll: Store['putAll'] }).putAll = real
    await enqueue(app.pg, 'store_tombstones', {})
    await runTasks(app, 'urgent')
    const keys = await keysOf(originals, TOMBSTONES_PREFIX)
    expect(keys).toHaveLength(2)
    const lines = (await originals.get(keys[1] ?? ''))?.toString('utf8') ?? ''
    expect(JSON.parse(lines)).toMatchObject({ type: 'takedown', target: 'ITEM', reason: 'again', restoredAt: null })
    expect(await app.prisma.tombstone.count()).toBe(0)

    // As in a database that was restored from an earlier backup.
    await app.pg.query('delete from take_down')
    expect(await applyTombstonesToBackup(app)).toMatchObject({ applied: 2, withoutTarget: 0 })
    for (const slug of ['item-0', 'item-1']) expect(await get(slug)).toBe(410)
    await runTasks(app, 'urgent')
    expect(await applyTombstonesToBackup(app)).toMatchObject({ applied: 2 })
    expect(await app.prisma.takeDown.findMany()).toMatchObject([{ status: 'COMPLETED' }, { status: 'COMPLETED' }])
  })
})

describe('a snapshot', () => {
  it('is complete or ignored, and the last seven are kept', async () => {
    const app = await testApp()
    const { originals } = app.stores
    await importItems({ pg: app.pg, originals }, [entry('one', svg('<circle r="4"/>'))])
    const stale = `${SNAPSHOTS_PREFIX}20200101T000000Z/item-000001.jsonl.gz`
    await originals.putAll([{ key: stale, bytes: Buffer.from('') }], { contentType: 'application/gzip' })
    for (let count = 1; count <= 8; count++) {
      const manifest = `${SNAPSHOTS_PREFIX}2021010${count}T000000Z/manifest.json`
      await originals.putAll([{ key: manifest, bytes: Buffer.from('{}') }], { contentType: 'application/json' })
    }
    const written = await writeSnapshot({ pg: app.pg, originals })
    expect(written?.parts.map(({ table, rows }) => [table, rows])).toContainEqual(['item', 1])
    const folders = new Set((await keysOf(originals, SNAPSHOTS_PREFIX)).map((key) => key.split('/')[1]))
    expect([...folders]).toHaveLength(7)
    expect(folders).not.toContain('20200101T000000Z')
  })
  it('with less than half of the items of an earlier one is rebuilt from only if it is named', async () => {
    const buckets = await testBuckets()
    const { app } = await open(buckets)
    const stores = { pg: app.pg, originals: app.stores.originals }
    const whole = await writeSnapshot(stores)
    // As of a service that was started on another database.
    await app.pg.query(`delete from item where slug like 'item-%'`)
    const torn = await nextSnapshot(app)

    const { deps } = await lost(buckets)
    await expect(rebuild(deps)).rejects.toThrow(
      `The latest snapshot, ${torn?.name}, has less than half of the items of ${whole?.name} (1 of 9): say with --snapshot which one to rebuild from.`,
    )
    await expect(rebuild(deps, { snapshot: 'yesterday' })).rejects.toThrow(
      new RegExp(`There is no snapshot yesterday in .*; there are ${whole?.name}, ${torn?.name}\\.`),
    )
    expect(await rebuild(deps, { snapshot: whole?.name ?? '' })).toMatchObject({
      takenAt: whole?.takenAt,
      originals: { unchanged: 9 },
    })
  })
  it('of an empty database never replaces those to rebuild from', async () => {
    const app = await testApp()
    const { originals } = app.stores
    const manifest = `${SNAPSHOTS_PREFIX}20210101T000000Z/manifest.json`
    await originals.putAll([{ key: manifest, bytes: Buffer.from('{}') }], { contentType: 'application/json' })
    expect(await writeSnapshot({ pg: app.pg, originals })).toBeNull()
    expect(await keysOf(originals, SNAPSHOTS_PREFIX)).toEqual([manifest])
  })
})
