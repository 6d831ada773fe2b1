import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { recipeOfPreset } from '../src/core/transform.ts'
import { inTransaction, openDatabase } from '../src/db/database.ts'
import { lockFamilies, lockItems } from '../src/db/locks.ts'
import { deleteDiscarded } from '../src/retention/delete-discarded.ts'
import { discardObjects } from '../src/retention/discarded.ts'
import { locateVariant } from '../src/variants/locate.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { openVariantLocks } from '../src/variants/variant-locks.ts'
import { testDatabase } from './support/database.ts'
import { importDrawings, testApp } from './support/setup.ts'
import { until } from './support/until.ts'

const ADVISORY = `select count(*)::int as locks from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`

describe('locks', () => {
  it('of a deletion that fails halfway are released', async () => {
    const app = await testApp()
    await importDrawings(app, 2)
    const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
    const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
    await discardObjects(app.pg, 'PREVIEWS', { keys, afterS: 0 })
    const query = app.pg.query.bind(app.pg) as (...args: unknown[]) => Promise<unknown>
    vi.spyOn(app.pg, 'query').mockImplementation(((...args: unknown[]) =>
      String(args[0]).includes('select "object_key" from "image"')
        ? Promise.reject(new Error('this statement fails'))
        : query(...args)) as never)
    await expect(deleteDiscarded(app)).rejects.toThrow('this statement fails')
    vi.restoreAllMocks()
    const { rows } = await app.pg.query(ADVISORY)
    expect(rows).toEqual([{ locks: 0 }])
    await using locks = await lockItems(
      app.pg,
      items.map(({ id }) => id),
    )
    expect(locks.held).toHaveLength(2)
    expect(await deleteDiscarded(app)).toBe(0)
  })

  it('are released at the end of a scope, however it ends, and the connection returns to the pool', async () => {
    const app = await testApp()
    const counted = async () => (await app.pg.query(ADVISORY)).rows[0].locks
    const work = async (ids: number[]) => {
      await using locks = await lockItems(app.pg, ids)
      await using families = await lockFamilies(app.pg, ['A', 'B'])
      expect([locks.held, families?.held, await counted()]).toEqual([ids, ['A', 'B'], ids.length + 2])
      expect(await lockFamilies(app.pg, ['B', 'C'])).toBeNull()
      await using others = await lockItems(app.pg, [...ids, 99])
      expect(others.held).toEqual([99])
      throw new Error('the work failed')
    }
    await expect(work([1, 2])).rejects.toThrow('the work failed')
    expect(await counted()).toBe(0)
    expect(app.pg.idleCount).toBe(app.pg.totalCount)
  })

  it('leave a connection for the work under them, however many are waiting', async () => {
    const app = await testApp()
    const wanted = app.config.databaseConnections * 4
    const work = async (id: number) => {
      await using locks = await lockItems(app.pg, [id])
      await app.pg.query('select 1')
      return locks.held.length
    }
    const done = await Promise.all(Array.from({ length: wanted }, (_, id) => work(id)))
    expect(done.reduce((sum, held) => sum + held)).toBe(wanted)
  })
})

describe('locks of variants', () => {
  async function open() {
    const app = await testApp()
    await importDrawings(app, 3)
    const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
    const lockVariant = openVariantLocks(app.pg)
    const lock = async (index: number, preset: string) => {
      const recipe = app.presets.get(preset)
      const sourceKey = items[index]?.sourceKey ?? ''
      const wanted =
        recipe && (await locateVariant(app.pg, { sourceKey, recipe: recipeOfPreset(recipe), format: 'WEBP' }))
      if (!wanted) throw new Error('there is no such variant')
      return await lockVariant(wanted)
    }
    const counted = async () => (await app.pg.query(ADVISORY)).rows[0].locks
    return { app, ids: items.map(({ id }) => id), lock, counted }
  }

  it('are shared by the variants of an item, on one connection, and kept from other processes until all are released', async () => {
    const { app, ids, lock, counted } = await open()
    const taken = await Promise.all([lock(0, 'thumbnail'), lock(0, 'preview'), lock(1, 'preview'), lock(0, 'preview')])
    const [thumbnail, , ofOther] = taken
    // Of two requests for the same variant, whichever comes first.
    const previews = [taken[1], taken[3]].filter((each) => each?.isHeld)
    expect([thumbnail?.isHeld, ofOther?.isHeld, previews.length]).toEqual([true, true, 1])
    expect(taken.map(({ located }) => located?.itemId)).toEqual([ids[0], ids[0], ids[1], ids[0]])
    const { rows } = await app.pg.query(ADVISORY.replace('count(*)::int as locks', 'distinct pid'))
    expect(rows).toHaveLength(1)
    const others = async () => {
      await using locks = await lockItems(app.pg, ids)
      return locks.held
    }
    expect(await others()).toEqual([ids[2]])
    thumbnail?.[Symbol.dispose]()
    ofOther?.[Symbol.dispose]()
    await until(async () => (await others()).length === 2)
    expect(await others()).toEqual([ids[1], ids[2]])
    previews[0]?.[Symbol.dispose]()
    await until(async () => (await counted()) === 0 && app.pg.idleCount === app.pg.totalCount)
  })

  it('of another process are waited for, and a broken connection is replaced', async () => {
    const { app, ids, lock, counted } = await open()
    {
      await using _ = await lockItems(app.pg, [ids[0] ?? 0])
      expect((await lock(0, 'preview')).isHeld).toBe(false)
    }
    const before = await lock(0, 'preview')
    await app.pg.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'`)
    await until(async () => (await counted()) === 0)
    const after = await lock(1, 'preview')
    expect([after.isHeld, await counted()]).toEqual([true, 1])
    before[Symbol.dispose]()
    after[Symbol.dispose]()
    await until(async () => (await counted()) === 0 && app.pg.idleCount === app.pg.totalCount)
  })
})

it('a process opens as many connections as it may and no more, whatever asks for them', async () => {
  const url = await testDatabase()
  const { pg, prisma, close } = await openDatabase(url, { connectionsMax: 3 })
  onTestFinished(close)
  const asks = Array.from({ length: 8 }, () => [
    pg.query('select pg_sleep(0.02)'),
    prisma.$queryRaw`select pg_sleep(0.02)::text`,
    prisma.$transaction([prisma.item.count(), prisma.image.count()]),
    inTransaction(pg, (client) => client.query('select pg_sleep(0.02)')),
  ])
  await Promise.all(asks.flat())
  const { rows } = await pg.query(
    'select count(*)::int as open from pg_stat_activity where datname = current_database()',
  )
  expect(rows).toEqual([{ open: 3 }])
})
