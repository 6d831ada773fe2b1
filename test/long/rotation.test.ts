import { describe, expect, it, onTestFinished } from 'vitest'
import { type App, openApp } from '../../src/app.ts'
import { startBackfill } from '../../src/backfill/backfills.ts'
import { checkRequest } from '../../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../../src/catalogue/scope.ts'
import { findComposite } from '../../src/composites/find.ts'
import { compositeKeyOf, makeComposite } from '../../src/composites/make.ts'
import type { Config } from '../../src/core/config.ts'
import { recipeOf } from '../../src/core/transform.ts'
import { offeredTransform } from '../../src/core/transform-request.ts'
import type { UrlSecret } from '../../src/core/version.ts'
import { PRIVATE_PREFIX } from '../../src/core/visibility.ts'
import { countChanges } from '../../src/coverage/count.ts'
import { serve } from '../../src/http/server.ts'
import { deleteSuperseded } from '../../src/retention/delete-superseded.ts'
import { copyMoved } from '../../src/rotation/copy-moved.ts'
import { locateTarget } from '../../src/takedown/locate-target.ts'
import { setVisibility } from '../../src/takedown/set-visibility.ts'
import { takeDown } from '../../src/takedown/take-down.ts'
import { checkUploadUrl, signUploadUrl } from '../../src/uploads/upload-url.ts'
import { createVariantFinder } from '../../src/variants/find.ts'
import { findWork, standardOrder } from '../../src/variants/find-missing.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { makeItems } from '../../src/variants/make-items.ts'
import { specOf } from '../../src/variants/offered.ts'
import { testDatabase } from '../support/database.ts'
import { seededRandom } from '../support/random.ts'
import { testRenderers } from '../support/renderers.ts'
import { runTasks } from '../support/run-tasks.ts'
import { testBuckets } from '../support/s3.ts'
import { ask, importDrawings, tempDirectory, testApp, testConfig, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'
import { keysOf } from '../support/uploads.ts'

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

/** So that an API which is replaced need not wait for idle connections. */
const ONCE = { headers: { connection: 'close' } }

/** The keys that an API issues: of thumbnails, transforms and a family's preview. */
async function issuedBy(url: string): Promise<string[]> {
  const headers = { ...ONCE.headers, 'content-type': 'application/json' }
  const response = await fetch(`${url}/graphql?query=${encodeURIComponent(PICTURES)}`, { headers })
  const { data } = (await response.json()) as { data: Pictures }
  const urls = [
    ...data.items.nodes.flatMap((item) => [item.thumbnail.url, item.transform.url]),
    ...data.families.nodes.map(({ preview }) => preview.url),
  ]
  return urls.map((picture) => new URL(picture).pathname.replace('/images/', ''))
}

const get = (url: string, key: string) => fetch(`${url}/images/${key}`, { redirect: 'manual', ...ONCE })

async function objectsOf(app: App): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of app.stores.previews.list('')) keys.push(key)
  return keys
}

/** Two items with all their pictures under keys of the old secret, and under those of the new one. */
async function rotated() {
  const { start } = await installation()
  const before = await start('old')
  await importDrawings(before, 2)
  const old = await makeAll((await testServer(before)).url)
  const after = await start('new,old')
  const { url } = await testServer(after)
  return { start, old, after, url, issued: await makeAll(url) }
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

    await before.pg.query(
      `insert into webhook (url, secret, types) values ('https://example.com', 'x', '{image.variant.created,preview.family.created}')`,
    )
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
    await runTasks(after, 'urgent')
    const done = await until(async () => {
      await runTasks(after, 'long')
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
    // Whoever keeps keys learns the new ones.
    const events = await after.pg.query(`select data ->> 'objectKey' as key from event order by id`)
    expect(events.rows.map((row) => row.key)).toEqual(expect.arrayContaining(keys))
    expect(events.rows).toHaveLength(4 + after.layouts.size)
    // The previews of the other layouts, which never existed.
    expect(after.pool.stats.renders).toBe(after.layouts.size - 1)
  })

  it('copies under older keys are deleted after the grace period, and their URLs still redirect', async () => {
    const { start, old, after, url, issued } = await rotated()
    const lasting = (keys: readonly string[]) => keys.filter((key) => !key.includes('-t_')).sort()
    const removeWith = (app: App) => deleteSuperseded({ ...app, previews: app.stores.previews }, { graceDays: 30 })
    expect(await removeWith(after)).toBe(0)
    await after.pg.query(`update image set made_at = now() - interval '31 days'`)
    await after.pg.query(`update composite set picked_at = now() - interval '31 days'`)
    // A process that still issues with the old secret deletes nothing of the new one.
    expect(await removeWith(await start('old,new'))).toBe(0)
    expect(await removeWith(after)).toBe(lasting(old).length)
    const left = await objectsOf(after)
    expect(lasting(left)).toEqual(lasting(issued))
    for (const [index, key] of old.entries()) {
      const response = await get(url, key)
      expect([response.status, response.headers.get('location')]).toEqual([301, issued[index]?.split('/').at(-1)])
    }
    expect(after.pool.stats.renders).toBe(0)
  })

  it('a take-down deletes a picture under all of its keys, and none is copied back', async () => {
    const { old, after, url, issued } = await rotated()
    const item = await after.prisma.item.findFirstOrThrow({ where: { slug: 'item-0' } })
    await takeDown(after, { type: 'ITEM', id: item.id }, 'court order')
    await runTasks(after, 'urgent')
    const ofItem = [...old, ...issued].filter((key) => key.includes('/item-0-'))
    expect(ofItem).toHaveLength(4)
    for (const key of ofItem) expect((await get(url, key)).status).toBe(410)
    expect((await objectsOf(after)).filter((key) => key.includes('/item-0-') || key.includes('/previews/'))).toEqual([])
    const { paths } = await locateTarget(after, { kind: 'TAKE_DOWN', targetType: 'ITEM', targetId: item.id })
    expect(paths).toEqual(expect.arrayContaining(ofItem.filter((key) => !key.includes('-t_'))))
  })

  it.each(stores)('private pictures stay private, and their signed URLs go on working (in %s)', async (_in, env) => {
    const { start } = await installation(await env())
    const before = await start('old')
    await importDrawings(before, 5)
    const items = await before.prisma.item.findMany({ orderBy: { id: 'asc' } })
    const [first, second, third, late] = items.map(({ id }) => id)
    const hidden = [first ?? 0, second ?? 0, third ?? 0]
    const hide = (id = 0) => setVisibility(before, { type: 'ITEM', id }, { visibility: 'PRIVATE' })
    const { url: oldUrl } = await testServer(before)
    for (const id of hidden) await hide(id)
    await makeAll(oldUrl)
    // Its public pictures are about to be deleted.
    await hide(late)

    const publicKeys = async (app: App) => (await objectsOf(app)).filter((key) => /\/item-[0-3]-/.test(key))
    const lateKeys = await publicKeys(before)
    expect(lateKeys).toHaveLength(2)
    const signedBy = async (url: string) => {
      const signed = hidden.map(
        (id) => `_${id}: node(id: "${btoa(`Icon:${id}`)}") { ... on Icon { image(preset: "thumbnail") { url } } }`,
      )
      const { data } = await ask<Record<string, { image: { url: string } }>>(url, `{ ${signed.join(' ')} }`)
      return hidden.map((id) => new URL(data[`_${id}`]?.image.url ?? ''))
    }
    const old = await signedBy(oldUrl)
    const read = async (url: string, { pathname, search }: URL) => {
      const response = await fetch(`${url}${pathname}${search}`, ONCE)
      return [response.status, response.headers.get('cache-control'), Buffer.from(await response.arrayBuffer())]
    }
    const bytes = await Promise.all(old.map((each) => read(oldUrl, each)))
    expect(bytes.map(([status]) => status)).toEqual([200, 200, 200])

    for (const secrets of ['new,old', 'newest,new,old']) {
      const app = await start(secrets)
      const { url } = await testServer(app)
      // One on request, and the others by the command, or by a backfill, which also renders what has no private picture yet.
      expect(await read(url, old[0] as URL)).toEqual(bytes[0])
      const { signal } = new AbortController()
      if (secrets === 'new,old') {
        const report = await copyMoved({ ...app, previews: app.stores.previews }, { signal, onBatch() {} })
        // Two private thumbnails, and two pictures of the item that is public; the preview shows one that is not any more.
        expect([report, app.pool.stats.renders]).toEqual([{ copied: 4, lost: 0 }, 0])
      } else {
        const { variants, ...order } = standardOrder(app)
        const thumbnails = { ...order, variants: variants.filter(({ preset }) => preset.name === 'thumbnail') }
        const work = await findWork(app.pg, thumbnails, { afterId: 0, toId: late ?? 0, limit: 10 })
        expect(work.map(({ itemId }) => itemId)).toEqual([second, third, late])
        expect(await makeItems(app, { order: thumbnails, work, signal })).toEqual([])
        expect(app.pool.stats.renders).toBe(1)
      }
      const issued = await signedBy(url)
      for (const [index, each] of issued.entries()) {
        expect(each.pathname).not.toBe(old[index]?.pathname)
        expect(await app.stores.originals.head(each.pathname.replace('/images/', ''))).not.toBeNull()
        expect(await read(url, each)).toEqual(bytes[index])
        expect(await read(url, old[index] as URL)).toEqual(bytes[index])
        for (const { pathname } of [each, old[index] as URL]) {
          expect((await get(url, pathname.replace('/images/', ''))).status).toBe(404)
          expect((await get(url, pathname.replace('/images/_private/', ''))).status).toBe(404)
        }
      }
      expect(await publicKeys(app)).toEqual(lateKeys)
    }
    await runTasks(before, 'urgent')
    expect(await publicKeys(before)).toEqual([])
    // By the keys of all secrets.
    const privateKeys = () => keysOf(before.stores.originals, PRIVATE_PREFIX)
    expect((await privateKeys()).filter((key) => key.includes('/item-0-'))).toHaveLength(3)
    await takeDown(before, { type: 'ITEM', id: hidden[0] ?? 0 }, 'court order')
    await runTasks(before, 'urgent')
    expect((await privateKeys()).filter((key) => key.includes('/item-0-'))).toEqual([])
    expect((await read(oldUrl, old[0] as URL))[0]).toBe(410)
  })

  it('pictures from before secrets were recorded count as current if their keys are', async () => {
    const { start } = await installation()
    const before = await start('old')
    await importDrawings(before, 3)
    await makeAll((await testServer(before)).url)
    const forget = () => before.pg.query('delete from url_secret; update image set url_secret_id = default')
    const labels = async () => {
      const { rows } = await before.pg.query('select distinct url_secret_id as id from image order by 1')
      return rows.map(({ id }) => id)
    }
    for (const [secrets, ready, expected] of [
      ['old', 3, [1]],
      ['new,old', 0, [1]],
      ['old,new', 3, [1]],
      ['new', 0, [0]],
    ] as const) {
      await forget()
      const app = await start(secrets)
      expect(await labels()).toEqual(expected)
      expect(await coverageOf(app, (await testServer(app)).url)).toMatchObject({ ready, stale: 3 - ready })
    }
  })
})

/** An API that a load balancer could replace by another. */
async function openApi(config: Config) {
  const pool = testRenderers(config)
  const app = await openApp(config, { pool })
  const server = await serve(app)
  let closing: Promise<void> | null = null
  const close = () => {
    closing ??= (async () => {
      await server.close()
      await app.close()
      await pool.close()
    })()
    return closing
  }
  onTestFinished(close)
  return { app, url: server.url, close }
}

describe('during a rolling change of the URL secret', () => {
  it('every URL that any API issues works at every other one', async () => {
    const { configWith } = await installation()
    const apis = [await openApi(await configWith('old')), await openApi(await configWith('old'))]
    const random = seededRandom()
    const any = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T
    let renders = 0
    const closeOne = async (api: (typeof apis)[number]) => {
      renders += api.app.pool.stats.renders
      await api.close()
    }
    await importDrawings(any(apis).app, 4)
    const known = new Set(await makeAll(any(apis).url))
    const made = () => renders + apis.reduce((sum, { app }) => sum + app.pool.stats.renders, 0)
    const madeBefore = made()

    const seen = { answers: 0, redirects: 0, bad: [] as string[] }
    /** As a load balancer does, each hop goes to any API; one that is closing is left out. */
    async function follow(key: string, hops = 0): Promise<void> {
      const response = await get(any(apis).url, key).catch(() => null)
      if (!response) return await follow(key, hops)
      await response.arrayBuffer()
      const { status } = response
      if (status === 301 || status === 302) {
        seen.redirects++
        if (hops === 2) seen.bad.push(`${key}: too many redirects`)
        else await follow(key.replace(/[^/]*$/, response.headers.get('location') ?? ''), hops + 1)
      } else {
        seen.answers++
        if (status !== 200) seen.bad.push(`${key}: ${status}`)
      }
    }
    let isRunning = true
    const load = Array.from({ length: 4 }, async () => {
      while (isRunning) {
        const issued = await issuedBy(any(apis).url).catch(() => [])
        for (const key of issued) known.add(key)
        await Promise.all([...issued, any([...known])].map((key) => follow(key)))
      }
    })
    for (const secrets of ['old,new', 'new,old', 'new'])
      for (const index of apis.keys()) {
        const sinceAnswers = seen.answers
        const leaving = apis[index]
        apis[index] = await openApi(await configWith(secrets))
        if (leaving) await closeOne(leaving)
        if (secrets !== 'new') await until(() => seen.answers > sinceAnswers + 200)
        // The load keeps old URLs, which are no longer accepted then.
        if (secrets === 'new,old' && index === apis.length - 1) isRunning = false
      }
    isRunning = false
    await Promise.all(load)
    expect(seen.bad).toEqual([])
    expect(seen.redirects).toBeGreaterThan(0)
    const issued = await issuedBy(any(apis).url)
    for (const key of issued) expect((await get(any(apis).url, key)).status).toBe(200)
    const dropped = [...known].filter((key) => !issued.includes(key) && /\.[a-z2-7]{16}\./.test(key))
    expect(dropped.length).toBeGreaterThan(0)
    for (const key of dropped) expect((await get(any(apis).url, key)).status).toBe(404)
    expect(made()).toBe(madeBefore)
    for (const api of apis) await closeOne(api)
  })
})

describe('10,000 URLs', () => {
  it('that were forged, truncated or reordered, or made with a dropped secret, are refused, and no issued one is', async () => {
    const { start } = await installation()
    const app = await start('new,old')
    await importDrawings(app, 6)
    const [family] = await app.prisma.family.findMany({ include: { vendor: true } })
    const [strip] = app.layouts.values()
    if (!family || !strip) throw new Error('nothing was imported')
    await makeComposite(app, { familyId: family.id, layout: strip, format: 'WEBP' })
    const pick = await app.prisma.composite.findFirstOrThrow({ where: { isCurrent: true } })
    const items = await app.prisma.item.findMany()
    const transforms = [{ width: 64 }, { width: 128, theme: 'DARK' as const }]
    const recipes = (item: (typeof items)[number]) => [
      ...app.presets.values(),
      ...transforms.map((transform) => recipeOf(offeredTransform(app.ladder, transform)).presetFor(item)),
    ]
    const keysWith = (urlSecret: UrlSecret) => [
      ...items.flatMap((item) =>
        recipes(item).flatMap((preset) =>
          preset.formats.map((format) => variantKeyOf({ ...app, urlSecret }, item, specOf(preset, format))),
        ),
      ),
      ...strip.formats.map((format) => {
        const at = { vendor: family.vendor.username, family: family.uniqueId, layout: strip.name, format }
        return compositeKeyOf({ urlSecret }, at, pick)
      }),
    ]
    const issued = app.urlSecrets.flatMap(keysWith)
    const aliases = issued.filter((key) => !key.includes('-t_')).map((key) => key.replace(/\.[a-z2-7]{16}\./, '.'))
    const valid = new Set([...issued, ...aliases])
    const dropped = keysWith({ id: 0, value: 'dropped' })

    const random = seededRandom()
    const below = (count: number) => Math.floor(random() * count)
    const any = <T>(all: readonly T[]) => all[below(all.length)] as T
    const versionIn = (key: string) => /\.([a-z2-7]{16})\./.exec(key)?.[1] ?? ''
    const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
    const ways: ((key: string) => string)[] = [
      // Forged: another character, a random version, the version of another picture, the other case.
      (key) => {
        const at = below(key.length)
        return `${key.slice(0, at)}${any([...BASE32])}${key.slice(at + 1)}`
      },
      (key) => key.replace(versionIn(key), Array.from({ length: 16 }, () => any([...BASE32])).join('')),
      (key) => key.replace(versionIn(key), versionIn(any(issued))),
      (key) => key.replace(versionIn(key), versionIn(key).toUpperCase()),
      // Truncated, at any place and within the version.
      (key) => key.slice(0, below(key.length)),
      (key) => key.replace(versionIn(key), versionIn(key).slice(0, below(16))),
      (key) => key.slice(1 + below(key.length - 1)),
      // Reordered: its parts, and the version's characters.
      (key) => {
        const parts = key.split('/')
        const [a, b] = [below(parts.length), below(parts.length)]
        ;[parts[a], parts[b]] = [parts[b] ?? '', parts[a] ?? '']
        return parts.join('/')
      },
      (key) => key.replace(versionIn(key), [...versionIn(key)].reverse().join('')),
      () => any(dropped),
      (key) => key,
    ]
    const tried = Array.from({ length: 10_000 }, () => any(ways)(any(issued)))
    const find = createVariantFinder(app)
    const isAccepted = async (key: string) => ((await find(key)) ?? (await findComposite(app, key))) !== null
    const wrong = []
    for (let from = 0; from < tried.length; from += 500) {
      const some = tried.slice(from, from + 500)
      const accepted = await Promise.all(some.map(isAccepted))
      for (const [index, key] of some.entries()) if (accepted[index] !== valid.has(key)) wrong.push(key)
    }
    expect(wrong).toEqual([])
    const good = tried.filter((key) => valid.has(key)).length
    expect(good).toBeGreaterThan(500)
    expect(tried.length - good).toBeGreaterThan(7000)
    expect(await app.prisma.image.count()).toBe(1)

    const upload = { originals: app.stores.originals, id: 7, bytes: 1, base: 'http://localhost' }
    const signed = async (urlSecret: UrlSecret) => {
      const { url } = await signUploadUrl({ ...upload, urlSecret }, upload)
      const { searchParams } = new URL(url)
      return { id: 7, expires: searchParams.get('expires') ?? '', signature: searchParams.get('signature') ?? '' }
    }
    for (const urlSecret of app.urlSecrets) expect(checkUploadUrl(app.urlSecrets, await signed(urlSecret))).toBe('good')
    const one = await signed(app.urlSecret)
    for (const forged of [
      await signed({ id: 0, value: 'dropped' }),
      { ...one, id: 8 },
      { ...one, expires: String(Number(one.expires) + 1) },
      { ...one, signature: one.signature.slice(1) },
      { ...one, signature: [...one.signature].reverse().join('') },
    ])
      expect(checkUploadUrl(app.urlSecrets, forged)).toBe('forged')
  })
})
