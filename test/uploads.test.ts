import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ADMIN } from '../src/access/caller.ts'
import { createToken } from '../src/access/tokens.ts'
import type { App } from '../src/app.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { askService } from '../src/commands/ask-service.ts'
import { hashSource, parseSourceKey, printOriginalKey, uniqueIdOf } from '../src/core/variant.ts'
import { lockItems } from '../src/db/locks.ts'
import { importItems } from '../src/import/import-items.ts'
import { enqueue } from '../src/jobs/enqueue.ts'
import { deleteDiscarded } from '../src/retention/delete-discarded.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { abandonLost } from '../src/uploads/abandon-lost.ts'
import { ingestUpload } from '../src/uploads/ingest-upload.ts'
import { sendArchive } from '../src/uploads/send-archive.ts'
import { stageSet } from '../src/uploads/stage-set.ts'
import {
  ADMIN_TOKEN,
  ask,
  drawing,
  entry,
  importDrawings,
  listen,
  svg,
  tempDirectory,
  testApp,
  testConfig,
  testServer,
} from './support/setup.ts'
import { until } from './support/until.ts'
import {
  completeUpload,
  createUpload,
  keysOf,
  packSets,
  readUpload,
  runUploads,
  send,
  startUpload,
  uploadArchive,
} from './support/uploads.ts'
import { startWorker } from './support/worker.ts'

/** Two small presets: the claims are about what is stored, so the renders may be fast. */
async function smallPresets(): Promise<string> {
  const file = path.join(await tempDirectory(), 'presets.json')
  const preset = (size: number) => ({ width: size, height: size, background: 'white', formats: ['webp'] })
  await writeFile(file, JSON.stringify({ small: preset(24), smaller: preset(16) }))
  return file
}

async function open(env: Record<string, string> = {}) {
  const app = await testApp(await testConfig({ PRESETS_FILE: await smallPresets(), ...env }))
  const { url } = await testServer(app)
  return { app, url }
}

const drawings = (from: number, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`icon-${from + at}`, drawing(from + at)]))

interface Listed {
  readonly slug: string
  readonly name: string
  readonly tags: string[]
  readonly image: { url: string; status: string; error: { code: string } | null }
}
async function itemsOf(url: string): Promise<Listed[]> {
  const { data } = await ask<{ items: { nodes: Listed[] } }>(
    url,
    '{ items(first: 100) { nodes { slug name tags aliases alt author license { spdx } image(preset: "small") { url status error { code } } } } }',
  )
  return data.items.nodes.toSorted((a, b) => (a.slug < b.slug ? -1 : 1))
}

/** Deletes all discarded objects, as if they were due. */
/** The column holds milliseconds, so now() may be rounded up to a later time. */
async function cleanUp(app: App): Promise<number> {
  await app.pg.query("update discarded_object set delete_after = now() - interval '1 second'")
  return await deleteDiscarded(app)
}

/** Every item has its pictures, and every row its object; the stores contain no other objects, except those scheduled for deletion. */
async function expectWhole(app: App, items: number): Promise<void> {
  expect(await app.prisma.item.count()).toBe(items)
  const images = await app.prisma.image.findMany()
  const rows = await app.prisma.item.findMany()
  const discarded = await app.prisma.discardedObject.findMany()
  const registered = (store: string) => discarded.filter((row) => row.store === store).map((row) => row.objectKey)
  const originals = rows.map(({ originalKey, sourceKey }) => originalKey ?? sourceKey)
  for (const { id, sourceHash } of rows)
    expect(images.filter((image) => image.ownerId === id && image.sourceHash === sourceHash)).toHaveLength(2)
  const expectKeys = async (store: 'ORIGINALS' | 'PREVIEWS', used: string[]) => {
    const found = await keysOf(store === 'ORIGINALS' ? app.stores.originals : app.stores.previews)
    expect(
      used.filter((key) => !found.includes(key)),
      'lost',
    ).toEqual([])
    expect(
      found.filter((key) => !used.includes(key) && !registered(store).includes(key)),
      'leaked',
    ).toEqual([])
  }
  await expectKeys('ORIGINALS', originals)
  await expectKeys(
    'PREVIEWS',
    images.map(({ objectKey }) => objectKey),
  )
}

describe('an upload', () => {
  it('adds new icons to the catalogue with all their pictures, and leaves nothing else', async () => {
    const { app, url } = await open()
    await app.pg.query(
      `insert into webhook (url, secret, types) values ('https://a.example', 'x', '{upload.completed}')`,
    )
    const archive = await packSets(
      [
        { name: 'Arrows', files: drawings(0, 3) },
        { name: 'Scenes', kind: 'illustration', files: drawings(10, 2) },
      ],
      { more: ['.DS_Store'] },
    )
    const created = await createUpload(url, archive.length)
    expect(await readUpload(url, created.id)).toMatchObject({ status: 'CREATED', progress: 0, notes: [] })
    expect((await completeUpload(url, created.id)).errors?.[0]).toMatchObject({
      message: expect.stringContaining('has not arrived'),
      extensions: { code: 'BAD_INPUT' },
    })
    expect((await send(created, archive)).status).toBe(201)
    for (let times = 0; times < 3; times++)
      expect((await completeUpload(url, created.id)).data.completeUpload.status).toBe('CHECKING')
    expect((await app.pg.query('select from graphile_worker.jobs')).rowCount).toBe(1)
    await runUploads(app)
    expect(await readUpload(url, created.id)).toMatchObject({
      status: 'COMPLETED',
      progress: 1,
      problemCount: 0,
      notes: ['1 file or folder that systems and programs leave behind was passed over.'],
      items: { total: 5, done: 5, failed: 0, added: 5, changed: 0, removed: 0 },
    })
    const items = await itemsOf(url)
    expect(items.map(({ slug }) => slug)).toEqual(['icon-0', 'icon-1', 'icon-10', 'icon-11', 'icon-2'])
    expect(items[0]).toMatchObject({
      name: 'The icon-0',
      tags: ['icon-0', 'test'],
      aliases: ['icon-0 too'],
      alt: 'A picture of icon-0',
      author: 'Ann',
      license: { spdx: 'MIT' },
      image: { status: 'READY' },
    })
    expect((await fetch(items[0]?.image.url ?? '')).status).toBe(200)
    await expectWhole(app, 5)
    const { rows: events } = await app.pg.query('select type, family, data from event')
    expect(events).toEqual([
      {
        type: 'upload.completed',
        family: uniqueIdOf(JSON.stringify(['family', 'acme', 'Basics'])),
        data: expect.objectContaining({
          upload: created.id,
          status: 'COMPLETED',
          doneItems: 5,
          addedItems: 5,
          problems: 0,
        }),
      },
    ])
    expect(await deleteDiscarded(app), 'not while its URL lives').toBe(0)
    expect(await cleanUp(app)).toBe(1)
    expect((await keysOf(app.stores.originals)).filter((key) => key.startsWith('uploads/'))).toEqual([])
    expect(await app.prisma.discardedObject.count()).toBe(0)
    expect(await app.prisma.uploadFile.count()).toBe(0)
  })

  it('again changes and makes nothing; other bytes are a new source, whose old pictures stay for the grace period', async () => {
    const { app, url } = await open()
    const archive = await packSets([{ name: 'Arrows', files: drawings(0, 3) }])
    await uploadArchive({ app, url }, archive)
    const known = [await app.prisma.item.findMany(), await app.prisma.image.findMany(), app.pool.stats.renders]
    const again = await uploadArchive({ app, url }, archive)
    expect(again).toMatchObject({ status: 'COMPLETED', items: { total: 3, done: 3, added: 0, changed: 0 } })
    expect([await app.prisma.item.findMany(), await app.prisma.image.findMany(), app.pool.stats.renders]).toEqual(known)
    // Lost objects are restored, the original as well as a picture of it.
    const [item] = await app.prisma.item.findMany()
    await app.stores.originals.delete([String(item?.originalKey)])
    await app.pg.query('delete from image where owner_id = $1', [item?.id])
    expect(await uploadArchive({ app, url }, archive)).toMatchObject({
      status: 'COMPLETED',
      items: { done: 3, added: 0 },
    })
    await expectWhole(app, 3)
    const before = await itemsOf(url)
    const update = await packSets([{ name: 'Arrows', files: { ...drawings(0, 2), 'icon-1': drawing(50) } }])
    const { items } = await uploadArchive({ app, url }, update)
    expect(items).toMatchObject({ total: 2, done: 2, added: 0, changed: 1, removed: 0 })
    const after = await itemsOf(url)
    expect(after.map(({ image }) => image.status)).toEqual(['READY', 'READY', 'READY'])
    expect(after.map(({ image }, at) => image.url === before[at]?.image.url)).toEqual([true, false, true])
    const redirect = await fetch(before[1]?.image.url ?? '', { redirect: 'manual' })
    expect(new URL(redirect.headers.get('location') ?? '', before[1]?.image.url).href).toBe(after[1]?.image.url)
    expect(await app.prisma.image.count()).toBe(8)
    await expectWhole(app, 3)
    // The replaced original is kept for a month.
    await deleteDiscarded(app)
    const { rows: kept } = await app.pg.query(
      `select from discarded_object where object_key like 'acme/%' and delete_after > now() + interval '29 days'`,
    )
    expect(kept).toHaveLength(1)
    // Back to the first source: its original is needed again, and not deleted after its month.
    await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', files: drawings(0, 3) }]))
    await cleanUp(app)
    await expectWhole(app, 3)
  })

  it('removes items: no list shows them, their URLs are gone, their objects are deleted; added again they are new', async () => {
    const { app, url } = await open({ SUPERSEDED_DAYS: '0' })
    await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', files: drawings(0, 3) }]))
    const [first] = await itemsOf(url)
    const { uniqueId, id } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'icon-0' } })
    // A picture of it is in progress, and recorded after the item was removed.
    const busy = await lockItems(app.pg, [id])
    const uploadId = await startUpload(
      url,
      await packSets([{ name: 'Arrows', files: drawings(2, 1), removed: ['icon-0', 'never-there'] }]),
    )
    const running = runUploads(app)
    await until(async () => (await app.prisma.item.count()) === 2)
    const late = 'acme/icons/LATE00000001/LATE00000001/late-small.aaaaaaaaaaaaaaaa.webp'
    await app.stores.previews.put(late, Buffer.from('late'), { contentType: 'image/webp' })
    await app.pg.query(
      `insert into image (owner_type, owner_id, preset, format, recipe_hash, source_hash, object_key, width, height, bytes, md5, lossless, engine)
       values ('ITEM', $1, 'small', 'WEBP', 'late', 'late', $2, 1, 1, 4, '', true, 'resvg')`,
      [id, late],
    )
    await busy.release()
    await running
    expect(await readUpload(url, uploadId)).toMatchObject({
      status: 'COMPLETED',
      items: { total: 1, removed: 1, changed: 0 },
    })
    expect((await itemsOf(url)).map(({ slug }) => slug)).toEqual(['icon-1', 'icon-2'])
    expect((await fetch(first?.image.url ?? '')).status).toBe(404)
    await deleteDiscarded(app)
    expect((await app.prisma.discardedObject.findMany()).map(({ objectKey }) => objectKey)).toEqual([
      'uploads/1.zip',
      'uploads/2.zip',
    ])
    await expectWhole(app, 2)
    await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', files: drawings(0, 1) }]))
    const back = await app.prisma.item.findFirstOrThrow({ where: { slug: 'icon-0' } })
    expect([back.uniqueId, back.id === id]).toEqual([uniqueId, false])
    expect((await fetch(first?.image.url ?? '')).status).toBe(200)
    await expectWhole(app, 3)
    // Items that are taken down keep their row, which hides them.
    await takeDown(app, { type: 'ITEM', id: back.id }, 'court order')
    await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', removed: ['icon-0', 'icon-1'] }]))
    await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', files: drawings(0, 2) }]))
    expect((await itemsOf(url)).map(({ slug, image }) => `${slug} ${image.status}`)).toEqual([
      'icon-0 GONE',
      'icon-1 READY',
      'icon-2 READY',
    ])
  })

  it('with broken SVGs completes: each is a problem, and a known item keeps its source', async () => {
    const { app, url } = await open()
    await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', files: drawings(0, 1) }]))
    const files = { ...drawings(0, 3), 'icon-0': '<html/>', nothing: '', blank: svg('') }
    const upload = await uploadArchive({ app, url }, await packSets([{ name: 'Arrows', files }]))
    expect(upload).toMatchObject({ status: 'COMPLETED', items: { total: 5, done: 2, failed: 3, added: 3, changed: 0 } })
    expect(upload.problems.nodes.map(({ code, file }) => `${file} ${code}`).sort()).toEqual([
      'set-0/blank.svg BLANK',
      'set-0/icon-0.svg NOT_SVG',
      'set-0/nothing.svg EMPTY',
    ])
    expect((await itemsOf(url)).map(({ slug, image }) => `${slug} ${image.status}`)).toEqual([
      'blank FAILED',
      'icon-0 READY',
      'icon-1 READY',
      'icon-2 READY',
    ])
  })

  it('is refused as a whole, with every reason, and leaves nothing', async () => {
    const { app, url } = await open()
    await app.pg.query(
      `insert into webhook (url, secret, types) values ('https://a.example', 'x', '{upload.completed}')`,
    )
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      entry('theirs', drawing(1), { vendor: 'other' }),
    ])
    const theirs = { family: uniqueIdOf('other/basics'), set: uniqueIdOf('other/basics/ICON') }
    const before = await keysOf(app.stores.originals)
    const refusals: [Buffer, string[]][] = [
      [
        await packSets([{ name: 'Mine', files: drawings(0, 2) }], { uniqueId: theirs.family }),
        ['FOREIGN_FAMILY /families/0'],
      ],
      [
        await packSets([
          { name: 'Fine', files: drawings(0, 2) },
          { name: 'Mine', uniqueId: theirs.set, files: drawings(0, 2) },
        ]),
        ['FOREIGN_SET /families/0/sets/1'],
      ],
      [await packSets([{ name: 'Mine', files: drawings(0, 2) }], { vendor: 'other' }), ['FOREIGN_VENDOR /vendor']],
      [Buffer.from('no archive at all'), ['NOT_ZIP null']],
    ]
    for (const [archive, reasons] of refusals) {
      const { status, problems, problemCount } = await uploadArchive({ app, url }, archive)
      expect([status, problemCount]).toEqual(['REFUSED', reasons.length])
      expect(problems.nodes.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual(reasons)
    }
    const wrongKind = await packSets(
      [{ name: 'basics', uniqueId: theirs.set, kind: 'illustration', files: drawings(0, 1) }],
      {
        vendor: 'other',
        uniqueId: theirs.family,
      },
    )
    expect((await uploadArchive({ app, url }, wrongKind, 'other')).problems.nodes).toMatchObject([
      { code: 'WRONG_KIND' },
    ])
    expect(await app.prisma.item.count()).toBe(1)
    expect(await app.prisma.vendor.count()).toBe(1)
    const { rows } = await app.pg.query(`select data->>'status' as status from event`)
    expect(rows.map(({ status }) => status)).toEqual(Array(5).fill('REFUSED'))
    await cleanUp(app)
    expect(await keysOf(app.stores.originals)).toEqual(before)
  })

  it('whose store fails halfway shows nothing, and continues where it stopped', async () => {
    const { app, url } = await open()
    const id = await startUpload(
      url,
      await packSets([
        { name: 'A', files: drawings(0, 3) },
        { name: 'B', files: drawings(5, 3) },
      ]),
    )
    const { originals } = app.stores
    let puts = 0
    const broken: App = {
      ...app,
      stores: {
        ...app.stores,
        originals: {
          ...originals,
          putAll: async (...args) => {
            await originals.putAll(...args)
            // Also on a retry: on a slow machine the queue retries before it is done.
            if (++puts >= 2) throw new Error('ENOSPC, no space left on device')
          },
        },
      },
    }
    await runUploads(broken)
    expect(await readUpload(url, id)).toMatchObject({ status: 'INGESTING', items: { total: 6, done: 3, added: 3 } })
    expect((await itemsOf(url)).map(({ slug }) => slug)).toEqual(['icon-0', 'icon-1', 'icon-2'])
    await app.pg.query('update graphile_worker._private_jobs set run_at = now()')
    await runUploads(app)
    expect(await readUpload(url, id)).toMatchObject({ status: 'COMPLETED', items: { done: 6, added: 6 } })
    await expectWhole(app, 6)
  })

  it('that is abandoned has failed with its reason; staged originals are deleted, and the same archive again continues', async () => {
    const { app, url } = await open()
    const archive = await packSets([{ name: 'A', files: drawings(0, 3) }])
    const id = await startUpload(url, archive)
    const { originals } = app.stores
    const putAll: typeof originals.putAll = async (objects, options) => {
      await originals.putAll(objects.slice(0, 2), options)
      throw new Error('ENOSPC')
    }
    await enqueue(app.pg, 'ingest_upload', { uploadId: 1, tries: 9 })
    await runUploads({ ...app, stores: { ...app.stores, originals: { ...originals, putAll } } })
    expect(await readUpload(url, id)).toMatchObject({
      status: 'FAILED',
      problems: { nodes: [{ code: 'INTERNAL', message: expect.stringMatching(/^INTERNAL: /) }] },
    })
    expect(await app.prisma.item.count()).toBe(0)
    await cleanUp(app)
    expect(await keysOf(originals)).toEqual([])
    expect(await uploadArchive({ app, url }, archive)).toMatchObject({ status: 'COMPLETED' })
  })

  it('whose worker died at every attempt has failed, and does not stay unfinished', async () => {
    const { app, url } = await open()
    const archive = await packSets([{ name: 'A', files: drawings(0, 3) }])
    const id = await startUpload(url, archive)
    const exhaust = 'update graphile_worker._private_jobs set attempts = max_attempts'
    await app.pg.query(exhaust)
    await abandonLost(app)
    expect(await readUpload(url, id)).toMatchObject({ status: 'FAILED', problems: { nodes: [{ code: 'INTERNAL' }] } })
    const again = await startUpload(url, archive)
    // Ingested, except for its pictures.
    await ingestUpload(app, 2, new AbortController().signal)
    expect(await readUpload(url, again)).toMatchObject({ status: 'RENDERING', items: { total: 3, done: 0, added: 3 } })
    await app.pg.query(exhaust)
    await abandonLost(app)
    expect(await readUpload(url, again)).toMatchObject({ status: 'FAILED', problemCount: 1 })
    expect((await app.pg.query('select from graphile_worker.jobs')).rowCount).toBe(0)
  })

  it('restages files that the clean-up deleted before they were visible', async () => {
    const { app, url } = await open()
    const id = await startUpload(url, await packSets([{ name: 'A', files: drawings(0, 3) }]))
    const [upload] = await app.prisma.upload.findMany()
    const path = parseSourceKey('acme/icons/AAAAAAAAAAAA/BBBBBBBBBBBB/x.svg')
    const set = {
      pointer: '/families/0/sets/0',
      vendor: 'acme',
      family: { uniqueId: 'AAAAAAAAAAAA', name: 'A' },
      iconSet: { uniqueId: 'BBBBBBBBBBBB', name: 'B', kind: 'ICON' as const },
      visibility: { family: null, iconSet: null },
      terms: { licenseTitle: null, licenseSpdx: null, licenseUrl: null, attribution: null, author: null },
      files: [{ file: 'x', slug: 'x', title: 'x', tags: [], alt: null, aliases: [], visibility: null }],
      removed: [],
    }
    const archive = {
      vendor: 'acme',
      sets: [set],
      read: async () => ({
        content: Buffer.from(drawing(1)),
        facts: { width: 24, height: 24, code: null, message: null },
      }),
      offsetOf: () => 0,
      bytesOf: () => 1,
      close: async () => {},
    }
    const staging = {
      pg: app.pg,
      originals: app.stores.originals,
      archive,
      uploadId: upload?.id ?? 0,
      position: 7,
      set,
    }
    const stage = () => stageSet({ ...staging, signal: new AbortController().signal })
    await stage()
    const [file] = await app.prisma.uploadFile.findMany()
    expect(path && file?.originalKey).toBe(path && printOriginalKey(path, file?.sourceHash ?? ''))
    await cleanUp(app)
    expect(await app.stores.originals.head(file?.originalKey ?? '')).toBeNull()
    await stage()
    expect(await app.stores.originals.head(file?.originalKey ?? '')).not.toBeNull()
    expect(id).toBeTruthy()
  })

  it('stores every file of many batches completely, with many files and with large ones', async () => {
    const { app, url } = await open()
    const large = Object.fromEntries(
      [1, 2, 3].map((n) => [`large-${n}`, `${drawing(n)}<!-- ${randomBytes(2_200_000).toString('hex')} -->`]),
    )
    await startUpload(url, await packSets([{ name: 'A', files: { ...drawings(0, 1100), ...large } }]))
    await ingestUpload(app, 1, new AbortController().signal)
    const items = await app.prisma.item.findMany()
    expect(items).toHaveLength(1103)
    for (const { originalKey, sourceHash } of items) {
      const bytes = await app.stores.originals.get(originalKey ?? '')
      expect(bytes && hashSource(bytes)).toBe(sourceHash)
    }
  })

  it('waits for an earlier one of its vendor whose worker died', async () => {
    const { app, url } = await open()
    const first = await startUpload(url, await packSets([{ name: 'A', files: drawings(0, 2) }]))
    const second = await startUpload(url, await packSets([{ name: 'A', files: { 'icon-0': drawing(9) } }]))
    expect(await ingestUpload(app, 2, new AbortController().signal)).toBe('busy')
    await ingestUpload(app, 1, new AbortController().signal)
    await runUploads(app)
    for (const id of [first, second]) expect((await readUpload(url, id)).status).toBe('COMPLETED')
    const { sourceHash } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'icon-0' } })
    expect(sourceHash).toBe(hashSource(Buffer.from(drawing(9))))
  })

  it('has priority over a running backfill', async () => {
    const { app, url } = await open()
    await importDrawings(app, 1500)
    const { id: backfillId } = await startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
    startWorker(app, { RENDERERS: '1' })
    await until(async () => (await app.prisma.image.count()) > 0)
    const id = await startUpload(url, await packSets([{ name: 'Urgent', files: drawings(2000, 20) }]))
    await until(async () => (await readUpload(url, id)).status === 'COMPLETED')
    const backfill = await app.prisma.backfill.findUniqueOrThrow({ where: { id: backfillId } })
    expect(backfill.status).toBe('RUNNING')
  })

  it('is followed by a subscription until it ends, also with the token of a vendor that it adds', async () => {
    const { app, url } = await open()
    const id = await startUpload(url, await packSets([{ name: 'A', files: drawings(0, 30) }]))
    const wanted = { name: 'a new vendor', scopes: ['upload:write'], vendor: 'acme', expiresAt: null, by: ADMIN }
    const { secret } = await createToken(app, wanted)
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${secret}`,
      },
      body: JSON.stringify({
        query: 'subscription ($id: ID!) { uploadProgress(id: $id) { status items { done } } }',
        variables: { id },
      }),
    })
    let text = ''
    let running: Promise<void> | null = null
    for await (const part of response.body ?? []) {
      text += Buffer.from(part).toString()
      // Not before the first state was sent.
      if (text.includes('"status"')) running ??= runUploads(app)
    }
    const seen = [...text.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status)
    await running
    expect([seen[0], seen.at(-1)]).toEqual(['CHECKING', 'COMPLETED'])
  })

  it('needs a token with its scope', async () => {
    const { url } = await open()
    for (const query of [
      'mutation { createUpload(vendor: "acme", fileName: "a.zip", bytes: 1) { url } }',
      'mutation { completeUpload(id: "VXBsb2FkOjE=") { status } }',
      '{ uploads { nodes { status } } }',
      '{ upload(id: "VXBsb2FkOjE=") { status } }',
    ])
      expect((await ask(url, query, { token: null })).errors?.[0]?.extensions.code).toBe('FORBIDDEN')
    for (const [args, message] of [
      ['vendor: "../x", fileName: "a.zip", bytes: 1', 'is not a vendor'],
      ['vendor: "acme", fileName: "", bytes: 1', 'fileName needs'],
      ['vendor: "acme", fileName: "a.zip", bytes: 3000000000', 'from 1 to 2000000000'],
      ['vendor: "acme", fileName: "a.zip", bytes: 1.5', 'exact size'],
    ]) {
      const { errors } = await ask(url, `mutation { createUpload(${args}) { url } }`)
      expect(errors?.[0]).toMatchObject({
        message: expect.stringContaining(message ?? ''),
        extensions: { code: 'BAD_INPUT' },
      })
    }
  })

  it('is not accepted by a store whose response is truncated, which is reported', async () => {
    const api = await listen((request, response) => {
      request.resume()
      if (request.method === 'PUT')
        return response.writeHead(200, { 'content-length': 9 }).write('x', () => response.destroy())
      const createUpload = { upload: { id: '1' }, url: `http://${request.headers.host}/archive`, headers: [] }
      response.end(JSON.stringify({ data: { createUpload } }))
    })
    const file = path.join(await tempDirectory(), 'icons.zip')
    await writeFile(file, 'an archive')
    const ask = askService({ url: api, token: '' })
    const sending = { ask, vendor: 'acme', file, fileName: 'icons.zip', bytes: 10, onPoll: () => {} }
    await expect(sendArchive(sending)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^127\.0\.0\.1:\d+ did not accept the archive \(.*\): send it again\.$/),
    })
  })

  it('is sent by npm run ingest, which follows it and prints its problems', async () => {
    const { app, url } = await open()
    startWorker(app, { RENDERERS: '1' })
    const run = async (archive: Buffer) => {
      const file = path.join(app.config.dataDir, 'icons.zip')
      await writeFile(file, archive)
      const command = [path.join(import.meta.dirname, '../src/bin/afterimage.ts'), 'ingest', file, '--api', url]
      const env = { ...process.env, ADMIN_TOKEN, DATA_DIR: app.config.dataDir }
      return await promisify(execFile)(process.execPath, command, { env }).then(
        ({ stdout }) => ({ code: 0, said: stdout }),
        ({ code, stdout, stderr }) => ({ code, said: `${stdout}${stderr}` }),
      )
    }
    const { code, said } = await run(await packSets([{ name: 'A', files: { ...drawings(0, 3), broken: '<html/>' } }]))
    expect(code, said).toBe(0)
    expect(said).toContain('COMPLETED: 3 added, 0 changed, 0 removed, 1 failed')
    expect(said).toContain('set-0/broken.svg: NOT_SVG')
    expect(await run(Buffer.from('none'))).toMatchObject({
      code: 1,
      said: expect.stringContaining('cannot be ingested'),
    })
    expect(await app.prisma.upload.count()).toBe(1)
  })
})
