import { expect, it, onTestFinished } from 'vitest'
import { compositeKeyOf } from '../src/composites/make.ts'
import { heartbeat } from '../src/jobs/workers.ts'
import { throttleForInteractive } from '../src/variants/interactive.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { ask, importDrawings, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

it('while an API makes a picture for a viewer, the workers on its machine use half of their renderers', async () => {
  const app = await testApp()
  const { imageUrl } = await testServer(app)
  await importDrawings(app, 1)
  const limits: number[] = []
  // As large as on a machine with more cores.
  const pool = { ...app.pool, size: 5, limit: (renderers: number) => void limits.push(renderers) }
  const viewers = throttleForInteractive({ events: app.events, pool })
  onTestFinished(viewers.close)

  const item = await app.prisma.item.findFirstOrThrow()
  const url = `${imageUrl}/${variantKeyOf(app, item, { preset: 'preview', format: 'WEBP' })}`
  expect((await fetch(url)).status).toBe(200)
  await until(() => limits.length > 0)
  expect(viewers.areWaiting()).toBe(true)
  await until(() => limits.at(-1) === 5)
  expect(viewers.areWaiting()).toBe(false)
  expect(limits).toEqual([3, 5])
  // Stored pictures cost nothing.
  expect((await fetch(url)).status).toBe(200)
  expect(limits).toEqual([3, 5])
  const { uniqueId: family } = await app.prisma.family.findFirstOrThrow()
  const { username: vendor } = await app.prisma.vendor.findFirstOrThrow()
  const key = compositeKeyOf(app, { vendor, family, layout: 'strip', format: 'WEBP' }, null)
  expect((await fetch(`${imageUrl}/${key}`)).status).toBe(200)
  await until(() => limits.length > 3)
  expect(limits).toEqual([3, 5, 3, 5])
})

it.each([
  ['on', [{ itemIds: [1, 2, 3] }]],
  ['off', []],
])(
  'a page that prints URLs has workers make its items, once a minute, unless WARM_PAGES is off (%s)',
  async (WARM_PAGES, queued) => {
    const app = await testApp(await testConfig({ WARM_PAGES }))
    const { url } = await testServer(app)
    await importDrawings(app, 3)
    await heartbeat(app.pg, 'a-worker')
    const page = '{ items { nodes { image { url } srcSet } } }'
    for (let each = 0; each < 3; each++) expect((await ask(url, page)).errors).toBeUndefined()
    await app.warmQueue.close()
    const { rows } = await app.pg.query('select payload, priority from graphile_worker._private_jobs order by id')
    expect(rows).toEqual(queued.map((payload) => ({ payload, priority: 60 })))
  },
)

it('items are warmed once no picture is being made for a viewer, but those at once that a viewer waits for', async () => {
  const app = await testApp()
  await heartbeat(app.pg, 'a-worker')
  const queued = async () =>
    (await app.pg.query('select payload from graphile_worker._private_jobs order by id')).rows.map(
      ({ payload }) => payload.itemIds,
    )
  const place = await app.admission.acquire({ path: ['vendor', 'client'], lane: 'quick' })
  app.warmQueue.add(1)
  app.warmQueue.addAwaited(2)
  await until(async () => (await queued()).length > 0)
  expect(await queued()).toEqual([[2]])
  place.release()
  await until(async () => (await queued()).length > 1)
  expect(await queued()).toEqual([[2], [1]])
})
