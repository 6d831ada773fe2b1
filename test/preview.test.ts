import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { CACHE_TAG_HEADER } from '../src/core/cache-tags.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { lockComposites } from '../src/db/locks.ts'
import { importItems } from '../src/import/import-items.ts'
import { deleteSuperseded } from '../src/retention/delete-superseded.ts'
import { restore, takeDown } from '../src/takedown/take-down.ts'
import { cloudFrontServer } from './support/cloudfront-server.ts'
import { runTasks } from './support/run-tasks.ts'
import { ask, drawing, entry, svg, testApp, testConfig, testServer } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

const BASICS = uniqueIdOf('acme/basics')
const FOLDER = `acme/previews/${BASICS}`

const importInto = (app: App, entries: Parameters<typeof importItems>[1]) =>
  importItems({ pg: app.pg, originals: app.stores.originals }, entries)

/** A family of `icons` icons and `scenes` illustrations: two sets. */
const basics = (icons: number, scenes = 0) => [
  ...Array.from({ length: icons }, (_, index) => entry(`icon-${index}`, drawing(index))),
  ...Array.from({ length: scenes }, (_, index) =>
    entry(`scene-${index}`, drawing(1000 + index), { kind: 'ILLUSTRATION' }),
  ),
]

async function open(entries = basics(30, 10), env: Record<string, string> = {}) {
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  await importInto(app, entries)
  const get = (key: string, init?: RequestInit) => fetch(`${url}/images/${key}`, { redirect: 'manual', ...init })
  return { app, url, get }
}

interface Preview {
  url: string
  status: string
  bytes: number | null
  width: number
  height: number
}
async function previewOf(url: string, args = '', family = BASICS): Promise<Preview | null> {
  const query = `{ family(uniqueId: "${family}") { preview${args} { url status bytes width height mimeType lossless engine warnings error { code } } } }`
  const { data, errors } = await ask<{ family: { preview: Preview | null } }>(url, query)
  expect(errors).toBeUndefined()
  return data.family.preview
}
const keyIn = (picture: string | undefined) => (picture ?? '').split('/images/')[1] ?? ''
const lastPart = (picture: string | undefined) => picture?.slice(picture.lastIndexOf('/') + 1)

const VERSIONED = /\/card\.[a-z2-7]{16}\.webp$/
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())
const membersOf = async (app: App, layout = 'card') => {
  const { members } = await app.prisma.composite.findFirstOrThrow({ where: { layout, isCurrent: true } })
  const items = await app.prisma.item.findMany({ where: { id: { in: members } } })
  return members.map((id) => items.find((item) => item.id === id)?.slug ?? '')
}
async function objectsOf(app: App, prefix = `${FOLDER}/`): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of app.stores.previews.list(prefix)) keys.push(key)
  return keys
}
const traces = async (app: App) => ({
  renders: app.pool.stats.renders,
  images: await app.prisma.image.count(),
  composites: await app.prisma.composite.count(),
  objects: (await objectsOf(app, '')).length,
})

const regenerate = (url: string, args: string, token?: string | null) =>
  ask<{ regeneratePreview: { preview: Preview } }>(
    url,
    `mutation { regeneratePreview(family: "${BASICS}"${args}) { preview(layout: "strip") { url status bytes } } }`,
    token === undefined ? {} : { token },
  )

describe('draftPreview', () => {
  it('draws what regeneratePreview would make, and stores nothing', async () => {
    const { app, url, get } = await open([...basics(30, 10), entry('broken', svg(''))])
    type Draft = {
      dataUrl: string
      width: number
      height: number
      seed: number
      members: { slug: string }[]
      cells: Cell[]
      pinned: string[]
      excluded: string[]
    }
    type Cell = { x: number; y: number; width: number; height: number }
    const draft = (args: string, token?: null) =>
      ask<{ draftPreview: Draft }>(
        url,
        `{ draftPreview(family: "${BASICS}", ${args}) { dataUrl width height seed members { slug } cells { x y width height } pinned excluded } }`,
        token === null ? { token } : {},
      )
    const pinned = await app.prisma.item.findFirstOrThrow({ where: { slug: 'icon-5' } })
    const args = `seed: 7, pin: ["${pinned.uniqueId}"]`
    const { data } = await draft(`layout: "strip", ${args}`)
    const { dataUrl, members, ...facts } = data.draftPreview
    expect(facts).toMatchObject({ seed: 7, width: app.layouts.get('strip')?.width })
    expect(members[0]?.slug).toBe('icon-5')
    expect([
      await app.prisma.composite.count(),
      await app.prisma.image.count(),
      await app.prisma.renderFailure.count(),
    ]).toEqual([0, 0, 0])
    expect(await objectsOf(app)).toEqual([])
    const made = await ask<{ regeneratePreview: { preview: Preview } }>(
      url,
      `mutation { regeneratePreview(family: "${BASICS}", layout: "strip", ${args}) { preview(layout: "strip") { url } } }`,
    )
    const stored = await bytesOf(await get(keyIn(made.data.regeneratePreview.preview.url)))
    expect(dataUrl).toBe(`data:image/webp;base64,${stored.toString('base64')}`)
    const { draftPreview: stored7 } = (await draft('layout: "strip"')).data
    expect(stored7).toMatchObject({ seed: 7, dataUrl, pinned: [pinned.uniqueId], excluded: [] })
    expect(stored7.cells.length).toBe(members.length)
    const { width = 0, height = 0 } = app.layouts.get('strip') ?? {}
    for (const cell of stored7.cells)
      expect(cell.x >= 0 && cell.y >= 0 && cell.x + cell.width <= width && cell.y + cell.height <= height).toBe(true)
    const codes = ['layout: "poster"', 'layout: "strip", seed: -1', 'layout: "strip", exclude: ["ZZZZZZZZZZZZ"]']
    for (const bad of codes) expect((await draft(bad)).errors?.[0]?.extensions.code).toBe('BAD_INPUT')
    expect((await draft('layout: "strip"', null)).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
  })
})

describe("a family's preview", () => {
  it('is null without members, and costs no render until it is requested', async () => {
    const { app, url, get } = await open()
    const { id: vendorId } = await app.prisma.vendor.findFirstOrThrow()
    await app.prisma.family.create({ data: { uniqueId: 'EMPTYFAMILY1', name: 'none', vendorId } })
    expect(await previewOf(url, '', 'EMPTYFAMILY1')).toBeNull()
    expect((await get('acme/previews/EMPTYFAMILY1/card.webp')).status).toBe(404)
    const before = await previewOf(url)
    expect(before).toMatchObject({ status: 'PENDING', bytes: null, width: 1200, height: 630 })
    expect(await traces(app)).toEqual({ renders: 0, images: 0, composites: 0, objects: 0 })

    const picture = await fetch(before?.url ?? '')
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/webp'])
    expect(picture.url).toMatch(VERSIONED)
    const bytes = await bytesOf(picture)
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 1200, height: 630 })
    expect(await previewOf(url)).toMatchObject({ url: picture.url, status: 'READY', bytes: bytes.length })
    expect(await app.stores.previews.get(keyIn(picture.url))).toEqual(bytes)
    // One call to a renderer, whatever the number of cells.
    expect(await traces(app)).toEqual({ renders: 1, images: 1, composites: 1, objects: 1 })
    expect(await membersOf(app)).toHaveLength(18)
  })

  it('comes in every layout and format', async () => {
    const { url } = await open(basics(3, 2))
    for (const [layout, format, width, height] of [
      ['card', 'PNG', 1200, 630],
      ['grid', 'WEBP', 960, 960],
      ['contact-sheet', 'WEBP', 1120, 1400],
      ['strip', 'AVIF', 1200, 168],
    ] as const) {
      const preview = await previewOf(url, `(layout: "${layout}", format: ${format})`)
      expect(preview).toMatchObject({ width, height })
      const picture = await fetch(preview?.url ?? '')
      expect(picture.headers.get('content-type')).toBe(`image/${format.toLowerCase()}`)
      expect(await sharp(await bytesOf(picture)).metadata()).toMatchObject({ width, height })
    }
  })

  it('has the same bytes for the same seed and members, in another database too, and others for another seed', async () => {
    const [one, two] = await Promise.all([open(basics(12, 6)), open(basics(12, 6).reverse())])
    const pictures = await Promise.all([one, two].map(({ get }) => get(`${FOLDER}/strip.webp`)))
    const [a, b] = pictures.map(({ headers }) => headers.get('location') ?? '')
    expect(a).toBe(b)
    const [ofOne, ofTwo] = await Promise.all([one, two].map(async ({ get }) => bytesOf(await get(`${FOLDER}/${a}`))))
    expect(ofOne).toEqual(ofTwo)
    const before = await previewOf(one.url, '(layout: "strip")')
    const { data } = await regenerate(one.url, ', seed: 5, layout: "strip"')
    expect(data.regeneratePreview.preview).toMatchObject({ status: 'READY' })
    expect(data.regeneratePreview.preview.url).not.toBe(before?.url)
    const [old, now] = await Promise.all([
      one.get(keyIn(before?.url)),
      one.get(keyIn(data.regeneratePreview.preview.url)),
    ])
    expect([old.status, old.headers.get('location'), now.status]).toEqual([
      302,
      lastPart(data.regeneratePreview.preview.url),
      200,
    ])
    // The old object stays until it is superseded: caches and the bucket still serve it.
    expect(await objectsOf(one.app)).toContain(keyIn(before?.url))
    const again = await regenerate(one.url, ', seed: 0, layout: "strip"')
    expect(again.data.regeneratePreview.preview.url).toBe(before?.url)
  })

  it('is composed once for concurrent requests, and is served like any picture', async () => {
    const { app, get } = await open()
    const busy = await lockComposites(app.pg, [(await app.prisma.family.findFirstOrThrow()).id])
    const asked = Array.from({ length: 50 }, () => get(`${FOLDER}/card.webp`))
    // Another process is composing for the family.
    await busy.release()
    const answers = await Promise.all(asked)
    const [location] = new Set(answers.map(({ headers }) => headers.get('location')))
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.get('location')}`)).size).toBe(1)
    expect(app.pool.stats.renders).toBe(1)
    const key = `${FOLDER}/${location}`
    const full = await get(key)
    const etag = full.headers.get('etag') as string
    expect(Object.fromEntries(full.headers)).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      [CACHE_TAG_HEADER]: `vendor-acme,family-${BASICS},previews-${BASICS}`,
    })
    const head = await get(key, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      full.headers.get('content-length'),
      '',
    ])
    expect((await get(key, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await get(key, { method: 'POST' })).status).toBe(405)
    // Lost from the store, it is made again, with the same bytes.
    await app.stores.previews.delete([key])
    expect((await get(key)).headers.get('etag')).toBe(etag)
    expect(await app.prisma.image.count()).toBe(1)

    // Forged keys are 404 and leave no trace.
    const before = await traces(app)
    for (const key of [
      `${FOLDER}/card.aaaaaaaaaaaaaaaa.webp`,
      `${FOLDER}/card.aaaaaaaaaaaaaaaa.avif`,
      `${FOLDER}/strip.aaaaaaaaaaaaaaaa.webp`,
      `${FOLDER}/poster.webp`,
      `zeta/previews/${BASICS}/card.webp`,
      'acme/previews/AAAAAAAAAAAA/card.webp',
      `acme/preview/${BASICS}/card.webp`,
      `${FOLDER}/card.svg`,
      `${FOLDER}/../card.webp`,
    ])
      expect([key, (await get(key)).status]).toEqual([key, 404])
    expect(await traces(app)).toEqual(before)
  })

  it('replaces a member that cannot be drawn, which is quarantined', async () => {
    const broken = ['<svg xmlns="http://www.w3.org/2000/svg"><g>', svg(''), svg('<path d="M0 0"/>')]
    const { app, get } = await open([
      ...basics(14),
      entry('twin', drawing(1)),
      ...broken.map((source, index) => entry(`broken-${index}`, `${source}<!-- ${index} -->`)),
    ])
    await app.stores.originals.delete([
      (await app.prisma.item.findFirstOrThrow({ where: { slug: 'icon-0' } })).sourceKey,
    ])
    expect((await get(`${FOLDER}/contact-sheet.webp`)).status).toBe(302)
    const members = await membersOf(app, 'contact-sheet')
    // Similar items are shown once.
    expect(members.map((slug) => (slug === 'twin' ? 'icon-1' : slug)).toSorted()).toEqual(
      basics(14)
        .map(({ slug }) => slug)
        .slice(1)
        .sort(),
    )
    const failures = await app.prisma.renderFailure.findMany({ orderBy: { code: 'asc' } })
    expect(failures.map(({ code }) => code)).toEqual(['BLANK', 'BLANK', 'SOURCE_MISSING', 'UNSUPPORTED'])
    // It is unchanged, and failed members are not retried.
    const { renders } = app.pool.stats
    expect((await get(`${FOLDER}/contact-sheet.webp`)).status).toBe(302)
    expect(app.pool.stats.renders).toBe(renders)
  })

  it('of a page of families takes a constant number of statements', async () => {
    const { app, url, get } = await open(basics(3))
    for (let family = 0; family < 20; family++)
      await importInto(app, [entry(`of-${family}`, drawing(family), { family: `family-${family}` })])
    await get(`${FOLDER}/card.webp`)
    const counted = statementCounter(app)
    const count = (first: number) =>
      counted(async () => {
        const { data, errors } = await ask<{ vendor: { families: { nodes: { preview: Preview }[] } } }>(
          url,
          `{ vendor(username: "acme") { families(first: ${first}) { nodes { name
             preview { url status bytes } b: preview(layout: "grid", format: PNG) { url status } } } } }`,
        )
        expect(errors).toBeUndefined()
        expect(data.vendor.families.nodes).toHaveLength(first)
      })
    const few = await count(2)
    expect(await count(20)).toBe(few)
    expect(few).toBeLessThanOrEqual(5)
    expect(app.pool.stats.renders).toBe(1)
  })
})

describe('regeneratePreview', () => {
  it('pins, excludes and saves both, uses a given or a new seed, for one layout or all', async () => {
    const { app, url } = await open(basics(20, 4))
    const ids = new Map((await app.prisma.item.findMany()).map(({ slug, uniqueId }) => [slug, uniqueId]))
    await regenerate(url, `, seed: 1, pin: ["${ids.get('scene-3')}", "${ids.get('icon-7')}"]`)
    for (const layout of app.layouts.keys())
      expect((await membersOf(app, layout)).slice(0, 2)).toEqual(['scene-3', 'icon-7'])
    const first = await membersOf(app)
    const hidden = first[5] ?? ''
    const nodeId = Buffer.from(
      `Icon:${(await app.prisma.item.findFirstOrThrow({ where: { slug: hidden } })).id}`,
    ).toString('base64')
    await regenerate(url, `, exclude: ["${nodeId}"], layout: "card"`)
    const second = await membersOf(app)
    expect(second.slice(0, 2)).toEqual(['scene-3', 'icon-7'])
    expect(second).not.toContain(hidden)
    // All the others stay, because the seed does.
    expect(second.filter((slug) => first.includes(slug)).length).toBeGreaterThanOrEqual(16)
    await regenerate(url, ', layout: "card"')
    expect((await membersOf(app)).slice(0, 2)).toEqual(['scene-3', 'icon-7'])
    expect(await membersOf(app)).not.toEqual(second)
    expect(await membersOf(app)).not.toContain(hidden)
    await regenerate(url, ', seed: 1, pin: [], exclude: [], layout: "card"')
    expect(await app.prisma.composite.findFirst({ where: { layout: 'card', isCurrent: true } })).toMatchObject({
      seed: 1,
      pinned: [],
      excluded: [],
    })
    expect((await membersOf(app, 'strip')).slice(0, 2)).toEqual(['scene-3', 'icon-7'])
  })

  it('refuses unauthorised and invalid requests with one sentence and a code', async () => {
    const { app, url } = await open([...basics(2), entry('theirs', drawing(9), { vendor: 'zeta' })])
    const theirs = (await app.prisma.item.findFirstOrThrow({ where: { slug: 'theirs' } })).uniqueId
    const all = (await app.prisma.item.findMany({ where: { NOT: { slug: 'theirs' } } })).map(({ uniqueId }) => uniqueId)
    const many = Array.from({ length: 101 }, () => `"${theirs}"`).join()
    const rows: [string, string, RegExp, (string | null)?][] = [
      ['', 'FORBIDDEN', /Bearer/, null],
      [', seed: -1', 'BAD_INPUT', /seed is -1; it is a whole number from 0/],
      [', layout: "poster"', 'BAD_INPUT', /no layout "poster"; there are card, grid/],
      [`, pin: ["${theirs}"]`, 'BAD_INPUT', /pin: item \d+ is not an item of this family/],
      [', exclude: ["x"]', 'BAD_INPUT', /exclude: "x" is not the unique id or node id of an item/],
      [`, pin: [${many}]`, 'BAD_INPUT', /pin has 101 entries; at most 100/],
      [`, exclude: [${all.map((id) => `"${id}"`)}]`, 'NOT_FOUND', /This family has nothing left/],
    ]
    for (const [args, code, message, token] of rows) {
      const { errors } = await regenerate(url, args, token)
      expect([args, errors?.[0]?.extensions.code, errors?.[0]?.message]).toEqual([
        args,
        code,
        expect.stringMatching(message),
      ])
    }
    const nobody = 'mutation { regeneratePreview(family: "AAAAAAAAAAAA") { id } }'
    expect((await ask(url, nobody)).errors?.[0]?.extensions.code).toBe('NOT_FOUND')
    const avif = `{ family(uniqueId: "${BASICS}") { preview(layout: "none") { url } } layouts { name cells formats } }`
    expect((await ask(url, avif)).errors?.[0]?.message).toMatch(/no layout "none"/)
    expect(await app.prisma.composite.count()).toBe(0)
  })

  it('records an event for each picture, in the same transaction', async () => {
    const { app, url, get } = await open(basics(3))
    await ask(
      url,
      'mutation { createWebhook(url: "https://example.com/hook", types: ["preview.family.created"]) { secret } }',
    )
    await regenerate(url, ', seed: 3')
    await get(`${FOLDER}/card.avif`)
    await regenerate(url, ', seed: 3')
    const events = await app.prisma.event.findMany({ orderBy: { id: 'asc' } })
    expect(events.map(({ type, family, data }) => [type, family, Object(data).layout, Object(data).format])).toEqual([
      ...[...app.layouts.keys()].map((layout) => ['preview.family.created', BASICS, layout, 'WEBP']),
      ['preview.family.created', BASICS, 'card', 'AVIF'],
    ])
    const [image] = await app.prisma.image.findMany({ orderBy: { id: 'asc' }, take: 1 })
    const { objectKey, width, height, bytes } = image ?? {}
    const told = { family: BASICS, layout: 'card', format: 'WEBP', objectKey, width, height, bytes }
    expect(events[0]?.data).toEqual(told)
  })
})

const work = (app: App) => runTasks(app, 'urgent')

describe('taking down', () => {
  const TAGGED = { CacheTagConfig: { HeaderName: CACHE_TAG_HEADER } }
  it.each([
    ['tag', TAGGED],
    ['path', {}],
  ])('an item gives its family a picture without it; the old one is deleted and purged by %s', async (by, config) => {
    const cloudFront = await cloudFrontServer(config)
    const { app, url, get } = await open(basics(30, 10), cloudFront.env)
    for (const layout of ['card', 'strip']) await get(`${FOLDER}/${layout}.webp`)
    const strip = await membersOf(app, 'strip')
    const slug = (await membersOf(app)).find((each) => !strip.includes(each)) ?? ''
    const item = await app.prisma.item.findFirstOrThrow({ where: { slug } })
    const [before, kept] = [await previewOf(url), await previewOf(url, '(layout: "strip")')]
    const key = keyIn(before?.url)
    // A version that is missing in the table may show it as well.
    const lost = `${FOLDER}/grid.aaaaaaaaaaaaaaaa.webp`
    await app.stores.previews.put(lost, Buffer.from('x'), { contentType: 'image/webp' })

    await takeDown(app, { type: 'ITEM', id: item.id }, 'a court said so')
    // Even before the job has run, nothing redirects to the old bytes.
    const pending = await previewOf(url)
    expect(pending?.status).toBe('PENDING')
    const redirect = await get(key)
    const after = await previewOf(url)
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, lastPart(after?.url)])
    expect(after?.url).toMatch(VERSIONED)
    expect(after?.url).not.toBe(before?.url)
    expect(await membersOf(app)).not.toContain(slug)

    await work(app)
    expect(await objectsOf(app)).toEqual([keyIn(after?.url), keyIn(kept?.url)].sort())
    const rows = await app.prisma.image.findMany({ where: { ownerType: 'FAMILY' } })
    expect(rows.map(({ objectKey }) => objectKey).sort()).toEqual([keyIn(after?.url), keyIn(kept?.url)].sort())
    const [{ items } = { items: [] as string[] }] = cloudFront.invalidations
    if (by === 'tag') expect(items).toEqual([`#item-${item.uniqueId}`, `#previews-${BASICS}`])
    else expect(items).toContain(`/images/${FOLDER}/*`)
    expect(await app.prisma.takeDown.findFirst()).toMatchObject({ status: 'COMPLETED', objectsDeleted: 2 })
    expect((await get(key)).headers.get('location')).toBe(lastPart(after?.url))
  })

  it('a set empties its pictures, and all of the family is null; the family itself is GONE, and comes back', async () => {
    const { app, url, get } = await open(basics(6, 3))
    await get(`${FOLDER}/grid.webp`)
    expect(await membersOf(app, 'grid')).toHaveLength(9)
    const sets = await app.prisma.iconSet.findMany({ orderBy: { kind: 'asc' } })
    await takeDown(app, { type: 'ICON_SET', id: sets[0]?.id ?? 0 }, 'a test')
    await work(app)
    expect(await objectsOf(app)).toEqual([])
    await get(`${FOLDER}/grid.webp`)
    expect((await membersOf(app, 'grid')).every((slug) => slug.startsWith('scene'))).toBe(true)
    await takeDown(app, { type: 'ICON_SET', id: sets[1]?.id ?? 0 }, 'a test')
    expect(await previewOf(url, '(layout: "grid")')).toBeNull()
    expect((await get(`${FOLDER}/grid.webp`)).status).toBe(404)
    for (const { id } of sets) await restore(app, { type: 'ICON_SET', id })
    await get(`${FOLDER}/grid.webp`)
    const whole = await previewOf(url, '(layout: "grid")')
    expect(whole?.status).toBe('READY')

    const { id } = await app.prisma.family.findFirstOrThrow()
    await takeDown(app, { type: 'FAMILY', id }, 'a test')
    expect((await previewOf(url, '(layout: "grid")'))?.status).toBe('GONE')
    expect((await get(keyIn(whole?.url))).status).toBe(410)
    await work(app)
    expect([await objectsOf(app), await app.prisma.image.count()]).toEqual([[], 0])
    await restore(app, { type: 'FAMILY', id })
    expect(await previewOf(url, '(layout: "grid")')).toMatchObject({ url: whole?.url, status: 'PENDING' })
    expect((await get(keyIn(whole?.url))).status).toBe(200)
  })
})

describe('superseded composites', () => {
  it('are deleted after the grace period, with the picks that no URL needs any more', async () => {
    const { app, url, get } = await open(basics(5))
    for (let seed = 1; seed <= 20; seed++) await regenerate(url, `, seed: ${seed}, layout: "strip"`)
    const remove = () => deleteSuperseded({ ...app, previews: app.stores.previews }, { graceDays: 30, batch: 7 })
    const objects = await objectsOf(app)
    expect(objects).toHaveLength(20)
    expect(await remove()).toBe(0)
    await app.pg.query(
      `update image set made_at = now() - interval '31 days'; update composite set picked_at = picked_at - interval '31 days'`,
    )
    expect(await remove()).toBe(19)
    const now = await previewOf(url, '(layout: "strip")')
    expect(await objectsOf(app)).toEqual([keyIn(now?.url)])
    expect(await app.prisma.composite.count()).toBe(17)
    const answers = await Promise.all(objects.map(async (key) => (await get(key)).status))
    expect(answers.filter((status) => status === 302)).toHaveLength(16)
    expect(answers.filter((status) => status === 404)).toHaveLength(3)
  })
})
