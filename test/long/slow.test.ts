import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { AppError } from '../../src/core/errors.ts'
import { readPresets } from '../../src/core/presets.ts'
import { createOriginHandler } from '../../src/http/images.ts'
import { importItems } from '../../src/import/import-items.ts'
import { openRenderPool } from '../../src/render/pool.ts'
import { createEnsureVariant } from '../../src/variants/ensure.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { recordResults } from '../../src/variants/record.ts'
import { warmRemainingPresets } from '../../src/variants/warm.ts'
import { ask, entry, listen, svg, testApp, testServer } from '../support/setup.ts'

/** Some hundred ms of CPU. */
const HEAVY = svg(
  `<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>${'<rect width="24" height="24" filter="url(#f)"/>'.repeat(90)}`,
)
const WANTED = { preset: 'thumbnail', format: 'WEBP' } as const

it("a render above a viewer's limit is SLOW immediately, left to a worker with more time, and then served", async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('heavy', HEAVY)])
  const item = await app.prisma.item.findFirstOrThrow()
  // As if the viewer's five seconds were a twentieth of one.
  const hasty = {
    ...app.pool,
    render: ((source, variants, call) =>
      app.pool.render(source, variants, { ...call, cpuLimitMs: 50 })) as typeof app.pool.render,
  }
  const ensureVariant = createEnsureVariant({ ...app, pool: hasty })
  const handle = createOriginHandler({ ...app, ensureVariant })
  const origin = await listen((request, response) => void handle(request, response, request.url?.slice(1) ?? ''))
  const key = variantKeyOf(app, item, WANTED)
  const get = async () => {
    const response = await fetch(`${origin}/${key}`)
    return [response.status, response.headers.get('x-afterimage-error'), response.headers.get('content-type')]
  }

  expect(await get()).toEqual([503, 'SLOW', 'image/webp'])
  expect(await app.prisma.renderFailure.findFirstOrThrow()).toMatchObject({ code: 'SLOW', settled: false })
  expect(await app.prisma.item.findFirstOrThrow()).toMatchObject({ isSlow: true })
  const query = '{ items { nodes { image(preset: "thumbnail") { status error { code } } } } }'
  expect((await ask(url, query)).data).toEqual({
    items: { nodes: [{ image: { status: 'PENDING', error: { code: 'SLOW' } } }] },
  })

  // Not retried with the same limit while a worker is to try it.
  const { renders } = app.pool.stats
  expect(await get()).toEqual([503, 'SLOW', 'image/webp'])
  expect(app.pool.stats.renders).toBe(renders)

  await warmRemainingPresets(app, { itemIds: [item.id], signal: new AbortController().signal })
  expect(await get()).toEqual([200, null, 'image/webp'])
  expect(await app.prisma.renderFailure.count()).toBe(0)
})

it('SLOW is never final, however often, and the largest limit is final immediately; GraphQL shows the first attempt', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  const shown = async () => {
    const query = '{ items { nodes { image(preset: "thumbnail") { status error { code } } } } }'
    type Answer = { items: { nodes: { image: { status: string; error: { code: string } | null } }[] } }
    const { image } = (await ask<Answer>(url, query)).data.items.nodes[0] ?? {}
    return [image?.status, image?.error?.code]
  }
  await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('heavy', HEAVY)])
  const { id: itemId, sourceHash } = await app.prisma.item.findFirstOrThrow()
  const fail = async (code: 'SLOW' | 'TIMEOUT' | 'CRASHED') => {
    await recordResults(app.pg, {
      failures: [{ itemId, sourceHash, error: new AppError(code, code), backfillId: null }],
    })
    const { settled, attempts } = await app.prisma.renderFailure.findFirstOrThrow()
    return [settled, attempts]
  }
  expect([await fail('SLOW'), await fail('SLOW'), await fail('SLOW')]).toEqual([
    [false, 1],
    [false, 1],
    [false, 1],
  ])
  expect(await fail('CRASHED')).toEqual([false, 1])
  expect(await shown()).toEqual(['PENDING', 'CRASHED'])
  expect(await fail('CRASHED')).toEqual([true, 2])
  expect((await fail('TIMEOUT'))[0]).toBe(true)
  expect(await shown()).toEqual(['FAILED', 'TIMEOUT'])
})

it("a vendor's heavy renders do not block another vendor's: each has its share of the CPU", async () => {
  const { presets } = readPresets(path.join(import.meta.dirname, '../../presets.json'))
  const pool = openRenderPool({ presets, size: 1, waitingMax: 100 })
  onTestFinished(pool.close)
  const order: string[] = []
  const render = (vendor: string, source: string) =>
    pool
      .render(Buffer.from(source), [WANTED], { cpuLimitMs: 20_000, path: [vendor, 'client'] })
      .then(() => order.push(vendor))
  const good = svg('<rect width="12" height="12" fill="#f00"/>')
  await render('heavy', HEAVY)
  const all = Array.from({ length: 6 }, () => render('heavy', HEAVY))
  for (let each = 0; each < 6; each++) all.push(render('neighbour', good))
  await Promise.all(all)
  // All of the neighbour's before the second of those that arrived first.
  expect(order.lastIndexOf('neighbour')).toBeLessThanOrEqual(8)
  expect(order.filter((vendor) => vendor === 'heavy')).toHaveLength(7)
})
