import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { App } from '../../src/app.ts'
import { startBackfill } from '../../src/backfill/backfills.ts'
import { planBackfill } from '../../src/backfill/plan.ts'
import { readProgress } from '../../src/backfill/progress.ts'
import { checkRequest } from '../../src/backfill/request.ts'
import { runChunk } from '../../src/backfill/run-chunk.ts'
import { WHOLE_CATALOGUE } from '../../src/catalogue/scope.ts'
import { AppError } from '../../src/core/errors.ts'
import { isCompositeKey } from '../../src/core/variant.ts'
import { md5Of } from '../../src/variants/make.ts'
import { openOwnPostgres } from '../support/own-postgres.ts'
import { seededRandom } from '../support/random.ts'
import { importDrawings, tempDirectory, testApp, testConfig } from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

/** Two small presets: the claims are about what is stored, so the renders may be fast. */
async function smallPresets(): Promise<string> {
  const file = path.join(await tempDirectory(), 'presets.json')
  const preset = (size: number) => ({ width: size, height: size, background: 'white', formats: ['webp'] })
  await writeFile(file, JSON.stringify({ small: preset(24), smaller: preset(16) }))
  return file
}

const start = (app: App) => startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE }))
const progressOf = async (app: App, id: number) => {
  const [[progress], { status }] = await Promise.all([
    readProgress(app.pg, [id]),
    app.prisma.backfill.findUniqueOrThrow({ where: { id } }),
  ])
  return { ...progress, status }
}

/** Every item x preset has one row and one object with the row's bytes, and the store holds no other objects of items. */
async function expectComplete(app: App, items: number): Promise<void> {
  const images = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' } })
  expect(new Set(images.map(({ ownerId, preset }) => `${ownerId} ${preset}`)).size).toBe(items * app.presets.size)
  expect(images).toHaveLength(items * app.presets.size)
  const md5s = new Map(images.map(({ objectKey, md5 }) => [objectKey, md5]))
  let objects = 0
  for await (const { key } of app.stores.previews.list('')) {
    // The workers may already be composing the family's previews.
    if (isCompositeKey(key)) continue
    expect(md5Of((await app.stores.previews.get(key)) as Buffer)).toBe(md5s.get(key))
    objects++
  }
  expect(objects).toBe(images.length)
}

describe('a backfill', () => {
  it('of 3,000 items whose workers are killed at random makes every picture once', { timeout: 240_000 }, async () => {
    const items = 3000
    const env = { PRESETS_FILE: await smallPresets() }
    const app = await testApp(await testConfig(env))
    await importDrawings(app, items)
    const workers = [startWorker(app, { RENDERERS: '1' }), startWorker(app, { RENDERERS: '1' })]
    const random = seededRandom()
    const { id } = await start(app)
    let kills = 0
    for (let killAt = 300; killAt < items - 300; killAt += 450) {
      await until(async () => ((await progressOf(app, id)).doneItems ?? 0) > killAt, 60_000)
      const victim = Math.floor(random() * workers.length)
      workers[victim]?.child.kill('SIGKILL')
      await workers[victim]?.gone
      workers[victim] = startWorker(app, { RENDERERS: '1' })
      kills++
    }
    expect(kills).toBeGreaterThan(4)
    await until(async () => (await progressOf(app, id)).status === 'COMPLETED', 120_000)
    expect(await progressOf(app, id)).toMatchObject({
      totalItems: items,
      doneItems: items,
      failedItems: 0,
      imagesMade: items * 2,
    })
    // The backfill is complete shortly before the queue deletes its last job.
    await until(async () => (await app.pg.query('select from graphile_worker.jobs')).rowCount === 0)
    await expectComplete(app, items)
    // Partial files of killed workers were removed when the next one opened the store.
    expect(await readdir(path.join(app.config.dataDir, 'previews/.drafts'))).toEqual([])
  })

  it('continues when Postgres is restarted meanwhile', { timeout: 240_000 }, async () => {
    const postgres = await openOwnPostgres()
    onTestFinished(() => postgres[Symbol.asyncDispose]())
    const env = { PRESETS_FILE: await smallPresets(), DATABASE_URL: postgres.url }
    const app = await testApp(await testConfig(env))
    await importDrawings(app, 400)
    const worker = startWorker(app)
    const { id } = await start(app)
    await until(async () => ((await progressOf(app, id)).doneItems ?? 0) > 60)
    await postgres.stop()
    await postgres.start()
    await until(async () => (await progressOf(app, id).catch(() => null))?.status === 'COMPLETED', 120_000)
    expect(await progressOf(app, id)).toMatchObject({ totalItems: 400, doneItems: 400, failedItems: 0 })
    expect(worker.child.exitCode).toBeNull()
    await expectComplete(app, 400)
  })

  it('whose store fails one put in five, then all, never has a row without its object, and completes when the store is back', async () => {
    const app = await testApp(await testConfig({ PRESETS_FILE: await smallPresets() }))
    await importDrawings(app, 60)
    const { id } = await start(app)
    await planBackfill(app, id)
    let puts = 0
    let failing = (put: number) => put % 5 === 0
    const { previews } = app.stores
    const put: typeof previews.put = async (...args) => {
      if (failing(++puts)) throw new AppError('UNAVAILABLE', 'Cannot write: ENOSPC, no space left on device.')
      return await previews.put(...args)
    }
    const full = { ...app, stores: { ...app.stores, previews: { ...previews, put } } }
    const run = () => runChunk(full, 1, new AbortController().signal)
    const images = () => app.prisma.image.findMany()
    const expectNoOrphan = async () => {
      for (const { objectKey, bytes } of await images()) expect(await previews.head(objectKey)).toEqual({ bytes })
    }

    // As the queue does: retried until it succeeds, each time with less left to do.
    let tries = 1
    for (let left = 61; ; tries++) {
      const outcome = await run().catch((error) => String(error))
      await expectNoOrphan()
      if (outcome === 'done') break
      expect(outcome).toContain('ENOSPC')
      if (tries === 2) failing = () => true
      if (tries === 3) failing = (count) => count % 40 === 0
      const { length } = await images()
      expect(120 - length).toBeLessThanOrEqual(left * 2)
      left = 60 - length / 2
    }
    expect(tries).toBeGreaterThan(3)
    expect((await progressOf(app, id)).status).toBe('COMPLETED')
    await expectComplete(app, 60)
    expect(await app.prisma.renderFailure.count()).toBe(0)
  })
})
