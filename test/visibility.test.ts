import { generateKeyPairSync, verify } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { anonymousCaller, type Caller, type TokenScope } from '../src/access/caller.ts'
import { signPath } from '../src/access/signed-url.ts'
import type { App } from '../src/app.ts'
import { CACHE_TAG_HEADER } from '../src/core/cache-tags.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { PRIVATE_PREFIX } from '../src/core/visibility.ts'
import { pictureUrlOf } from '../src/graphql/picture-url.ts'
import { listed, reachable } from '../src/graphql/visible.ts'
import { importItems } from '../src/import/import-items.ts'
import { indexItems } from '../src/search/index-items.ts'
import { setVisibility } from '../src/takedown/set-visibility.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { warmRemainingPresets } from '../src/variants/warm.ts'
import { cloudFrontServer } from './support/cloudfront-server.ts'
import { seededRandom } from './support/random.ts'
import { runTasks } from './support/run-tasks.ts'
import { testBuckets } from './support/s3.ts'
import { ask, drawing, entry, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { keysOf, packSets, uploadArchive } from './support/uploads.ts'

const FAMILY = uniqueIdOf('acme/basics')

async function open(env: Record<string, string> = {}) {
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [
    entry('arrow', drawing(1)),
    entry('secret', drawing(2)),
    entry('scene', drawing(3), { kind: 'ILLUSTRATION' }),
    entry('theirs', drawing(5), { vendor: 'zeta' }),
  ])
  const get = (path: string, init?: RequestInit) => fetch(`${url}${path}`, { redirect: 'manual', ...init })
  return { app, url, get }
}

const itemOf = (app: App, slug: string) => app.prisma.item.findFirstOrThrow({ where: { slug } })
const keyOf = async (app: App, slug: string) =>
  variantKeyOf(app, await itemOf(app, slug), { preset: 'thumbnail', format: 'WEBP' })
const nodeId = (type: string, id: number) => Buffer.from(`${type}:${id}`).toString('base64')

type Visibility = 'PUBLIC' | 'UNLISTED' | 'PRIVATE'
type Mutation = 'setVisibility' | 'setIconSetVisibility' | 'setFamilyVisibility'
async function mutate(url: string, mutation: Mutation, { id, to }: { id: string; to: Visibility }) {
  const query = `mutation { done: ${mutation}(id: "${id}", visibility: ${to}) { visibility } }`
  const { data, errors } = await ask<{ done: { visibility: Visibility } }>(url, query)
  expect(errors).toBeUndefined()
  return data.done.visibility
}
const work = (app: App) => runTasks(app, 'urgent')

/** Whatever the public can learn of an item by asking GraphQL, as the names of the ways in which it was found. */
async function waysTo(url: string, { app, slug, token = null }: { app: App; slug: string; token?: string | null }) {
  const { id, uniqueId, familyId, iconSetId } = await itemOf(app, slug)
  const icon = nodeId('Icon', id)
  const { uniqueId: other } = await itemOf(app, 'arrow')
  const query = `{
    node: node(id: "${icon}") { ...I }
    byUniqueId: node(id: "${uniqueId}") { ...I }
    nodes: nodes(ids: ["${icon}"]) { ...I }
    item: item(uniqueId: "${uniqueId}") { ...I }
    itemByNode: item(uniqueId: "${icon}") { ...I }
    explain: explain(url: "${uniqueId}") { sentence objectKey item { ...I } }
    items: items(first: 100) { nodes { ...I } }
    scoped: items(first: 100, scope: { family: "${FAMILY}" }, kind: ICON) { nodes { ...I } }
    newest: items(first: 100, sort: NEWEST) { nodes { ...I } }
    search: items(search: "${slug}") { nodes { ...I } facets { tags { value } kinds { count } } }
    family: node(id: "${nodeId('Family', familyId)}") { ... on Family { items { nodes { ...I } totalCount } iconSets { nodes { items { nodes { ...I } } } } } }
    set: node(id: "${nodeId('IconSet', iconSetId)}") { ... on IconSet { items(kind: ICON) { nodes { ...I } } } }
    suggest: suggest(prefix: "${slug.slice(0, 3)}") { text }
    look: item(uniqueId: "${other}") { similar { nodes { ...I } } }
    color: item(uniqueId: "${other}") { similar(by: COLOR) { nodes { ...I } } }
    vendor: vendor(username: "acme") { families(first: 5) { nodes { items(first: 5, search: "${slug}") { nodes { ...I } } } } }
    ${token ? 'failures { nodes { item { ...I } } }' : ''}
  } fragment I on Item { slug }`
  const { data, errors } = await ask<Record<string, object>>(url, query, { token })
  expect(errors).toBeUndefined()
  return Object.keys(data).filter((name) => JSON.stringify(data[name]).includes(slug))
}
const EVERY_WAY = [
  'node',
  'byUniqueId',
  'nodes',
  'item',
  'itemByNode',
  'explain',
  'items',
  'scoped',
  'newest',
  'search',
]
const BY_ID = ['node', 'byUniqueId', 'nodes', 'item', 'itemByNode', 'explain']

async function urlOf(url: string, { app, slug, token }: { app: App; slug: string; token?: string | null }) {
  const { uniqueId } = await itemOf(app, slug)
  const query = `{ item(uniqueId: "${uniqueId}") { visibility image(preset: "thumbnail") { url status } srcSet picture { src srcSet stableUrl } } }`
  type Item = { visibility: Visibility; image: { url: string; status: string }; srcSet: string }
  const { data } = await ask<{ item: (Item & { picture: Record<string, string> }) | null }>(url, query, {
    ...(token === undefined ? {} : { token }),
  })
  return data.item
}

describe('a private item', () => {
  it('does not exist for the public, in any way, and has a signed URL for a token', async () => {
    const tagged = { CacheTagConfig: { HeaderName: CACHE_TAG_HEADER } }
    const cloudFront = await cloudFrontServer(tagged)
    const { app, url, get } = await open(cloudFront.env)
    const key = await keyOf(app, 'secret')
    const { uniqueId, id } = await itemOf(app, 'secret')
    const transform = `/i/${uniqueId}.webp?w=64`
    const paths = [
      `/images/${key}`,
      `/images/${key.replace(/\.[a-z2-7]{16}\./, '.')}`,
      transform,
      `/images${transform}`,
    ]
    expect(await Promise.all(paths.map(async (path) => (await get(path)).status))).toEqual([200, 302, 302, 302])
    expect((await get(`/f/${FAMILY}/card.webp`)).status).toBe(302)
    expect(await waysTo(url, { app, slug: 'secret' })).toEqual(expect.arrayContaining(EVERY_WAY))
    expect(await keysOf(app.stores.previews)).toHaveLength(3)

    expect(await mutate(url, 'setVisibility', { id: uniqueId, to: 'PRIVATE' })).toBe('PRIVATE')
    const statuses = async () => await Promise.all(paths.map(async (path) => (await get(path)).status))
    expect([await waysTo(url, { app, slug: 'secret' }), await statuses()]).toEqual([[], [404, 404, 404, 404]])
    expect((await get(`/images/${key}`)).headers.get('cache-control')).toBe('public, max-age=60')
    await work(app)
    const stem = key.slice(0, key.indexOf('-thumbnail'))
    expect((await keysOf(app.stores.previews)).filter((each) => each.startsWith(stem))).toEqual([])
    expect(await app.prisma.takeDown.findMany()).toMatchObject([
      { kind: 'PRIVATE', targetType: 'ITEM', targetId: id, status: 'COMPLETED', error: null, note: null },
    ])
    expect(cloudFront.invalidations.flatMap(({ items }) => items)).toContain(`#item-${uniqueId}`)
    expect([await waysTo(url, { app, slug: 'secret' }), await statuses()]).toEqual([[], [404, 404, 404, 404]])
    expect((await keysOf(app.stores.previews)).filter((each) => each.startsWith(stem))).toEqual([])

    const seen = await urlOf(url, { app, slug: 'secret' })
    expect(seen).toMatchObject({ visibility: 'PRIVATE', image: { status: 'PENDING' } })
    const signed = seen?.image.url ?? ''
    expect(signed).toMatch(/\/images\/_private\/acme\/.*\?until=\d+&sig=[\w-]+$/)
    const urls = [seen?.srcSet, seen?.picture.src, seen?.picture.srcSet, seen?.picture.stableUrl].join(', ').split(', ')
    for (const each of urls) expect(each).toContain('/_private/')
    const picture = await fetch(signed)
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/webp'])
    expect(picture.headers.get('cache-control')).toBe('private, max-age=600')
    expect(picture.headers.has(CACHE_TAG_HEADER)).toBe(false)
    expect(await urlOf(url, { app, slug: 'secret' })).toMatchObject({ image: { url: signed, status: 'READY' } })
    const latest = `{ latestImages { url item { slug } } item(uniqueId: "${uniqueId}") { image(preset: "thumbnail") { madeAt } } }`
    expect((await ask<object>(url, latest)).data).toMatchObject({
      latestImages: [{ url: signed, item: { slug: 'secret' } }],
      item: { image: { madeAt: expect.any(String) } },
    })
    expect(await keysOf(app.stores.originals, PRIVATE_PREFIX)).toEqual([PRIVATE_PREFIX + key])
    expect((await keysOf(app.stores.previews)).filter((each) => each.includes('secret'))).toEqual([])
    expect(await waysTo(url, { app, slug: 'secret', token: 'test-admin-token' })).toEqual(expect.arrayContaining(BY_ID))

    for (const forged of [
      signed.replace(/sig=./, (text) => (text.endsWith('A') ? 'sig=B' : 'sig=A')),
      signed.replace(/until=\d/, 'until=9'),
      signed.replace('thumbnail', 'preview'),
      signed.replace(/\?.*/, ''),
      signed.replace(/&.*/, ''),
    ])
      expect([forged, (await fetch(forged)).status]).toEqual([forged, 404])

    expect(await mutate(url, 'setVisibility', { id: uniqueId, to: 'PUBLIC' })).toBe('PUBLIC')
    expect(await statuses()).toEqual([200, 302, 302, 302])
    expect(await keysOf(app.stores.previews)).toContain(key)
    expect(await app.prisma.takeDown.findMany()).toMatchObject([{ status: 'RESTORED' }])
  })

  it('is what all items of a private set or family are, also those that come later', async () => {
    const { app, url, get } = await open()
    const { familyId, iconSetId } = await itemOf(app, 'secret')
    const [theirs, own] = [await keyOf(app, 'theirs'), await keyOf(app, 'arrow')]
    for (const key of [theirs, own, await keyOf(app, 'scene')]) expect((await get(`/images/${key}`)).status).toBe(200)
    await mutate(url, 'setFamilyVisibility', { id: nodeId('Family', familyId), to: 'PRIVATE' })
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('later', drawing(9))])
    await work(app)
    expect(await keysOf(app.stores.previews)).toEqual([theirs])
    const query = `{ family(uniqueId: "${FAMILY}") { name } iconSet(uniqueId: "${uniqueIdOf('acme/basics/ICON')}") { name }
      families { nodes { uniqueId } } items { nodes { slug } } vendor(username: "acme") { families { totalCount nodes { name } } } }`
    expect((await ask(url, query, { token: null })).data).toEqual({
      family: null,
      iconSet: null,
      families: { nodes: [{ uniqueId: uniqueIdOf('zeta/basics') }] },
      items: { nodes: [{ slug: 'theirs' }] },
      vendor: { families: { totalCount: 0, nodes: [] } },
    })
    const unknown = await ask(url, `{ items(scope: { family: "${FAMILY}" }) { nodes { slug } } }`, { token: null })
    expect(unknown.errors?.[0]?.extensions.code).toBe('NOT_FOUND')
    expect((await get(`/f/${FAMILY}/card.webp`)).status).toBe(404)
    expect((await get(`/images/${await keyOf(app, 'later')}`)).status).toBe(404)

    await mutate(url, 'setIconSetVisibility', { id: nodeId('IconSet', iconSetId), to: 'UNLISTED' })
    await mutate(url, 'setFamilyVisibility', { id: FAMILY, to: 'PUBLIC' })
    const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
    expect(items.map(({ slug, visibility }) => `${slug} ${visibility}`)).toEqual([
      'arrow UNLISTED',
      'secret UNLISTED',
      'scene PUBLIC',
      'theirs PUBLIC',
      'later UNLISTED',
    ])
    expect((await get(`/images/${own}`)).status).toBe(200)
    expect(await setVisibility(app, { type: 'FAMILY', id: familyId }, { visibility: 'PUBLIC' })).toBeUndefined()
    const foreign = setVisibility(app, { type: 'FAMILY', id: familyId }, { visibility: 'PUBLIC', vendorId: 999 })
    await expect(foreign).rejects.toThrow('There is no family')
  })

  it('is made in the private place by a backfill', async () => {
    const { app, url } = await open()
    const { uniqueId } = await itemOf(app, 'secret')
    await mutate(url, 'setVisibility', { id: uniqueId, to: 'PRIVATE' })
    await ask(url, 'mutation { startBackfill(input: { presets: ["thumbnail"] }) { id } }')
    await runTasks(app, 'urgent')
    await runTasks(app, 'long')
    expect(await keysOf(app.stores.originals, PRIVATE_PREFIX)).toEqual([PRIVATE_PREFIX + (await keyOf(app, 'secret'))])
    const shown = ['arrow', 'scene', 'theirs']
    const keys = await Promise.all(shown.map((slug) => keyOf(app, slug)))
    expect(await keysOf(app.stores.previews)).toEqual(keys.sort())
  })
})

it('an unlisted item has its URLs and ids, and is in no list, search or count', async () => {
  const { app, url, get } = await open()
  const { uniqueId } = await itemOf(app, 'secret')
  expect(await mutate(url, 'setVisibility', { id: uniqueId, to: 'UNLISTED' })).toBe('UNLISTED')
  expect(await waysTo(url, { app, slug: 'secret' })).toEqual(BY_ID)
  for (const path of [`/images/${await keyOf(app, 'secret')}`, `/i/${uniqueId}.webp`])
    expect((await get(path)).status).toBeLessThan(400)
  expect(await app.prisma.takeDown.count()).toBe(0)
})

const ORDER = ['PUBLIC', 'UNLISTED', 'PRIVATE'] as const
const strictest = (all: readonly Visibility[]) => ORDER[Math.max(...all.map((each) => ORDER.indexOf(each)))] ?? 'PUBLIC'

it('no public object, list or search ever shows a private item, after any order of operations', async () => {
  const presets = path.join(await tempDirectory(), 'presets.json')
  await writeFile(presets, JSON.stringify({ thumbnail: { width: 24, height: 24, formats: ['webp'] } }))
  const { app, url, get } = await open({ PRESETS_FILE: presets })
  const random = seededRandom()
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const own = new Map<string, Visibility>()
  let added = 0
  const items = () => app.prisma.item.findMany({ orderBy: { id: 'asc' }, include: { iconSet: true, family: true } })
  const keyFor = (item: { sourceKey: string; sourceHash: string }) =>
    variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' })
  const change = async (type: 'ITEM' | 'ICON_SET' | 'FAMILY', id: number) => {
    const visibility = oneOf(ORDER)
    own.set(`${type} ${id}`, visibility)
    await setVisibility(app, { type, id }, { visibility })
  }
  const operations = {
    add: async () => {
      const kind = oneOf(['ICON', 'ILLUSTRATION'] as const)
      const family = oneOf(['basics', 'other'])
      const slug = `added-${added++}`
      await importItems({ pg: app.pg, originals: app.stores.originals }, [
        entry(slug, drawing(added), { kind, family }),
      ])
    },
    item: async () => change('ITEM', oneOf(await items()).id),
    set: async () => change('ICON_SET', oneOf(await items()).iconSetId),
    family: async () => change('FAMILY', oneOf(await items()).familyId),
    request: async () => (await get(`/images/${keyFor(oneOf(await items()))}`)).arrayBuffer(),
    signed: async () => {
      const key = keyFor(oneOf(await items()))
      await (await fetch(pictureUrlOf({ app, imageUrl: `${url}/images` }, { key, isPrivate: true }))).arrayBuffer()
    },
    composite: async () => (await get(`/f/${oneOf(await items()).family.uniqueId}/card.webp`)).arrayBuffer(),
    backfill: async () => {
      const itemIds = (await items()).map(({ id }) => id)
      await warmRemainingPresets(app, { itemIds, signal: new AbortController().signal })
    },
    work: () => work(app),
  }
  const names = Object.keys(operations) as (keyof typeof operations)[]

  for (let step = 0; step < 24; step++) {
    // Two at a time, so that a change meets renders in progress; not two changes, whose order would be unknown.
    const [first, second] = [oneOf(names), oneOf(['request', 'composite', 'backfill', 'work'] as const)]
    await Promise.all([operations[first](), operations[second]()])
    const all = await items()
    for (const item of all) {
      const stated = [`ITEM ${item.id}`, `ICON_SET ${item.iconSetId}`, `FAMILY ${item.familyId}`]
      expect(item.visibility, `${first} ${item.slug}`).toBe(strictest(stated.map((each) => own.get(each) ?? 'PUBLIC')))
    }
    const hidden = all.filter(({ visibility }) => visibility === 'PRIVATE')
    const slugs = all.filter(({ visibility }) => visibility === 'PUBLIC').map(({ slug }) => slug)
    await indexItems(app.pg)
    const query = `{ items(first: 100) { nodes { slug } } search: items(first: 100, sort: NEWEST) { nodes { slug } } }`
    type Page = { nodes: { slug: string }[] }
    const { data } = await ask<{ items: Page; search: Page }>(url, query, { token: null })
    expect(data.items.nodes.map(({ slug }) => slug)).toEqual(slugs)
    expect(data.search.nodes.map(({ slug }) => slug).reverse()).toEqual(slugs)
    for (const item of hidden) expect((await get(`/images/${keyFor(item)}`)).status, item.slug).toBe(404)

    await work(app)
    const objects = await keysOf(app.stores.previews)
    for (const { slug } of hidden)
      expect(
        objects.filter((key) => key.includes(`/${slug}-`)),
        `${first} and ${second}`,
      ).toEqual([])
    const images = await app.prisma.image.findMany({ where: { ownerType: 'FAMILY' } })
    const composites = objects.filter((key) => key.includes('/previews/'))
    expect(composites.filter((key) => !images.some(({ objectKey }) => objectKey === key))).toEqual([])
    const isHidden = new Set(hidden.map(({ id }) => id))
    for (const { preset: layout, sourceHash: membersHash } of images)
      for (const { members } of await app.prisma.composite.findMany({ where: { layout, membersHash } }))
        expect(
          members.filter((id) => isHidden.has(id)),
          `${first} and ${second}`,
        ).toEqual([])
  }
  for (const item of await items())
    expect((await get(`/images/${keyFor(item)}`)).status).toBe(item.visibility === 'PRIVATE' ? 404 : 200)
})

it('a manifest says it for a family, a set and a file, and what it does not say stays', async () => {
  const { app, url, get } = await open()
  const files = { a: drawing(20), b: drawing(21) }
  const upload = async (sets: Parameters<typeof packSets>[0], visibility?: 'public' | 'unlisted' | 'private') => {
    const done = await uploadArchive(
      { app, url },
      await packSets(sets, { family: 'New', ...(visibility && { visibility }) }),
    )
    expect([done.status, done.problems.nodes]).toEqual(['COMPLETED', []])
    await work(app)
    const items = await app.prisma.item.findMany({ where: { family: { name: 'New' } }, orderBy: { id: 'asc' } })
    return items.map((item) => `${item.slug} ${item.visibility}`)
  }
  const publicObjects = async () =>
    (await keysOf(app.stores.previews)).flatMap((key) => /([ab])-thumbnail/.exec(key)?.[1] ?? [])
  expect(await upload([{ name: 'S', files, visibilities: { b: 'private' } }])).toEqual(['a PUBLIC', 'b PRIVATE'])
  expect(await publicObjects()).toEqual(['a'])
  expect(await app.prisma.takeDown.count()).toBe(0)
  expect((await keysOf(app.stores.originals, PRIVATE_PREFIX)).some((key) => key.includes('/b-thumbnail'))).toBe(true)

  expect(await upload([{ name: 'S', files, visibility: 'unlisted' }])).toEqual(['a UNLISTED', 'b PRIVATE'])
  expect(await upload([{ name: 'S', files: { ...files, c: drawing(22) } }], 'private')).toEqual([
    'a PRIVATE',
    'b PRIVATE',
    'c PRIVATE',
  ])
  expect(await publicObjects()).toEqual([])
  expect(await app.prisma.takeDown.findMany()).toMatchObject([{ kind: 'PRIVATE', targetType: 'FAMILY' }])
  const again = [{ name: 'S', files, visibility: 'public' as const, visibilities: { b: 'public' as const } }]
  expect(await upload(again, 'public')).toEqual(['a PUBLIC', 'b PUBLIC', 'c PUBLIC'])
  for (const slug of ['a', 'b', 'c']) expect((await get(`/images/${await keyOf(app, slug)}`)).status).toBe(200)
  expect(await upload([{ name: 'S', files, visibilities: { a: 'private' } }])).toContain('a PRIVATE')
  expect(await publicObjects()).toEqual(['b'])

  const bad = await uploadArchive({ app, url }, await packSets([{ name: 'S', files, visibility: 'secret' as never }]))
  expect(bad.problems.nodes).toMatchObject([{ code: 'SCHEMA', pointer: '/families/0/sets/0/visibility' }])
})

it('leaves nothing public of a render that was in progress when an item became private', async () => {
  const { app, get } = await open()
  const { id } = await itemOf(app, 'secret')
  const key = await keyOf(app, 'secret')
  const { previews } = app.stores
  const put = previews.put.bind(previews)
  const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  Object.assign(previews, {
    put: async (...args: Parameters<typeof put>) => {
      reached.resolve()
      await gate.promise
      return await put(...args)
    },
  })
  const inFlight = get(`/images/${key}`)
  await reached.promise
  await setVisibility(app, { type: 'ITEM', id }, { visibility: 'PRIVATE' })
  expect((await get(`/images/${key}`)).status).toBe(404)
  const working = work(app)
  await until(async () => (await app.prisma.takeDown.findFirstOrThrow()).status === 'RUNNING')
  gate.resolve()
  expect((await inFlight).status).toBe(200)
  await working
  expect([await keysOf(previews), await app.prisma.image.count()]).toEqual([[], 0])
  expect(await app.prisma.takeDown.findFirstOrThrow()).toMatchObject({ status: 'COMPLETED', objectsDeleted: 1 })
})

describe('an original', () => {
  const query = '{ item(uniqueId: "ID") { original { url expiresAt } } }'
  type Answer = { item: { original: { url: string; expiresAt: string } | null } }

  it('is downloaded from a signed URL, as an attachment that runs nothing', async () => {
    const { app, url } = await open()
    const { uniqueId, sourceKey } = await itemOf(app, 'secret')
    const document = query.replace('ID', uniqueId)
    expect((await ask<Answer>(url, document, { token: null })).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    const { data } = await ask<Answer>(url, document)
    const signed = data.item.original?.url ?? ''
    expect(signed.startsWith(`${url}/originals/${sourceKey}?until=`)).toBe(true)
    const leftS = (Date.parse(data.item.original?.expiresAt ?? '') - Date.now()) / 1000
    expect(leftS).toBeGreaterThan(200)
    expect(leftS).toBeLessThanOrEqual(300)
    const response = await fetch(signed)
    expect([response.status, await response.text()]).toEqual([200, drawing(2)])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-disposition': 'attachment; filename="secret.svg"',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    })
    const expires = Math.floor(Date.now() / 1000) + 60
    const sign = (signing: Parameters<typeof signPath>[1]) =>
      `${url}/originals/${sourceKey}?${signPath(app.urlSecret, signing)}`
    const path = sourceKey
    const tried = [
      [sign({ purpose: 'original', path, expires }), 200],
      [sign({ purpose: 'original', path, expires: expires - 120 }), 403],
      [sign({ purpose: 'picture', path, expires }), 404],
      [sign({ purpose: 'original', path: `${path}x`, expires }), 404],
      [signed.replace('secret.svg', 'arrow.svg'), 404],
      [signed.replace(/sig=[^&]*/, 'sig='), 404],
      [`${url}/originals/${sourceKey}`, 404],
    ] as const
    for (const [address, status] of tried) expect([address, (await fetch(address)).status]).toEqual([address, status])
    expect((await fetch(signed, { method: 'POST' })).status).toBe(405)
  })

  it('is downloaded from the bucket itself', async () => {
    const { app, url } = await open(await testBuckets())
    const { uniqueId } = await itemOf(app, 'secret')
    const { data } = await ask<Answer>(url, query.replace('ID', uniqueId))
    const signed = data.item.original?.url ?? ''
    expect(new URL(signed).searchParams.get('X-Amz-Expires')).toBe('300')
    const response = await fetch(signed)
    expect([response.status, await response.text()]).toEqual([200, drawing(2)])
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="secret.svg"')
  })
})

it('private URLs are signed for a CDN with a key too, which its public key confirms', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const { app, url } = await open({
    CDN_KEY_PAIR_ID: 'K2JCJMDEHXQW5F',
    CDN_PRIVATE_KEY: pem.replaceAll('\n', '\\n'),
    PUBLIC_IMAGE_URL: 'https://cdn.example',
  })
  const { id } = await itemOf(app, 'secret')
  await setVisibility(app, { type: 'ITEM', id }, { visibility: 'PRIVATE' })
  const signed = new URL((await urlOf(url, { app, slug: 'secret' }))?.image.url ?? '')
  const cdn = Object.fromEntries(
    ['Expires', 'Signature', 'Key-Pair-Id'].map((name) => [name, signed.searchParams.get(name)]),
  )
  for (const name of Object.keys(cdn)) signed.searchParams.delete(name)
  expect(cdn).toMatchObject({ 'Key-Pair-Id': 'K2JCJMDEHXQW5F', Expires: signed.searchParams.get('until') })
  // The canned policy: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
  const condition = { DateLessThan: { 'AWS:EpochTime': Number(cdn.Expires) } }
  const policy = JSON.stringify({ Statement: [{ Resource: signed.href, Condition: condition }] })
  const signature = Buffer.from(
    cdn.Signature?.replace(/[-_~]/g, (sign) => ({ '-': '+', _: '=', '~': '/' })[sign] ?? '') ?? '',
    'base64',
  )
  expect(verify('sha1', Buffer.from(policy), publicKey, signature)).toBe(true)
  // The CDN removes its own parameters and requests the rest from the service.
  expect((await fetch(`${url}/images${signed.pathname}${signed.search}`)).status).toBe(200)
})

it('a token sees what is private of its vendor, and lists show it what it may change', () => {
  const caller = (scopes: TokenScope[], vendorId: number | null = null): Caller => ({
    actor: 'token:ai_live_7KQ2',
    scopes: new Set(scopes),
    vendor: vendorId === null ? null : { id: vendorId, username: 'acme' },
    tokenId: 1,
    expiresAt: null,
  })
  const notPrivate = { visibility: { not: 'PRIVATE' } }
  const [isPublic, own] = [{ visibility: 'PUBLIC' }, { vendorId: 7 }]
  const cases: [Caller, object, object][] = [
    [anonymousCaller({ publicReads: true }), { OR: [notPrivate] }, { OR: [isPublic] }],
    [caller(['upload:write']), { OR: [notPrivate] }, { OR: [isPublic] }],
    [caller(['catalogue:read']), {}, { OR: [isPublic] }],
    [caller(['catalogue:read', 'catalogue:write']), {}, {}],
    [caller(['catalogue:read'], 7), { OR: [notPrivate, own] }, { OR: [isPublic, own] }],
    [caller(['catalogue:read', 'catalogue:write'], 7), { OR: [notPrivate, own] }, { OR: [isPublic, own] }],
  ]
  for (const [who, expectedById, expectedInLists] of cases) {
    expect(reachable({ caller: who })).toEqual(expectedById)
    expect(listed({ caller: who })).toEqual(expectedInLists)
  }
})
