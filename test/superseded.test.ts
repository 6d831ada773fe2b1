import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { App } from '../src/app.ts'
import { lockItems } from '../src/db/locks.ts'
import { adoptVariants } from '../src/import/adopt.ts'
import { importItems } from '../src/import/import-items.ts'
import { deleteSuperseded } from '../src/retention/delete-superseded.ts'
import type { Store } from '../src/store/store.ts'
import { testBuckets } from './support/s3.ts'
import { ask, drawing, entry, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

const importEntries = (app: App, entries: [string, number][]) =>
  importItems(
    { pg: app.pg, originals: app.stores.originals },
    entries.map(([slug, number]) => entry(slug, drawing(number))),
  )

/** Makes every item's current thumbnail, and returns the URLs. */
async function makeAll(url: string): Promise<string[]> {
  const { data } = await ask<{ items: { nodes: { image: { url: string } }[] } }>(
    url,
    '{ items { nodes { image(preset: "thumbnail") { url } } } }',
  )
  const urls = data.items.nodes.map(({ image }) => image.url)
  for (const picture of urls) expect((await fetch(picture)).status).toBe(200)
  return urls
}

const age = (app: App, where: string) =>
  app.pg.query(`update image set made_at = now() - interval '31 days' where ${where}`)
const remove = (app: App, options: { graceDays?: number; batch?: number; previews?: Store } = {}) =>
  deleteSuperseded({ ...app, previews: app.stores.previews, ...options }, { graceDays: 30, ...options })

async function objectsOf(app: App): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of app.stores.previews.list('')) keys.push(key)
  return keys.sort()
}
const rowsOf = async (app: App) => (await app.prisma.image.findMany()).map(({ objectKey }) => objectKey).sort()

/** Items a and b whose thumbnails were made from `sources` sources one after the other. */
async function withSources(app: App, url: string, sources: number): Promise<void> {
  for (let source = 0; source < sources; source++) {
    await importEntries(app, [
      ['a', source],
      ['b', 20 + source],
    ])
    await makeAll(url)
  }
}

/** Who made its last picture releases its lock a moment after the answer. */
const lockWhenFree = (app: App, id: number) =>
  until(async () => {
    const locks = await lockItems(app.pg, [id])
    if (locks.held.length > 0) return locks
    await locks.release()
    return false
  })

describe('superseded pictures', () => {
  const stores: [string, () => Promise<Record<string, string>>][] = [
    ['directories', async () => ({})],
    ['buckets', () => testBuckets()],
  ]
  it.each(stores)(
    'are deleted after the grace period, current ones never; old URLs redirect (in %s)',
    async (_in, env) => {
      const app = await testApp(await testConfig(await env()))
      const { url } = await testServer(app)
      await importEntries(app, [
        ['changed', 1],
        ['unchanged', 2],
        ['waiting', 3],
      ])
      const before = await makeAll(url)
      const old = await rowsOf(app)
      // As an earlier converter left it, next to ours.
      const adopted = `${String(old[0]).split('-thumbnail')[0]}-thumbnail.webp`
      await app.stores.previews.put(adopted, (await app.stores.previews.get(String(old[0]))) ?? Buffer.alloc(0), {
        contentType: 'image/webp',
      })
      await adoptVariants({ pg: app.pg, previews: app.stores.previews, presets: app.presets }, { prefix: '' })
      await importEntries(app, [['changed', 11]])
      const after = await makeAll(url)
      await importEntries(app, [['waiting', 13]])
      expect(await remove(app)).toBe(0)
      await age(app, `object_key = any('{${[...old, adopted].join()}}')`)
      expect(await remove(app), 'the new picture is not old enough').toBe(0)
      await age(app, 'true')

      expect(await remove(app)).toBe(2)
      const kept = await rowsOf(app)
      expect(kept).toEqual(await objectsOf(app))
      const keyOf = (picture = '') => picture.slice(picture.indexOf('/images/') + '/images/'.length)
      // The last one waits for its new picture, so the old one is still the best available.
      expect(kept).toEqual([after[0], before[1], before[2]].map(keyOf).sort())
      const redirect = await fetch(before[0] ?? '', { redirect: 'manual' })
      expect([redirect.status, new URL(redirect.headers.get('location') ?? '', before[0]).href]).toEqual([
        302,
        after[0],
      ])
      expect(await remove(app, { graceDays: 0 })).toBe(0)
    },
  )

  it('are deleted in batches, by several processes at once, without those that are being made', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await withSources(app, url, 4)
    await age(app, 'true')
    const [{ id } = { id: 0 }] = await app.prisma.item.findMany({ where: { slug: 'b' } })
    await using busy = await lockWhenFree(app, id)
    expect(await remove(app, { batch: 2 })).toBe(3)
    expect(await app.prisma.image.count({ where: { ownerId: id } })).toBe(4)
    await busy.release()
    await withSources(app, url, 6)
    const deleted = await Promise.all([1, 2, 3].map((batch) => remove(app, { graceDays: 0, batch })))
    const rest = await remove(app, { graceDays: 0 })
    expect(deleted.reduce((sum, count) => sum + count, rest)).toBe(4 + 5 + 1)
    expect(await app.prisma.image.count()).toBe(2)
    expect(await rowsOf(app)).toEqual(await objectsOf(app))
  })

  it('whose deletion was interrupted keep their rows, and the next run continues', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await withSources(app, url, 3)
    const { previews } = app.stores
    const interrupted = (isDone: boolean): Store => ({
      ...previews,
      delete: async (keys) => {
        if (isDone) await previews.delete(keys)
        throw new Error('the process was killed here')
      },
    })
    for (const [isDone, objects] of [
      [false, 6],
      [true, 2],
    ] as const) {
      await expect(remove(app, { graceDays: 0, previews: interrupted(isDone) })).rejects.toThrow('killed')
      expect([(await rowsOf(app)).length, (await objectsOf(app)).length]).toEqual([6, objects])
    }
    expect(await remove(app, { graceDays: 0 })).toBe(4)
    expect(await rowsOf(app)).toEqual(await objectsOf(app))
  })

  it('are searched by a worker once an hour, with the days from its environment', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await withSources(app, url, 2)
    const { databaseUrl, dataDir, childEnv } = app.config
    const worker = fork(path.join(import.meta.dirname, '../workers/main.ts'), {
      env: { ...childEnv(databaseUrl ?? ''), DATA_DIR: dataDir, SUPERSEDED_DAYS: '0', RENDERERS: '1' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let said = ''
    worker.stderr?.on('data', (text) => (said += text))
    const gone = once(worker, 'exit')
    onTestFinished(async () => {
      worker.kill('SIGKILL')
      await gone
    })
    const known = 'select identifier from graphile_worker._private_known_crontabs'
    await until(async () =>
      (await app.pg.query(known)).rows.some(({ identifier }) => identifier === 'delete_superseded'),
    )
    await app.pg.query(`select graphile_worker.add_job('delete_superseded')`)
    await until(async () => (await app.prisma.image.count()) === 2)
    await until(() => said.includes('"images":2,"olderThanDays":0,"msg":"deleted superseded pictures"'))
  })
})
