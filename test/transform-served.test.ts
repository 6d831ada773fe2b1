import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { recipeOf } from '../src/core/transform.ts'
import { offeredTransform } from '../src/core/transform-request.ts'
import { importItems } from '../src/import/import-items.ts'
import { deleteUnusedTransforms } from '../src/retention/delete-unused.ts'
import { runTakeDown } from '../src/takedown/run.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { specOf } from '../src/variants/offered.ts'
import { createTasks } from '../workers/tasks.ts'
import { testBuckets } from './support/s3.ts'
import { ask, entry, svg, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

const FOREVER = new AbortController().signal
/** The left half in currentColor, the right one red. */
const INK = svg('<path fill="currentColor" d="M0 0h12v24H0z"/><path fill="#f00" d="M12 0h12v24H12z"/>')
const WIDE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 24"><path fill="#00f" d="M0 0h48v24H0z"/></svg>'
const DOT = svg('<circle cx="12" cy="12" r="4" fill="currentColor"/>')

async function open(env: Record<string, string> = {}) {
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [
    entry('ink', INK),
    entry('wide', WIDE),
    entry('dot', DOT),
    entry('broken', '<svg xmlns="http://www.w3.org/2000/svg"><g>'),
  ])
  const image = async (slug: string, args: string, fields = 'url width height') => {
    const { uniqueId } = await app.prisma.item.findFirstOrThrow({ where: { slug } })
    const query = `{ item(uniqueId: "${uniqueId}") { image(${args}) { ${fields} } } }`
    type Answer = { item: { image: { url: string; width: number; height: number; status: string } } }
    const { data, errors } = await ask<Answer>(url, query)
    if (!data?.item) throw new Error(JSON.stringify(errors))
    return data.item.image
  }
  return { app, url, image }
}

const get = (url: string, init?: RequestInit) => fetch(url, { redirect: 'manual', ...init })

/** Colour of a pixel of a picture as `#rrggbbaa`, at shares of its sides. */
async function pixelOf(bytes: Buffer, x: number, y: number): Promise<string> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 4
  return `#${data.subarray(at, at + 4).toString('hex')}`
}

const keyOf = (url: string) => url.slice(url.indexOf('/images/') + '/images/'.length)
const transformsOf = (app: App) =>
  app.prisma.image.findMany({ where: { usedAt: { not: null } }, orderBy: { id: 'asc' } })

describe('a picture by transform', () => {
  it('is issued, made on the first request, stored and recorded, in the size, ground and ink asked for', async () => {
    const { app, image } = await open(await testBuckets())
    const rows: [string, string, number, number, [number, number, string][]][] = [
      [
        'ink',
        'transform: { width: 90 }, format: PNG',
        96,
        96,
        [
          [0.2, 0.5, '#000000ff'],
          [0.8, 0.5, '#ff0000ff'],
        ],
      ],
      [
        'ink',
        'transform: { width: 90, theme: DARK }, format: PNG',
        96,
        96,
        [
          [0.2, 0.5, '#f4f4f6ff'],
          [0.8, 0.5, '#ff0000ff'],
        ],
      ],
      ['ink', 'transform: { width: 48, dpr: 2, color: "#00FF00" }, format: PNG', 96, 96, [[0.2, 0.5, '#00ff00ff']]],
      [
        'dot',
        'transform: { height: 96, theme: TRANSPARENT, color: "#0000ff" }, format: PNG',
        96,
        96,
        [
          [0.05, 0.05, '#00000000'],
          [0.5, 0.5, '#0000ffff'],
        ],
      ],
      [
        'dot',
        'transform: { width: 96, theme: DARK }, format: PNG',
        96,
        96,
        [
          [0.05, 0.05, '#1f1f24ff'],
          [0.5, 0.5, '#f4f4f6ff'],
        ],
      ],
      ['dot', 'transform: { width: 96, background: "#102030" }, format: PNG', 96, 96, [[0.05, 0.05, '#102030ff']]],
      [
        'dot',
        'transform: { width: 96, background: "auto", color: "#ffffff" }, format: PNG',
        96,
        96,
        [[0.05, 0.05, '#ffffffff']],
      ],
      ['wide', 'transform: { width: 96 }, format: PNG', 96, 48, [[0.05, 0.05, '#0000ffff']]],
      ['wide', 'transform: { height: 96 }', 192, 96, []],
      [
        'wide',
        'transform: { width: 96, height: 90 }, format: PNG',
        96,
        96,
        [
          [0.5, 0.05, '#ffffffff'],
          [0.5, 0.5, '#0000ffff'],
        ],
      ],
      ['wide', 'transform: { width: 96, height: 96, fit: COVER }, format: PNG', 96, 96, [[0.5, 0.05, '#0000ffff']]],
      [
        'wide',
        'transform: { width: 96, padding: 16 }, format: PNG',
        96,
        64,
        [
          [0.05, 0.5, '#ffffffff'],
          [0.5, 0.5, '#0000ffff'],
        ],
      ],
      ['ink', 'transform: { width: 96 }, format: AVIF', 96, 96, []],
    ]
    for (const [slug, args, width, height, pixels] of rows) {
      const issued = await image(slug, args, 'url width height status')
      expect([args, issued.width, issued.height, issued.status]).toEqual([args, width, height, 'PENDING'])
      const response = await get(issued.url)
      expect([args, response.status, response.headers.get('cache-control')]).toEqual([
        args,
        200,
        'public, max-age=31536000, immutable',
      ])
      const bytes = Buffer.from(await response.arrayBuffer())
      expect(await sharp(bytes).metadata()).toMatchObject({ width, height })
      for (const [x, y, colour] of pixels) expect([args, await pixelOf(bytes, x, y)]).toEqual([args, colour])
      expect(await app.stores.previews.get(keyOf(issued.url))).toEqual(bytes)
      expect((await image(slug, args, 'url status')).status).toBe('READY')
    }
    const made = await transformsOf(app)
    expect(made.length).toBe(rows.length)
    expect(await app.prisma.image.count()).toBe(rows.length)
    // Nothing else is drawn for it, and coverage counts none of them.
    expect(
      await app.prisma.$queryRaw`select count(*)::int as n from graphile_worker.jobs`.catch(() => [{ n: 0 }]),
    ).toEqual([{ n: 0 }])
    expect(app.pool.stats.renders).toBe(rows.length)
  })

  it('that a preset draws just so has the preset’s URL', async () => {
    const { image } = await open()
    expect((await image('ink', 'transform: { width: 500 }')).url).toBe((await image('ink', 'preset: "preview"')).url)
    expect((await image('wide', 'transform: { width: 500 }')).url).not.toBe(
      (await image('wide', 'preset: "preview"')).url,
    )
    expect((await image('ink', 'transform: { width: 64, background: "transparent" }')).url).toContain('-transparent64.')
  })

  it('that was not issued is 404, without a render, a row or an object; its alias too', async () => {
    const { app, image, url } = await open()
    const key = keyOf((await image('ink', 'transform: { width: 96 }')).url)
    expect(key).toMatch(/ink-t_w96\.[a-z2-7]{16}\.webp$/)
    const other = keyOf((await image('wide', 'transform: { width: 96 }')).url)
    const forged = [
      key.replace('t_w96', 't_w128'),
      key.replace('t_w96', 't_w97'),
      key.replace('t_w96', 't_w4096'),
      key.replace('t_w96', 't_h96'),
      key.replace('t_w96', 't_w96_h96'),
      key.replace('t_w96', 't_w96_clear'),
      key.replace('t_w96', 't_w96_cff0000'),
      key.replace('t_w96', 't_w096'),
      key.replace('t_w96', 't_w96_'),
      key.replace('t_w96', 't_W96'),
      key.replace('t_w96', 'T_w96'),
      key.replace('t_w96', 't'),
      key.replace('t_w96', 't_w96_w96'),
      key.replace('t_w96', 't_w99999999999'),
      key.replace('ink-', 'dot-'),
      key.replace(/\.[a-z2-7]{16}/, ''),
      key.replace(/\.[a-z2-7]{16}/, '.aaaaaaaaaaaaaaaa'),
      key.replace(/\.([a-z2-7]{15})[a-z2-7]/, '.$1'),
      key.replace(/\.[a-z2-7]{16}/, `.${/\.([a-z2-7]{16})/.exec(other)?.[1]}`),
      key.replace('.webp', '.gif'),
    ]
    for (const each of forged) expect([each, (await get(`${url}/images/${each}`)).status]).toEqual([each, 404])
    expect([app.pool.stats.renders, await app.prisma.image.count()]).toEqual([0, 0])
    expect((await get(`${url}/images/${key}`)).status).toBe(200)
  })

  it('is not drawn for another source than the one it was issued for: the old URL leads to the new picture', async () => {
    const { app, image } = await open()
    const before = (await image('dot', 'transform: { width: 96, theme: DARK }')).url
    expect((await get(before)).status).toBe(200)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('dot', INK)])
    const after = (await image('dot', 'transform: { width: 96, theme: DARK }')).url
    expect(after).not.toBe(before)
    const redirected = await get(before)
    expect([redirected.status, new URL(redirected.headers.get('location') ?? '', before).href]).toEqual([302, after])
    expect((await get(after)).status).toBe(200)
  })

  it('of a broken source is 422, and refused arguments say why', async () => {
    const { image, url, app } = await open()
    const { url: broken } = await image('broken', 'transform: { width: 96 }')
    expect((await get(broken)).status).toBe(422)
    for (const [transform, sentence] of [
      ['{}', /needs a width or a height/],
      ['{ width: 0 }', /width is 0/],
      ['{ width: 16, padding: 8 }', /leaves no room/],
      ['{ width: 16, color: "red" }', /#1f6feb/],
      ['{ width: 16, dpr: 9 }', /dpr is 9/],
    ] as const) {
      const { uniqueId } = await app.prisma.item.findFirstOrThrow()
      const { errors } = await ask(url, `{ item(uniqueId: "${uniqueId}") { image(transform: ${transform}) { url } } }`)
      expect(errors?.[0]).toMatchObject({
        message: expect.stringMatching(sentence),
        extensions: { code: expect.stringMatching(/^(BAD_INPUT|GRAPHQL_VALIDATION_FAILED)$/) },
      })
    }
  })
})

describe('new transforms of one address', () => {
  it('are limited in a minute, with Retry-After and a placeholder; what is stored and what is joined is not counted', async () => {
    const { image, app } = await open({ TRANSFORMS_PER_MINUTE: '2' })
    const [first, second, third] = await Promise.all(
      [96, 192, 384].map(async (width) => (await image('ink', `transform: { width: ${width}, theme: DARK }`)).url),
    )
    const joined = await Promise.all(Array.from({ length: 20 }, () => get(first ?? '')))
    expect(new Set(joined.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await get(second ?? '')).status).toBe(200)
    const refused = await get(third ?? '')
    expect([
      refused.status,
      refused.headers.get('retry-after'),
      refused.headers.get('cache-control'),
      refused.headers.get('x-afterimage-error'),
    ]).toEqual([429, expect.stringMatching(/^[1-3]\d$/), 'no-store', 'RATE_LIMITED'])
    expect(await sharp(Buffer.from(await refused.arrayBuffer())).metadata()).toMatchObject({ format: 'webp' })
    expect((await get(first ?? '')).status).toBe(200)
    expect((await get((await image('ink', 'preset: "thumbnail"')).url)).status).toBe(200)
    expect(app.pool.stats.renders).toBe(3)
  })

  it('none are offered where the ladder is empty', async () => {
    const { app, url } = await open()
    const item = await app.prisma.item.findFirstOrThrow({ where: { slug: 'ink' } })
    const preset = recipeOf(offeredTransform(app.ladder, { width: 96 })).presetFor(item)
    const key = variantKeyOf(app, item, specOf(preset, 'WEBP'))
    Object.assign(app, { ladder: [] })
    expect((await get(`${url}/images/${key}`)).status).toBe(404)
  })
})

describe('the last use', () => {
  it('is noted at most once a day, and what nobody asked for is deleted, row and object, by the hourly job', async () => {
    const { app, image } = await open(await testBuckets())
    const [kept, forgotten] = [
      await image('ink', 'transform: { width: 96 }'),
      await image('ink', 'transform: { width: 192 }'),
    ]
    const preset = await image('ink', 'preset: "thumbnail"')
    for (const { url } of [kept, forgotten, preset]) await get(url)
    const usedAt = async () => (await transformsOf(app)).map((row) => row.usedAt?.getTime())
    const first = await usedAt()
    await get(kept.url)
    await app.uses.flush()
    expect(await usedAt()).toEqual(first)

    await app.pg.query(`update image set used_at = now() - interval '40 days' where used_at is not null`)
    await get(kept.url)
    await app.uses.flush()
    const run = createTasks(app, 'long').delete_unused
    await run?.({}, { job: { attempts: 1, max_attempts: 1 }, abortSignal: FOREVER } as never)
    expect((await transformsOf(app)).map(({ objectKey }) => objectKey)).toEqual([keyOf(kept.url)])
    expect(await app.stores.previews.get(keyOf(forgotten.url))).toBeNull()
    expect(await app.stores.previews.get(keyOf(kept.url))).not.toBeNull()
    expect(await app.stores.previews.get(keyOf(preset.url))).not.toBeNull()

    // The same URL works again, with the same bytes.
    const again = await get(forgotten.url)
    expect(again.status).toBe(200)
    expect(
      createHash('md5')
        .update(Buffer.from(await again.arrayBuffer()))
        .digest('hex'),
    ).toBe(again.headers.get('etag')?.slice(1, -1))
    expect(await deleteUnusedTransforms({ pg: app.pg, previews: app.stores.previews }, { days: 1 })).toBe(0)
    // A request releases its item's lock after its answer; a locked item is left to the next run.
    let deleted = 0
    await until(async () => {
      deleted += await deleteUnusedTransforms({ pg: app.pg, previews: app.stores.previews }, { days: 0, batch: 1 })
      return deleted === 2
    })
  })
})

describe('a take-down', () => {
  it('hides, deletes and forgets pictures by transform, of the item alone', async () => {
    const { app, image } = await open(await testBuckets())
    const [hidden, shown] = [
      await image('ink', 'transform: { width: 96 }'),
      await image('dot', 'transform: { width: 96 }'),
    ]
    const bytes = await Promise.all([hidden, shown].map(async ({ url }) => (await get(url)).status))
    expect(bytes).toEqual([200, 200])
    const { id } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'ink' } })
    const takeDownId = await takeDown(app, { type: 'ITEM', id }, 'test')
    expect((await get(hidden.url)).status).toBe(410)
    await runTakeDown(app, takeDownId, { signal: FOREVER })
    expect(await app.stores.previews.get(keyOf(hidden.url))).toBeNull()
    expect((await transformsOf(app)).map(({ objectKey }) => objectKey)).toEqual([keyOf(shown.url)])
    const { deletedKeys } = await app.prisma.takeDown.findUniqueOrThrow({ where: { id: takeDownId } })
    expect(deletedKeys).toContain(keyOf(hidden.url))
    expect((await image('ink', 'transform: { width: 96 }', 'url status')).status).toBe('GONE')
    expect((await get(shown.url)).status).toBe(200)
  })
})

it('a backfill makes what its presets say; coverage, events and warming leave transforms out', async () => {
  const { app, image } = await open()
  const ofBackfill = (presets?: string[]) => checkRequest(app.presets, { scope: WHOLE_CATALOGUE, presets }).presets
  expect(ofBackfill()).toEqual(['preview', 'thumbnail', 'watermark'])
  expect(ofBackfill(['small'])).toEqual(['small'])
  const counted = (await app.prisma.coveragePreset.findMany()).map(({ preset }) => preset)
  expect(counted.sort()).toEqual(['preview', 'thumbnail', 'watermark'])

  await app.pg.query(
    `insert into webhook (url, secret, types) values ('https://example.com/', 's', '{image.variant.created}')`,
  )
  await app.pg.query('delete from coverage_change')
  const traces = async () => [await app.prisma.event.count(), await app.prisma.coverageChange.count()]
  expect((await get((await image('ink', 'transform: { width: 96 }')).url)).status).toBe(200)
  expect(await traces()).toEqual([0, 0])
  expect((await get((await image('ink', 'preset: "thumbnail"')).url)).status).toBe(200)
  expect(await traces()).toEqual([1, 1])
})
