import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import type { ImageFormat } from '../src/core/variant.ts'
import { importItems } from '../src/import/import-items.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { drawing, entry, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'

async function open() {
  const app = await testApp()
  const server = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [
    entry('good', drawing(1)),
    entry('broken', '<svg xmlns="http://www.w3.org/2000/svg"><g>'),
  ])
  const get = (key: string, init?: RequestInit) => fetch(`${server.url}/images/${key}`, { redirect: 'manual', ...init })
  return { app, server, get }
}

async function keyOf(app: App, slug: string, preset = 'preview', format: ImageFormat = 'WEBP'): Promise<string> {
  return variantKeyOf(app, await app.prisma.item.findFirstOrThrow({ where: { slug } }), { preset, format })
}

/** What a refused request must not change. */
const traces = async (app: App) => ({
  renders: app.pool.stats.renders,
  images: await app.prisma.image.count(),
  failures: await app.prisma.renderFailure.count(),
})

describe('a variant that was never made', () => {
  it('is made on the first request and served from the store afterwards', async () => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const first = await get(key)
    expect(first.status).toBe(200)
    const headers = Object.fromEntries(first.headers)
    const bytes = Buffer.from(await first.arrayBuffer())
    expect(headers).toMatchObject({
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'content-length': String(bytes.length),
    })
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })

    const second = await get(key)
    expect(Buffer.from(await second.arrayBuffer())).toEqual(bytes)
    expect(second.headers.get('etag')).toBe(headers.etag)
    expect(await app.stores.previews.get(key)).toEqual(bytes)
    expect(await traces(app)).toEqual({ renders: 1, images: 1, failures: 0 })
  })

  it.each(['WEBP', 'AVIF', 'PNG'] as const)('comes as %s', async (format) => {
    const { app, get } = await open()
    const response = await get(await keyOf(app, 'good', 'thumbnail', format))
    expect(response.headers.get('content-type')).toBe(`image/${format.toLowerCase()}`)
    const { format: made } = await sharp(Buffer.from(await response.arrayBuffer())).metadata()
    expect(made).toBe(format === 'AVIF' ? 'heif' : format.toLowerCase())
  })

  it('is made by HEAD too, but not by OPTIONS or POST', async () => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const options = await get(key, { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
    expect((await get(key, { method: 'POST' })).status).toBe(405)
    expect(app.pool.stats.renders).toBe(0)
    const head = await get(key, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const full = await get(key)
    expect(full.headers.get('content-length')).toBe(head.headers.get('content-length'))
    expect(app.pool.stats.renders).toBe(1)
  })

  it('is rendered once for a thousand concurrent requests', async () => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const answers = await Promise.all(Array.from({ length: 1000 }, async () => (await get(key)).arrayBuffer()))
    expect(new Set(answers.map((bytes) => Buffer.from(bytes).toString('base64'))).size).toBe(1)
    expect(await traces(app)).toMatchObject({ renders: 1, images: 1 })
  })
})

describe('a stored variant', () => {
  it('answers 304 to a client that has it', async () => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const etag = (await get(key)).headers.get('etag') as string
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await get(key, { headers: { 'if-none-match': known } })
      expect([response.status, response.headers.get('etag'), response.headers.get('cache-control')]).toEqual([
        304,
        etag,
        'public, max-age=31536000, immutable',
      ])
    }
    expect((await get(key, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
  })

  it.each(['lost', 'truncated'])('is made again when its object is %s', async (damage) => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const bytes = Buffer.from(await (await get(key)).arrayBuffer())
    if (damage === 'lost') await app.stores.previews.delete([key])
    else await writeFile(path.join(app.stores.previews.name, key), bytes.subarray(0, 100))
    expect(Buffer.from(await (await get(key)).arrayBuffer())).toEqual(bytes)
    expect(await app.stores.previews.get(key)).toEqual(bytes)
    expect(await traces(app)).toEqual({ renders: 2, images: 1, failures: 0 })
  })
})

describe('a URL that was never issued', () => {
  it('is 404, cached for a while, without a render, a row or an object', async () => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const paths = [
      key.replace(/\.(.)/, (_all, letter) => `.${letter === 'a' ? 'b' : 'a'}`),
      key.replace(/\..{16}\./, '.aaaaaaaaaaaaaaaa.'),
      key.replace('-preview', '-poster'),
      key.replace('acme', 'nobody'),
      key.replace('good', 'unknown'),
      key.replace('.webp', '.gif'),
      key.replace('.webp', '.svg'),
      `${key}/`,
      `${key}%00`,
      `..%2f${key}`,
      `/${key}`,
      '',
      'x',
      'a'.repeat(4000),
    ]
    for (const path of paths) {
      const response = await get(path)
      expect([path, response.status, response.headers.get('cache-control')]).toEqual([path, 404, 'public, max-age=60'])
    }
    expect(await traces(app)).toEqual({ renders: 0, images: 0, failures: 0 })
  })
})

describe('a broken source', () => {
  it('is 422 with its code, recorded once, and not rendered again', async () => {
    const { app, get } = await open()
    for (const preset of ['preview', 'thumbnail', 'preview']) {
      const response = await get(await keyOf(app, 'broken', preset))
      expect([response.status, response.headers.get('cache-control')]).toEqual([422, 'public, max-age=60'])
      expect(await response.text()).toMatch(/^UNSUPPORTED: /)
    }
    expect(await traces(app)).toEqual({ renders: 1, images: 0, failures: 1 })
  })

  it('is retried after it is imported again', async () => {
    const { app, get } = await open()
    await get(await keyOf(app, 'broken'))
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('broken', drawing(5))])
    expect((await get(await keyOf(app, 'broken'))).status).toBe(200)
    expect(await traces(app)).toEqual({ renders: 2, images: 1, failures: 0 })
  })

  it('that is missing in the store is reported', async () => {
    const { app, get } = await open()
    const item = await app.prisma.item.findFirstOrThrow({ where: { slug: 'good' } })
    await app.stores.originals.delete([item.sourceKey])
    expect(await (await get(await keyOf(app, 'good'))).text()).toMatch(/^SOURCE_MISSING: .*good\.svg.*import it again/)
  })
})

describe('a redirect', () => {
  it('leads from an outdated source or preset to the current picture, which exists by then', async () => {
    const dataDir = await tempDirectory()
    const before = await testConfig({ DATA_DIR: dataDir })
    const old = await testApp(before)
    const to = { pg: old.pg, originals: old.stores.originals }
    await importItems(to, [entry('good', drawing(1))])
    const bySource = await keyOf(old, 'good')
    await importItems(to, [entry('good', drawing(2))])
    const byPreset = await keyOf(old, 'good')

    const presets = path.join(dataDir, 'presets.json')
    await writeFile(presets, JSON.stringify({ preview: { width: 300, height: 300 } }))
    const app = await testApp(
      await testConfig({ DATA_DIR: dataDir, DATABASE_URL: before.databaseUrl as string, PRESETS_FILE: presets }),
    )
    const { url } = await testServer(app)
    const current = await keyOf(app, 'good')
    for (const key of [bySource, byPreset]) {
      const response = await fetch(`${url}/images/${key}`, { redirect: 'manual' })
      expect([response.status, response.headers.get('cache-control')]).toEqual([302, 'public, max-age=60'])
      expect(new URL(response.headers.get('location') as string, response.url).href).toBe(`${url}/images/${current}`)
      expect(await app.stores.previews.head(current)).not.toBeNull()
    }
    expect(app.pool.stats.renders).toBe(1)
  })

  it('leads from the stable alias to the current picture', async () => {
    const { app, get } = await open()
    const key = await keyOf(app, 'good')
    const response = await get(key.replace(/\..{16}\./, '.'))
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe(path.basename(key))
    expect(await app.stores.previews.head(key)).not.toBeNull()
  })
})

it('a taken-down picture is gone at every address', async () => {
  const { app, get } = await open()
  const key = await keyOf(app, 'good')
  await get(key)
  const { id } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'good' } })
  await takeDown(app, { type: 'ITEM', id }, 'a test')
  for (const path of [
    key,
    key.replace('preview', 'thumbnail').replace(/\..{16}\./, '.'),
    key.replace(/\..{16}\./, '.'),
  ]) {
    expect([path, (await get(path)).status]).toEqual([path, 410])
  }
  expect((await get(key, { headers: { 'if-none-match': '*' } })).status).toBe(410)
})

describe('exactly one render', () => {
  it('across processes: two services, one database, one store', async () => {
    const config = await testConfig()
    const apps = [await testApp(config), await testApp(config)]
    const servers = await Promise.all(apps.map((app) => testServer(app)))
    const [first] = apps as [App, App]
    await importItems(
      { pg: first.pg, originals: first.stores.originals },
      Array.from({ length: 12 }, (_, index) => entry(`i${index}`, drawing(index))),
    )
    const keys = await Promise.all(Array.from({ length: 12 }, (_, index) => keyOf(first, `i${index}`)))
    const statuses = await Promise.all(
      keys.flatMap((key) =>
        [...servers, ...servers].map(async ({ url }) => (await fetch(`${url}/images/${key}`)).status),
      ),
    )
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(apps.reduce((sum, app) => sum + app.pool.stats.renders, 0)).toBe(12)
    // Pictures that are made beside others are recorded after their answers.
    await expect.poll(() => first.prisma.image.count()).toBe(12)
  })
})

it('with ORIGIN_SECRET, pictures are only answered to the CDN, which sends it; while it is replaced, with the old and the new one', async () => {
  const app = await testApp(await testConfig({ ORIGIN_SECRET: 'new-secret,old-secret' }))
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('good', drawing(1))])
  const key = await keyOf(app, 'good')
  const statusOf = async (path: string, secret?: string) =>
    (await fetch(`${url}${path}`, secret ? { headers: { 'x-origin-secret': secret } } : {})).status
  for (const secret of [undefined, 'wrong', 'new-secret,old-secret', 'new-secre'])
    expect([await statusOf(`/images/${key}`, secret), app.pool.stats.renders]).toEqual([403, 0])
  for (const path of ['/i/AAAAAAAAAAAA.webp', '/f/AAAAAAAAAAAA.webp', '/images/_private/x'])
    expect(await statusOf(path)).toBe(403)
  for (const secret of ['new-secret', 'old-secret']) expect(await statusOf(`/images/${key}`, secret)).toBe(200)
  for (const path of ['/healthz', '/readyz', '/graphql?query={items{totalCount}}'])
    expect(await statusOf(path)).not.toBe(403)
})
