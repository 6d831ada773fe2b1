import { expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { importItems } from '../src/import/import-items.ts'
import { ask, drawing, entry, testApp, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { startWorker } from './support/worker.ts'

const BROKEN = '<svg xmlns="http://www.w3.org/2000/svg"><g>'

interface Plan {
  items: number
  images: number
  failedBefore: number
  estimatedSeconds: number | null
  estimatedBytes: number | null
}
interface Run {
  id: string
  status: string
  totalItems: number
  doneItems: number
  failedItems: number
  imagesMade: number
  bytesWritten: number
}

async function open() {
  const app = await testApp()
  const { url } = await testServer(app)
  const plan = async (input = '{}') => {
    const { data, errors } = await ask<{ planBackfill: Plan }>(
      url,
      `{ planBackfill(input: ${input}) { items images failedBefore estimatedSeconds estimatedBytes } }`,
    )
    expect(errors).toBeUndefined()
    return data.planBackfill
  }
  const run = async (input: string): Promise<Run> => {
    const fields = 'id status totalItems doneItems failedItems imagesMade bytesWritten'
    const { data } = await ask<{ startBackfill: Run }>(url, `mutation { startBackfill(input: ${input}) { ${fields} } }`)
    const { id } = data.startBackfill
    return await until(async () => {
      const { backfill } = (await ask<{ backfill: Run }>(url, `{ backfill(id: "${id}") { ${fields} } }`)).data
      return backfill.status === 'COMPLETED' && backfill
    })
  }
  const importAll = (entries: Parameters<typeof importItems>[1]) =>
    importItems({ pg: app.pg, originals: app.stores.originals }, entries)
  return { app, url, plan, run, importAll }
}

/** Chunks that ran back to back in the last hour. */
async function chunks(
  app: App,
  times: readonly { from: number; to: number; done?: number; failed?: number; images?: number }[],
) {
  const { id } = await app.prisma.backfill.create({
    data: { mode: 'STALE', presets: [], formats: [], fingerprint: 'measured', status: 'COMPLETED' },
  })
  const hourAgo = Date.now() - 3_600_000
  await app.prisma.backfillChunk.createMany({
    data: times.map(({ from, to, done = 0, failed = 0, images = done * 3 }, index) => ({
      backfillId: id,
      fromItemId: index,
      toItemId: index,
      status: 'DONE' as const,
      totalItems: done + failed,
      doneItems: done,
      failedItems: failed,
      imagesMade: images,
      startedAt: new Date(hourAgo + from * 1000),
      updatedAt: new Date(hourAgo + to * 1000),
    })),
  })
}

it("a plan predicts the backfill's work", async () => {
  const { app, plan, run, importAll } = await open()
  const icons = Array.from({ length: 8 }, (_, index) => entry(`icon-${index}`, drawing(index)))
  await importAll([...icons, entry('theirs', drawing(20), { vendor: 'zeta' })])
  expect(await plan()).toEqual({ items: 9, images: 27, failedBefore: 0, estimatedSeconds: null, estimatedBytes: null })
  startWorker(app)
  const changeOne = () => importAll([entry('icon-0', drawing(30))])
  const takeDown = async () => {
    const { id: targetId } = await app.prisma.item.findFirstOrThrow({ where: { slug: 'icon-1' } })
    await app.prisma.takeDown.create({ data: { targetType: 'ITEM', targetId, reason: 'x' } })
  }
  const steps: [string, (() => Promise<unknown>) | null, number, number][] = [
    ['{ presets: ["thumbnail"], scope: { vendor: "zeta" } }', null, 1, 1],
    ['{ presets: ["thumbnail", "preview"], formats: [WEBP, PNG], scope: { vendor: "zeta" } }', null, 1, 3],
    ['{ mode: MISSING }', null, 9, 25],
    ['{ mode: MISSING }', changeOne, 0, 0],
    ['{ mode: STALE }', null, 1, 3],
    ['{ mode: FAILED }', null, 0, 0],
    ['{ mode: ALL, presets: ["preview"] }', takeDown, 8, 8],
  ]
  for (const [input, prepare, items, images] of steps) {
    await prepare?.()
    const planned = await plan(input)
    expect(planned, input).toMatchObject({ items, images, failedBefore: 0 })
    expect(await run(input), input).toMatchObject({ totalItems: items, doneItems: items, imagesMade: images })
  }
})

it('a plan counts earlier failures, and retries them only if the mode requires it', async () => {
  const { app, plan, run, importAll } = await open()
  await importAll([entry('a', drawing(1)), entry('broken-1', BROKEN), entry('broken-2', `${BROKEN} `)])
  expect(await plan()).toMatchObject({ items: 3, images: 9, failedBefore: 0 })
  startWorker(app)
  expect(await run('{ mode: STALE }')).toMatchObject({ totalItems: 3, failedItems: 2, imagesMade: 3 })
  const none = { items: 0, images: 0, estimatedSeconds: 0, estimatedBytes: 0 }
  for (const mode of ['MISSING', 'STALE']) expect(await plan(`{ mode: ${mode} }`)).toEqual({ ...none, failedBefore: 2 })
  expect(await plan('{ mode: FAILED }')).toMatchObject({ items: 2, images: 6, failedBefore: 2 })
  expect(await plan('{ mode: ALL }')).toMatchObject({ items: 3, images: 9, failedBefore: 2 })
  await importAll([entry('broken-1', drawing(2))])
  expect(await plan()).toMatchObject({ items: 1, images: 3, failedBefore: 1 })
})

it('a plan estimates from measurements: the time of parallel chunks counts once, gaps not at all', async () => {
  const { app, plan, importAll } = await open()
  await importAll(Array.from({ length: 6 }, (_, index) => entry(`icon-${index}`, drawing(index))))
  expect(await plan()).toMatchObject({ estimatedSeconds: null, estimatedBytes: null })
  await chunks(app, [
    { from: 0, to: 20, done: 10, failed: 2 },
    { from: 10, to: 30, done: 15 },
    // Made by others meanwhile.
    { from: 30, to: 30.5, done: 200, images: 0 },
    { from: 1000, to: 1009.5, done: 3 },
  ])
  // 30 items in 30 + 0.5 + 9.5 s.
  expect((await plan()).estimatedSeconds).toBe(8)
  for (const [preset, bytes] of [
    ['thumbnail', 100],
    ['preview', 1000],
    ['watermark', 2000],
  ] as const) {
    await app.prisma.image.createMany({
      data: [0, 2].map((extra) => ({
        ...{
          ownerType: 'ITEM' as const,
          ownerId: 1,
          preset,
          format: 'WEBP' as const,
          sourceHash: 'x',
          width: 1,
          height: 1,
        },
        ...{
          recipeHash: `${extra}`,
          objectKey: `${preset}-${extra}`,
          bytes: bytes + extra,
          md5: '',
          lossless: true,
          engine: '',
        },
      })),
    })
    const { estimatedBytes } = await plan()
    expect(estimatedBytes).toBe(preset === 'watermark' ? 6 * (101 + 1001 + 2001) : null)
  }
  // AVIF takes many times as long, and no backfill has made any yet.
  expect(await plan('{ formats: [AVIF] }')).toMatchObject({
    items: 6,
    images: 18,
    estimatedSeconds: null,
    estimatedBytes: null,
  })
})

it('plans are counted two at a time, the same one once, and another one is BUSY', async () => {
  const { app, url } = await open()
  const request = (preset: string) => checkRequest(app.presets, { scope: WHOLE_CATALOGUE, presets: [preset] })
  const client = await app.pg.connect()
  await client.query('begin; lock table item in access exclusive mode')
  const one = app.estimateBackfill(request('thumbnail'))
  expect(app.estimateBackfill(request('thumbnail'))).toBe(one)
  const two = app.estimateBackfill(request('preview'))
  const { errors } = await ask(url, '{ planBackfill { items } }')
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BUSY' }, message: expect.stringContaining('try again') })
  await client.query('rollback')
  client.release()
  for (const plan of await Promise.all([one, two])) expect(plan).toMatchObject({ items: 0 })
  expect(await ask(url, '{ planBackfill { items } }')).toEqual({ data: { planBackfill: { items: 0 } } })
})

it('two plans in one query are refused', async () => {
  const { url } = await open()
  const { errors } = await ask(url, '{ a: planBackfill { items } b: planBackfill { items } }')
  expect(errors?.[0]).toMatchObject({
    extensions: { code: 'BAD_INPUT' },
    message: expect.stringMatching(/costs \d+ points/),
  })
})

const refused: [string, string, string, string][] = [
  ['an unknown preset', '{ presets: ["poster"] }', 'BAD_INPUT', 'poster'],
  ['an unknown vendor', '{ scope: { vendor: "nobody" } }', 'NOT_FOUND', 'nobody'],
  ['two scopes', '{ scope: { vendor: "a", iconSet: "b" } }', 'BAD_INPUT', 'takes one of'],
  ['a long list', `{ formats: [${'PNG,'.repeat(60)}] }`, 'BAD_INPUT', '60 entries'],
]
it.each(refused)('a plan with %s is refused', async (_name, input, code, word) => {
  const { url } = await open()
  const { errors } = await ask(url, `{ planBackfill(input: ${input}) { items } }`)
  expect(errors?.[0]).toMatchObject({ extensions: { code }, message: expect.stringContaining(word) })
})

it('says what a backfill was started for', async () => {
  const { app, url } = await open()
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('a', drawing(1))])
  const { uniqueId } = await app.prisma.family.findFirstOrThrow()
  const set = await app.prisma.iconSet.findFirstOrThrow()
  const fields =
    'formats codes scope { __typename ... on Vendor { username } ... on Family { uniqueId } ... on IconSet { uniqueId } }'
  const started = async (input: string) =>
    (await ask<{ startBackfill: object }>(url, `mutation { startBackfill(input: ${input}) { ${fields} } }`)).data
      .startBackfill
  expect(await started('{}')).toEqual({ formats: [], codes: [], scope: null })
  expect(await started('{ scope: { vendor: "acme" }, formats: [WEBP] }')).toEqual({
    formats: ['WEBP'],
    codes: [],
    scope: { __typename: 'Vendor', username: 'acme' },
  })
  expect(await started(`{ scope: { family: "${uniqueId}" }, mode: FAILED, codes: ["BLANK"] }`)).toEqual({
    formats: [],
    codes: ['BLANK'],
    scope: { __typename: 'Family', uniqueId },
  })
  expect(await started(`{ scope: { iconSet: "${set.uniqueId}" } }`)).toMatchObject({
    scope: { __typename: 'IconSet', uniqueId: set.uniqueId },
  })
})
