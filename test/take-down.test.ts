import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { CACHE_TAG_HEADER } from '../src/core/cache-tags.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { importItems } from '../src/import/import-items.ts'
import { runTakeDown } from '../src/takedown/run.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { openCdn } from './support/cdn.ts'
import { cloudFrontServer } from './support/cloudfront-server.ts'
import { openOrigins } from './support/origins.ts'
import { runTasks } from './support/run-tasks.ts'
import { ask, drawing, entry, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

const TAGGED = { CacheTagConfig: { HeaderName: CACHE_TAG_HEADER } }
const SLUGS = ['arrow', 'arrow-left', 'scene', 'cup', 'theirs']

/** Two vendors, one of them with two families, one of these with two sets; all items have thumbnails. */
async function open(config: Parameters<typeof cloudFrontServer>[0] = TAGGED, { made = true } = {}) {
  const cloudFront = await cloudFrontServer(config)
  const env = { PUBLIC_IMAGE_URL: 'https://cdn.example/pictures', ...cloudFront.env }
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [
    entry('arrow', drawing(1)),
    entry('arrow-left', drawing(2)),
    entry('scene', drawing(3), { kind: 'ILLUSTRATION' }),
    entry('cup', drawing(4), { family: 'other' }),
    entry('theirs', drawing(5), { vendor: 'zeta' }),
  ])
  const get = async (slug: string) => (await fetch(`${url}/images/${await keyOf(app, slug)}`)).status
  if (made) for (const slug of SLUGS) expect(await get(slug)).toBe(200)
  return { cloudFront, app, url, get }
}

const itemOf = (app: App, slug: string) => app.prisma.item.findFirstOrThrow({ where: { slug } })
const keyOf = async (app: App, slug: string) =>
  variantKeyOf(app, await itemOf(app, slug), { preset: 'thumbnail', format: 'WEBP' })
const stemOf = async (app: App, slug: string) => (await itemOf(app, slug)).sourceKey.replace('.svg', '')

async function objectsOf(app: App): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of app.stores.previews.list('')) keys.push(key)
  return keys
}

type Kind = 'Icon' | 'IconSet' | 'Family' | 'Vendor'
/** The node id of the item `arrow`, or of one of its ancestors. */
async function idOf(app: App, kind: Kind): Promise<string> {
  const { id, iconSetId, familyId, vendorId } = await itemOf(app, 'arrow')
  return globalId(kind, { Icon: id, IconSet: iconSetId, Family: familyId, Vendor: vendorId }[kind])
}
const globalId = (type: string, id: number | string) => Buffer.from(`${type}:${id}`).toString('base64')

interface Receipt {
  id: string
  status: string
  reason: string
  target: { __typename: string; id: string }
  objectsDeleted: number
  invalidationIds: string[]
  note: string | null
  error: string | null
  finishedAt: string | null
  restoredAt: string | null
}
const RECEIPT =
  'id status reason target { __typename id } objectsDeleted invalidationIds note error finishedAt restoredAt'

async function mutate(url: string, mutation: string): Promise<Receipt> {
  const { data, errors } = await ask<{ receipt: Receipt }>(url, `mutation { receipt: ${mutation} { ${RECEIPT} } }`)
  expect(errors).toBeUndefined()
  return data.receipt
}
const takeDown = (url: string, id: string, reason = 'a court said so') =>
  mutate(url, `takeDown(id: "${id}", reason: "${reason}")`)
const restore = (url: string, id: string) => mutate(url, `restore(id: "${id}")`)
const read = async (url: string, { id }: { id: string }) =>
  (await ask<{ node: Receipt }>(url, `{ node(id: "${id}") { ... on TakeDown { ${RECEIPT} } } }`)).data.node

/** Runs every job that is due, with the real queue and the worker's own tasks. */
const work = (app: App) => runTasks(app, 'urgent')

const recheck = (app: App, { id }: { id: string }) =>
  runTakeDown(app, Number(atob(id).split(':')[1]), { signal: AbortSignal.timeout(60_000), recheck: true })

/** Blocks the next call until it is released. */
function gateAt<K extends 'put' | 'delete'>(app: App, verb: K) {
  const store = app.stores.previews as { -readonly [P in K]: (...args: never[]) => Promise<unknown> }
  const real = store[verb]
  const gate = Promise.withResolvers<void>()
  const reached = new Promise<void>((resolve) => {
    store[verb] = async (...args) => {
      store[verb] = real
      resolve()
      await gate.promise
      return await real(...args)
    }
  })
  return { reached, open: gate.resolve }
}

const targets: [Kind, string[], (stem: string) => { tag: RegExp; paths: string[] }][] = [
  ['Icon', ['arrow'], () => ({ tag: /^#item-[A-Z2-7]{12}$/, paths: [] })],
  ['IconSet', ['arrow', 'arrow-left'], (stem) => ({ tag: /^#set-[A-Z2-7]{12}$/, paths: [`${dirname(stem)}/*`] })],
  [
    'Family',
    ['arrow', 'arrow-left', 'scene'],
    (stem) => {
      const family = dirname(dirname(stem))
      const folders = ['icons', 'illustrations', 'preview', 'previews']
      return { tag: /^#family-[A-Z2-7]{12}$/, paths: folders.map((name) => `${family.replace('icons', name)}/*`) }
    },
  ],
  ['Vendor', ['arrow', 'arrow-left', 'scene', 'cup'], () => ({ tag: /^#vendor-acme$/, paths: ['acme/*'] })],
]
const dirname = (key: string) => key.slice(0, key.lastIndexOf('/'))

describe('taking down', () => {
  it.each(targets)(
    '%s hides it at once, then deletes its pictures and purges the CDN by tag',
    async (kind, hidden, expected) => {
      const { app, url, get, cloudFront } = await open()
      const stem = await stemOf(app, 'arrow')
      const put = (key: string) => app.stores.previews.put(key, Buffer.from('x'), { contentType: 'image/webp' })
      // Keys without a row: an alias, and a version that is missing in the table.
      await put(`${stem}-thumbnail.webp`)
      await put(`${stem}-poster.aaaaaaaaaaaaaaaa.png`)
      const composite = `acme/previews/${uniqueIdOf('acme/basics')}/card.webp`
      await put(composite)
      const isFamily = kind === 'Family' || kind === 'Vendor'
      cloudFront.knobs.throttled = 2

      const id = await idOf(app, kind)
      const queued = await takeDown(url, id)
      expect(queued).toMatchObject({ status: 'QUEUED', reason: 'a court said so', target: { __typename: kind, id } })
      const query = '{ items { nodes { slug placeholder { thumbHash } image(preset: "thumbnail") { status } } } }'
      type Page = { items: { nodes: { slug: string; placeholder: object | null; image: { status: string } }[] } }
      for (const { slug, placeholder, image } of (await ask<Page>(url, query)).data.items.nodes) {
        const isHidden = hidden.includes(slug)
        expect([slug, image.status, placeholder === null]).toEqual([slug, isHidden ? 'GONE' : 'READY', isHidden])
        expect([slug, await get(slug)]).toEqual([slug, isHidden ? 410 : 200])
      }
      expect((await takeDown(url, id, 'again')).id).toBe(queued.id)

      await work(app)
      expect(await read(url, queued)).toMatchObject({
        status: 'COMPLETED',
        reason: 'a court said so',
        objectsDeleted: hidden.length + (isFamily ? 3 : 2),
        invalidationIds: ['I1'],
        note: null,
        error: null,
        finishedAt: expect.any(String),
      })
      expect(cloudFront.invalidations.map(({ items }) => items)).toEqual([[expect.stringMatching(expected(stem).tag)]])
      const left = await Promise.all(SLUGS.filter((slug) => !hidden.includes(slug)).map((slug) => keyOf(app, slug)))
      expect(await objectsOf(app)).toEqual([...left, ...(isFamily ? [] : [composite])].sort())
      expect((await app.prisma.image.findMany()).map(({ objectKey }) => objectKey).sort()).toEqual(left.sort())
      for (const slug of SLUGS)
        expect(await app.stores.originals.head((await itemOf(app, slug)).sourceKey)).not.toBeNull()

      // A backfill skips it, later imports below it stay hidden, and the receipt is complete.
      const isWhole = kind !== 'Icon'
      await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('newer', drawing(9))])
      expect(await get('newer')).toBe(isWhole ? 410 : 200)
      await ask(url, 'mutation { startBackfill(input: { presets: ["thumbnail"] }) { id } }')
      await work(app)
      const owners = await app.prisma.image.groupBy({ by: ['ownerId'] })
      expect(owners).toHaveLength(SLUGS.length + 1 - hidden.length - (isWhole ? 1 : 0))
      expect((await takeDown(url, id)).status).toBe('COMPLETED')
    },
  )

  it.each(targets)('%s purges by path if the distribution reads no tags', async (kind, _hidden, expected) => {
    const { app, url, cloudFront } = await open({}, { made: kind === 'Icon' })
    const stem = await stemOf(app, 'arrow')
    // An earlier version, known only in the table.
    await app.pg.query(`update image set object_key = $1 where object_key = $2`, [
      `${stem}-thumbnail.aaaaaaaaaaaaaaaa.webp`,
      await keyOf(app, 'arrow'),
    ])
    const receipt = await takeDown(url, await idOf(app, kind))
    await work(app)
    expect(await read(url, receipt)).toMatchObject({ status: 'COMPLETED', invalidationIds: ['I1'] })
    const [items = []] = cloudFront.invalidations.map((invalidation) => invalidation.items)
    if (kind !== 'Icon') return expect(items).toEqual(expected(stem).paths.map((path) => `/pictures/${path}`))
    const offered = [...app.presets.values()].reduce((sum, { formats }) => sum + formats.length, 0)
    expect(items).toHaveLength(2 * offered + 1)
    for (const path of [await keyOf(app, 'arrow'), `${stem}-preview.webp`, `${stem}-thumbnail.aaaaaaaaaaaaaaaa.webp`])
      expect(items).toContain(`/pictures/${path}`)
  })

  it.each([
    ['tag', TAGGED],
    ['path', {}],
  ])(
    'reaches every edge of the CDN by %s: 410 where the picture was, and neighbours stay cached',
    async (_by, config) => {
      const cloudFront = await cloudFrontServer(config)
      const origins = await openOrigins({
        drawings: 2,
        env: { PUBLIC_IMAGE_URL: 'https://cdn.example', ...cloudFront.env },
      })
      let now = Date.now()
      const primary = { url: origins.bucketUrl }
      const cdn = await openCdn({ edges: 2, primary, failover: { url: origins.handlerUrl }, now: () => now })
      cloudFront.knobs.onInvalidation = (items) =>
        cdn.invalidate({ paths: items, tags: items.map((item) => item.replace(/^#/, '')) })
      const paths = [await origins.pathOf(0), await origins.pathOf(1)]
      const ways = () =>
        Promise.all(
          cdn.urls.flatMap((url) =>
            paths.map(async (path) => {
              const { status, headers } = await fetch(`${url}${path}`)
              return `${status} ${headers.get('x-cache')?.split(' ')[0]}`
            }),
          ),
        )
      await ways()
      expect(await ways()).toEqual(['200 Hit', '200 Hit', '200 Hit', '200 Hit'])

      const { id } = await itemOf(origins.app, 'item-0')
      const receipt = await takeDown(origins.url, globalId('Icon', id))
      await work(origins.app)
      expect(await read(origins.url, receipt)).toMatchObject({ status: 'COMPLETED', objectsDeleted: 1 })
      expect(await ways()).toEqual(['410 Miss', '200 Hit', '410 Miss', '200 Hit'])

      await restore(origins.url, receipt.id)
      // The 410 is cached for its minute.
      now += 61_000
      expect(await ways()).toEqual(['200 Miss', '200 Hit', '200 Miss', '200 Hit'])
    },
  )

  it("stays within CloudFront's limits, and continues when there is capacity", async () => {
    const { app, url, cloudFront } = await open({}, { made: false })
    await app.pg.query(
      `insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine)
       select 'ITEM', $1, 'thumbnail', 'WEBP', 'r' || n, 's', $2 || '-thumbnail.' || lpad(translate(n::text, '0189', 'abcd'), 16, 'a') || '.webp', 1, 1, 1, '', true, ''
       from generate_series(1, 3500) n`,
      [(await itemOf(app, 'arrow')).id, await stemOf(app, 'arrow')],
    )
    const many = await takeDown(url, await idOf(app, 'Icon'))
    await work(app)
    expect(cloudFront.invalidations.map(({ items }) => items.length)).toEqual([1000, 1000, 1000])
    expect(await read(url, many)).toMatchObject({
      status: 'RUNNING',
      invalidationIds: ['I1', 'I2', 'I3'],
      error: expect.stringMatching(/^BUSY: .*3,000 paths, 15 wildcards/),
    })
    cloudFront.complete()
    await takeDown(url, await idOf(app, 'Icon'))
    await work(app)
    expect(await read(url, many)).toMatchObject({
      status: 'COMPLETED',
      invalidationIds: ['I1', 'I2', 'I3', 'I4'],
      error: null,
    })
    const paths = cloudFront.invalidations.flatMap(({ items }) => items)
    expect([paths.length > 3500, new Set(paths).size]).toEqual([true, paths.length])

    const others = Array.from({ length: 14 }, (_, index) => `/other/${index}/*`)
    cloudFront.invalidations.push({ id: 'Iothers', reference: 'others', items: others, status: 'InProgress' })
    const family = await takeDown(url, await idOf(app, 'Family'))
    await work(app)
    expect(await read(url, family)).toMatchObject({ status: 'RUNNING', invalidationIds: [] })
    cloudFront.complete()
    await takeDown(url, await idOf(app, 'Family'))
    await work(app)
    expect((await read(url, family)).status).toBe('COMPLETED')
    expect(cloudFront.invalidations.at(-1)?.items).toHaveLength(4)
  })

  it('continues where it stopped when a store or CloudFront fails halfway, with the same invalidation', async () => {
    const { app, url, cloudFront } = await open({})
    const id = await idOf(app, 'Vendor')
    const previews = app.stores.previews as { -readonly [K in 'delete']: App['stores']['previews']['delete'] }
    const { delete: real } = previews
    previews.delete = async (keys) => {
      await real(keys.slice(0, 1))
      throw new Error('the store breaks')
    }
    const receipt = await takeDown(url, id)
    await work(app)
    expect(await read(url, receipt)).toMatchObject({
      status: 'RUNNING',
      error: 'INTERNAL: Something went wrong in the service; its log has the details.',
    })
    expect([(await objectsOf(app)).length, await app.prisma.image.count()]).toEqual([4, 1])
    previews.delete = real

    cloudFront.knobs.breaksAfter = 0
    await takeDown(url, id)
    await work(app)
    expect(await read(url, receipt)).toMatchObject({ status: 'RUNNING', objectsDeleted: 3, invalidationIds: [] })
    expect(await objectsOf(app)).toHaveLength(1)
    cloudFront.knobs.breaksAfter = Number.POSITIVE_INFINITY
    await takeDown(url, id)
    await work(app)
    await work(app)
    expect(await read(url, receipt)).toMatchObject({ status: 'COMPLETED', invalidationIds: ['I1'], error: null })
    expect(cloudFront.invalidations).toHaveLength(1)
  })

  it('leaves nothing of a render that was in progress, or of an upload that arrives late', async () => {
    const { app, url, get, cloudFront } = await open(TAGGED, { made: false })
    const put = gateAt(app, 'put')
    const inFlight = get('arrow')
    await put.reached
    const receipt = await takeDown(url, await idOf(app, 'IconSet'))
    const running = work(app)
    await until(async () => (await read(url, receipt)).status === 'RUNNING')
    expect(await get('arrow')).toBe(410)
    expect(cloudFront.invalidations).toEqual([])
    put.open()
    expect(await inFlight).toBe(200)
    await running
    expect(await read(url, receipt)).toMatchObject({ status: 'COMPLETED', objectsDeleted: 1 })
    expect([await objectsOf(app), await app.prisma.image.count(), await get('arrow')]).toEqual([[], 0, 410])

    await app.stores.previews.put(await keyOf(app, 'arrow'), Buffer.from('late'), { contentType: 'image/webp' })
    const { rows } = await app.pg.query(
      `select run_at > now() + interval '30 seconds' as later, payload from graphile_worker._private_jobs`,
    )
    expect(rows).toEqual([
      { later: true, payload: expect.objectContaining({ takeDownId: expect.any(Number), recheck: true }) },
    ])
    await recheck(app, receipt)
    expect(await objectsOf(app)).toEqual([])
    expect(await read(url, receipt)).toMatchObject({
      status: 'COMPLETED',
      objectsDeleted: 2,
      invalidationIds: ['I1', 'I2'],
    })
  })

  it('reports what it needs: a permission, or a distribution', async () => {
    const { app, url, cloudFront } = await open(TAGGED, { made: false })
    cloudFront.knobs.denied.add('GetDistributionConfig').add('CreateInvalidation')
    const id = await idOf(app, 'Vendor')
    const receipt = await takeDown(url, id)
    await work(app)
    expect(await read(url, receipt)).toMatchObject({
      status: 'RUNNING',
      error: expect.stringMatching(/^UNAVAILABLE: .*allow cloudfront:CreateInvalidation/),
    })
    cloudFront.knobs.denied.delete('CreateInvalidation')
    await takeDown(url, id)
    await work(app)
    expect(await read(url, receipt)).toMatchObject({ status: 'COMPLETED', error: null })
    expect(cloudFront.invalidations.map(({ items }) => items)).toEqual([['/pictures/acme/*']])

    const without = await testApp(await testConfig())
    const server = await testServer(without)
    await importItems({ pg: without.pg, originals: without.stores.originals }, [entry('arrow', drawing(1))])
    const alone = await takeDown(server.url, await idOf(without, 'Icon'))
    await work(without)
    expect(await read(server.url, alone)).toMatchObject({
      status: 'COMPLETED',
      invalidationIds: [],
      note: expect.stringContaining('CLOUDFRONT_DISTRIBUTION_ID is not set'),
    })
  })
})

describe('restoring', () => {
  it('shows what was hidden, except what another take-down hides', async () => {
    const { app, url, get } = await open(TAGGED, { made: false })
    const [icon, family] = [await idOf(app, 'Icon'), await idOf(app, 'Family')]
    const single = await takeDown(url, icon)
    await takeDown(url, family)
    await work(app)
    expect(await Promise.all(['arrow', 'arrow-left', 'cup'].map(get))).toEqual([410, 410, 200])
    expect(await restore(url, family)).toMatchObject({ status: 'RESTORED', restoredAt: expect.any(String) })
    expect(await Promise.all(['arrow', 'arrow-left'].map(get))).toEqual([410, 200])
    await takeDown(url, family)
    await restore(url, single.id)
    expect(await get('arrow')).toBe(410)
    await restore(url, family)
    expect(await get('arrow')).toBe(200)

    type Page = { takeDowns: { totalCount: number; nodes: { status: string; target: { __typename: string } }[] } }
    const { data } = await ask<Page>(
      url,
      '{ takeDowns(first: 2) { totalCount nodes { status target { __typename } } } }',
    )
    expect(data.takeDowns).toEqual({
      totalCount: 3,
      nodes: ['Family', 'Family'].map((__typename) => ({ status: 'RESTORED', target: { __typename } })),
    })
  })

  it('ends a job in progress: it deletes nothing more', async () => {
    const { app, url, get, cloudFront } = await open(TAGGED, { made: false })
    const put = gateAt(app, 'put')
    const inFlight = get('arrow')
    await put.reached
    const id = await idOf(app, 'Vendor')
    const receipt = await takeDown(url, id)
    const running = work(app)
    await until(async () => (await read(url, receipt)).status === 'RUNNING')
    expect(await restore(url, id)).toMatchObject({ status: 'RESTORED', objectsDeleted: 0 })
    put.open()
    expect(await inFlight).toBe(200)
    await running
    expect([await objectsOf(app), await app.prisma.image.count()]).toEqual([[await keyOf(app, 'arrow')], 1])
    expect(await read(url, receipt)).toMatchObject({ status: 'RESTORED', error: null, finishedAt: null })
    expect(cloudFront.invalidations).toEqual([])
  })

  it('waits for the current batch, so that nothing is deleted that was made afterwards', async () => {
    const { app, url, get } = await open()
    const deleting = gateAt(app, 'delete')
    const id = await idOf(app, 'Vendor')
    const receipt = await takeDown(url, id)
    const running = work(app)
    await deleting.reached
    let isRestored = false
    const restoring = restore(url, id).then(() => {
      isRestored = true
    })
    await until(async () => {
      const { rowCount } = await app.pg.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'update "take_down"%'`,
      )
      return rowCount === 1
    })
    expect(isRestored).toBe(false)
    deleting.open()
    await restoring
    expect(await Promise.all(SLUGS.map(get))).toEqual([200, 200, 200, 200, 200])
    await running
    expect(await objectsOf(app)).toHaveLength(5)
    expect(await read(url, receipt)).toMatchObject({ status: 'RESTORED', objectsDeleted: 4, error: null })
  })
})

describe('an unauthorised or invalid request gets one sentence and a code', () => {
  const icon = globalId('Icon', 1)
  const rows: [string, string, string, RegExp, string | null | undefined][] = [
    [
      'take down without a token',
      `mutation { takeDown(id: "${icon}", reason: "x") { id } }`,
      'FORBIDDEN',
      /Bearer/,
      null,
    ],
    ['restore with a wrong one', `mutation { restore(id: "${icon}") { id } }`, 'FORBIDDEN', /Bearer/, 'wrong'],
    ['list receipts', '{ takeDowns { nodes { reason } } }', 'FORBIDDEN', /Bearer/, null],
    [
      'read a receipt',
      `{ node(id: "${globalId('TakeDown', 1)}") { ... on TakeDown { reason } } }`,
      'FORBIDDEN',
      /Bearer/,
      null,
    ],
    [
      'no reason',
      `mutation { takeDown(id: "${icon}", reason: "  ") { id } }`,
      'BAD_INPUT',
      /0 characters.*1 to 500/,
      undefined,
    ],
    [
      'a long reason',
      `mutation { takeDown(id: "${icon}", reason: "${'x'.repeat(501)}") { id } }`,
      'BAD_INPUT',
      /501 characters/,
      undefined,
    ],
    [
      'the id of another type',
      `mutation { takeDown(id: "${globalId('Backfill', 1)}", reason: "x") { id } }`,
      'BAD_INPUT',
      /Icon, Illustration, IconSet, Family, Vendor/,
      undefined,
    ],
    ['an id that is none', `mutation { takeDown(id: "x", reason: "x") { id } }`, 'BAD_INPUT', /./, undefined],
    [
      'a number that is none',
      `mutation { takeDown(id: "${globalId('Vendor', '1e99')}", reason: "x") { id } }`,
      'BAD_INPUT',
      /VmVuZG9yOjFlOTk=.* is not an id/,
      undefined,
    ],
    [
      'what is not there',
      `mutation { takeDown(id: "${globalId('Family', 999)}", reason: "x") { id } }`,
      'NOT_FOUND',
      /no family 999/,
      undefined,
    ],
    [
      'restore what is not down',
      `mutation { restore(id: "${globalId('Vendor', 1)}") { id } }`,
      'NOT_FOUND',
      /vendor 1 is not taken down/,
      undefined,
    ],
    [
      'restore what never was',
      `mutation { restore(id: "${globalId('TakeDown', 999)}") { id } }`,
      'NOT_FOUND',
      /take-down 999/,
      undefined,
    ],
  ]
  it('of each kind', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('arrow', drawing(1)),
      entry('cup', drawing(2)),
    ])
    const { id } = await itemOf(app, 'cup')
    await app.prisma.takeDown.create({ data: { targetType: 'ITEM', targetId: id, reason: 'kept to itself' } })
    for (const [name, query, code, message, token] of rows) {
      const answer = await ask(url, query, token === undefined ? {} : { token })
      expect([name, answer.errors?.[0]?.extensions.code, answer.errors?.[0]?.message]).toEqual([
        name,
        code,
        expect.stringMatching(message),
      ])
      expect(JSON.stringify(answer)).not.toContain('kept to itself')
    }
    expect(await app.prisma.takeDown.count()).toBe(1)
  })
})
