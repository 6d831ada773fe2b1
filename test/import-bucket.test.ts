import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { adoptVariants } from '../src/import/adopt.ts'
import { importBucket } from '../src/import/bucket.ts'
import { importItems } from '../src/import/import-items.ts'
import { readWebpHeader } from '../src/import/webp-header.ts'
import type { Store } from '../src/store/store.ts'
import { findWork } from '../src/variants/find-missing.ts'
import { variantsOf } from '../src/variants/offered.ts'
import { testDatabase } from './support/database.ts'
import { testBuckets } from './support/s3.ts'
import { drawing, entry, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'

const [FAMILY, SET] = ['FAMILY000001', 'SET000000001']
const FOLDER = `acme/icons/${FAMILY}/${SET}`
const SVG = { contentType: 'image/svg+xml' }
const WEBP = { contentType: 'image/webp' }

const s3App = async () => testApp(await testConfig(await testBuckets()))

async function putOriginals(store: Store, slugs: readonly string[]): Promise<void> {
  await Promise.all(slugs.map((slug, index) => store.put(`${FOLDER}/${slug}.svg`, Buffer.from(drawing(index)), SVG)))
}

const importAll = (app: App, originals = app.stores.originals, prefix = '') =>
  importBucket({ pg: app.pg, originals }, { prefix })

describe('importing a bucket', () => {
  it('imports by keys, downloads nothing, and reports refused keys', async () => {
    const app = await s3App()
    const { originals } = app.stores
    await putOriginals(originals, ['arrow-left', 'star'])
    await originals.put(
      `other/illustrations/${FAMILY.replace('1', '2')}/${SET.replace('1', '2')}/scene.svg`,
      Buffer.from(drawing(7)),
      SVG,
    )
    await originals.put(`thief/icons/${FAMILY}/${SET}/mine.svg`, Buffer.from(drawing(8)), SVG)
    for (const key of [
      `${FOLDER}/star-preview.webp`,
      `acme/previews/${FAMILY}/card.webp`,
      `acme/preview/${FAMILY}/card.webp`,
      'acme/readme.txt',
    ])
      await originals.put(key, Buffer.from('x'), WEBP)
    const get = async () => expect.unreachable('a download')
    const report = await importAll(app, { ...originals, get })
    expect(report).toMatchObject({ added: 3, changed: 0, unchanged: 0, refusals: 2, pictures: 3, resumedAfter: null })
    expect(report.refused).toEqual([
      {
        from: 'acme/readme.txt',
        reason: expect.stringContaining('{vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg'),
      },
      { from: `thief/icons/${FAMILY}/${SET}/mine.svg`, reason: expect.stringContaining('belongs to another vendor') },
    ])
    expect(await importAll(app)).toMatchObject({ added: 0, changed: 0, unchanged: 3 })
    const { url } = await testServer(app)
    const picture = await fetch(`${url}/images/${FOLDER}/arrow-left-preview.webp`)
    expect(picture.status).toBe(200)
    expect((await sharp(Buffer.from(await picture.arrayBuffer())).metadata()).format).toBe('webp')
  })

  it('treats a changed original as a new source, and keeps an item whose bytes are known', async () => {
    const app = await s3App()
    const { originals } = app.stores
    await putOriginals(originals, ['a', 'b'])
    const own = entry('own', drawing(5))
    await importItems({ pg: app.pg, originals }, [own])
    await importAll(app)
    await originals.put(`${FOLDER}/a.svg`, Buffer.from(drawing(99)), { ...SVG, replace: true })
    expect(await importAll(app)).toMatchObject({ added: 0, changed: 1, unchanged: 2 })
  })

  it('continues where it was interrupted', async () => {
    const app = await s3App()
    const { originals } = app.stores
    const slugs = Array.from({ length: 2500 }, (_, index) => `icon-${String(index).padStart(4, '0')}`)
    const keys = slugs.map((slug) => `${FOLDER}/${slug}.svg`)
    const listing = (last: number): Store => ({
      ...originals,
      async *list(prefix, { after = '' } = {}) {
        for (const [index, key] of keys.entries()) {
          if (index === last) throw new Error('the network is gone')
          if (key > after && key.startsWith(prefix))
            yield { key, bytes: 300, etag: String(index), modifiedAt: new Date() }
        }
      },
    })
    await expect(importAll(app, listing(2100))).rejects.toThrow('the network is gone')
    expect(await app.prisma.item.count()).toBe(2000)
    const report = await importAll(app, listing(9999))
    expect(report).toMatchObject({ added: 500, unchanged: 0, resumedAfter: keys[1999] })
    expect(await importAll(app, listing(9999))).toMatchObject({ added: 0, unchanged: 2500, resumedAfter: null })
  })
})

describe('npm run import -- s3://…', () => {
  const run = async (env: Record<string, string>, args: string[]) => {
    const file = path.join(import.meta.dirname, '../src/bin/afterimage.ts')
    const whole = { ...process.env, DATABASE_URL: await testDatabase(), DATA_DIR: await tempDirectory(), ...env }
    return await promisify(execFile)(process.execPath, [file, 'import', ...args], { env: whole }).then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      ({ code, stdout, stderr }) => ({ code, said: `${stdout}${stderr}` }),
    )
  }

  it('imports, adopts, reports broken pictures and starts its backfill', async () => {
    const env = await testBuckets()
    const s3 = `${env.AWS_ENDPOINT_URL_S3}/`
    await fetch(`${s3}${env.ORIGINALS_BUCKET}/${FOLDER}/a.svg`, { method: 'PUT', body: drawing(1) })
    await fetch(`${s3}${env.PREVIEWS_BUCKET}/${FOLDER}/a-preview.webp`, { method: 'PUT', body: '/tmp/a-preview.webp' })
    const { code, said } = await run(env, [`s3://${env.ORIGINALS_BUCKET}/acme`, '--adopt'])
    expect(code, said).toBe(0)
    expect(said).toContain('1 added, 0 changed, 0 unchanged, 0 refused')
    expect(said).toContain(`broken ${FOLDER}/a-preview.webp: "/tmp/a-preview.webp"`)
    expect(said).toContain('0 pictures adopted, 0 known, 0 of no item, 1 broken')
    expect(said).toContain('started backfill 1')
  })

  it('reports errors in one sentence', async () => {
    const env = await testBuckets()
    expect(await run(env, ['s3://elsewhere/'])).toEqual({
      code: 1,
      said: `s3://elsewhere/ is not in ORIGINALS_BUCKET (${env.ORIGINALS_BUCKET}): originals are read in place, so set it to elsewhere.\n`,
    })
    expect(await run({}, ['.', '--adopt'])).toEqual({ code: 2, said: '--adopt needs s3://BUCKET/PREFIX.\n' })
  })
})

describe('adopting pictures without a version', () => {
  it('registers valid WebP pictures and leaves the rest to a backfill', async () => {
    const app = await s3App()
    const { originals, previews } = app.stores
    await putOriginals(originals, ['good', 'path', 'cut', 'none'])
    await importAll(app)
    const webp = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#c00' } })
      .webp()
      .toBuffer()
    const put = (slug: string, bytes: Buffer) => previews.put(`${FOLDER}/${slug}-preview.webp`, bytes, WEBP)
    await put('good', webp)
    await put('path', Buffer.from('/var/tmp/converter/acme/path-preview.webp'))
    await put('cut', webp.subarray(0, webp.length - 9))
    await put('stranger', webp)
    await previews.put(`${FOLDER}/good-unheard.webp`, webp, WEBP)

    const adopt = (deleteBroken: boolean) => adoptVariants({ ...app, previews }, { prefix: '', deleteBroken })
    const report = await adopt(false)
    expect(report).toMatchObject({ adopted: 1, known: 0, orphans: 1, brokenCount: 2 })
    expect(report.broken.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
      {
        key: `${FOLDER}/cut-preview.webp`,
        found: `a WebP of ${webp.length} bytes, truncated to ${webp.length - 9}`,
      },
      { key: `${FOLDER}/path-preview.webp`, found: '"/var/tmp/converter/acme/path-p"' },
    ])
    expect(await app.prisma.image.findMany()).toMatchObject([
      { objectKey: `${FOLDER}/good-preview.webp`, width: 64, height: 48, bytes: webp.length, lossless: false },
    ])

    const find = async (mode: 'MISSING' | 'STALE') => {
      const variants = variantsOf(app.presets, { presets: ['preview'], formats: [] })
      const run = { backfillId: null, since: new Date(), urlSecretId: app.urlSecret.id }
      const order = { scope: WHOLE_CATALOGUE, mode, variants, ...run }
      const work = await findWork(app.pg, order, { afterId: 0, toId: 1000, limit: 10 })
      return work.map(({ sourceKey }) => sourceKey.slice(FOLDER.length + 1)).sort()
    }
    expect(await find('MISSING')).toEqual(['cut.svg', 'none.svg', 'path.svg'])
    expect(await find('STALE')).toEqual(['cut.svg', 'good.svg', 'none.svg', 'path.svg'])

    expect(await adopt(true)).toMatchObject({ adopted: 0, known: 1, brokenCount: 2 })
    expect(await previews.head(`${FOLDER}/path-preview.webp`)).toBeNull()
    expect(await previews.head(`${FOLDER}/good-preview.webp`)).not.toBeNull()
  })

  it.each([{ lossless: true }, { lossless: false }, { lossless: false, alpha: true }])(
    'reads what sharp writes: %j',
    async ({ lossless, alpha }) => {
      const background = alpha ? { r: 1, g: 2, b: 3, alpha: 0.5 } : '#123456'
      const bytes = await sharp({ create: { width: 301, height: 77, channels: alpha ? 4 : 3, background } })
        .webp({ lossless })
        .toBuffer()
      expect(readWebpHeader(bytes.subarray(0, 30))).toEqual({ width: 301, height: 77, lossless, bytes: bytes.length })
      expect(readWebpHeader(bytes.subarray(0, 29))).toBeNull()
      expect(readWebpHeader(Buffer.from('P'.repeat(30)))).toBeNull()
    },
  )
})
