import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { composeBackfill } from '../src/backfill/compose-backfill.ts'
import { pauseBackfill, resumeBackfill } from '../src/backfill/pause.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { upsertItems } from '../src/catalogue/upsert-items.ts'
import { markLayoutsDirty, queueComposites, readChange } from '../src/composites/dirty-families.ts'
import { composeCompleted, composeFamily } from '../src/composites/schedule.ts'
import { AppError } from '../src/core/errors.ts'
import type { Preset } from '../src/core/variant.ts'
import { countChanges } from '../src/coverage/count.ts'
import { COVERAGE_LOCK } from '../src/db/locks.ts'
import { importItems } from '../src/import/import-items.ts'
import { takeDown } from '../src/takedown/take-down.ts'
import { recordResults } from '../src/variants/record.ts'
import { NO_PLACEHOLDER } from './support/placeholders.ts'
import { runTasks } from './support/run-tasks.ts'
import { drawing, entry, importDrawings, testApp } from './support/setup.ts'
import { until } from './support/until.ts'
import { startWorker } from './support/worker.ts'

const FOREVER = new AbortController().signal
const count = async ({ pg }: App) => {
  while ((await countChanges(pg, WHOLE_CATALOGUE, { itemsMax: 20_000 })) > 0);
}
const familyId = async (app: App) => (await app.prisma.family.findFirstOrThrow()).id
const isSettled = async (app: App, id: number) => (await readChange(app.pg, id))?.isSettled ?? false
const jobsOf = async ({ pg }: App) =>
  (await pg.query('select key, run_at from graphile_worker.jobs where task_identifier = $1', ['make_composites'])).rows
const work = (app: App) => runTasks(app, 'urgent')
const composites = (app: App) => app.prisma.image.findMany({ where: { ownerType: 'FAMILY' }, orderBy: { id: 'asc' } })

const keyAndMd5 = ({ objectKey, md5 }: { objectKey: string; md5: string }) => `${objectKey} ${md5}`

interface Row {
  id: number
  sourceHash: string
}

/** The rows of a rendered picture of one preset. */
function made({ id, sourceHash }: Row, preset: Preset) {
  const objectKey = [id, preset.name, sourceHash].join('-')
  const facts = { width: 1, height: 1, bytes: 100, md5: '', lossless: true, engine: 'resvg', warnings: [] }
  const { name, recipeHash } = preset
  const image = {
    itemId: id,
    preset: name,
    format: 'WEBP',
    recipeHash,
    sourceHash,
    objectKey,
    urlSecretId: 1,
    ...facts,
  } as const
  return {
    itemId: id,
    sourceHash,
    ...NO_PLACEHOLDER,
    cpuMs: 1,
    images: [image],
  }
}

let families = 0
/** Creates a family of two sets with this many items each. */
async function newFamily({ pg, prisma }: App, sizes: readonly number[]): Promise<{ id: number; rows: Row[] }> {
  const uniqueId = `FAMILY${String(++families).padStart(6, '0')}`
  const items = sizes.flatMap((size, set) =>
    Array.from({ length: size }, (_, index) => {
      const iconSet = `SET${set}${uniqueId.slice(4)}`
      const slug = `item-${set}-${index}`
      return {
        vendor: { username: 'acme', name: 'acme' },
        family: { uniqueId, name: uniqueId },
        iconSet: { uniqueId: iconSet, name: iconSet, kind: 'ICON' as const },
        slug,
        name: slug,
        sourceKey: `acme/icons/${uniqueId}/${iconSet}/${slug}.svg`,
        sourceHash: `${uniqueId} ${slug}`,
        width: 24,
        height: 24,
      }
    }),
  )
  await upsertItems(pg, items)
  const { id } = await prisma.family.findFirstOrThrow({ where: { uniqueId } })
  return { id, rows: await prisma.item.findMany({ where: { familyId: id }, orderBy: { id: 'asc' } }) }
}

describe('the composite scheduler', () => {
  it('queues a family after the last picture of its items and never before, in whatever order they settle', async () => {
    const app = await testApp()
    const presets = [...app.presets.values()].filter(({ backfill }) => backfill)
    const plan = fc.record({
      sizes: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })),
      fates: fc.array(fc.constantFrom('made', 'failed', 'failed twice'), { minLength: 5, maxLength: 5 }),
      order: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      counted: fc.infiniteStream(fc.boolean()),
    })
    const failed = (row: Row, code: 'BLANK' | 'CRASHED') =>
      recordResults(app.pg, {
        failures: [{ itemId: row.id, sourceHash: row.sourceHash, error: new AppError(code, 'x'), backfillId: null }],
      })
    await fc.assert(
      fc.asyncProperty(plan, async ({ sizes, fates, order, counted }) => {
        const { id, rows } = await newFamily(app, sizes)
        const steps = rows.flatMap((row, index): (() => Promise<void>)[] => {
          // A crash may be transient: only the second one is final.
          if (fates[index] === 'failed twice') return [() => failed(row, 'CRASHED'), () => failed(row, 'CRASHED')]
          if (fates[index] === 'failed') return [() => failed(row, 'BLANK')]
          return presets.map((preset) => () => recordResults(app.pg, { made: [made(row, preset)] }))
        })
        const shuffled = steps.map((step) => ({ step, at: order.next().value ?? 0 })).sort((a, b) => a.at - b.at)
        for (const { step } of shuffled) {
          expect(await isSettled(app, id)).toBe(false)
          if (counted.next().value) await count(app)
          expect(await isSettled(app, id)).toBe(false)
          await step()
          if (step === shuffled.at(-1)?.step) break
          expect(await isSettled(app, id)).toBe(false)
        }
        await count(app)
        expect(await isSettled(app, id)).toBe(true)
      }),
      { numRuns: 25 },
    )
  })

  it('waits again when an item is added, a source changes, or a take-down is restored', async () => {
    const app = await testApp()
    const { id, rows } = await newFamily(app, [2, 1])
    const presets = [...app.presets.values()].filter(({ backfill }) => backfill)
    for (const row of rows.slice(1))
      for (const preset of presets) await recordResults(app.pg, { made: [made(row, preset)] })
    await count(app)
    expect(await isSettled(app, id)).toBe(false)
    // A job that runs too early leaves the family for later.
    expect(await composeFamily(app, id, FOREVER)).toBe('waiting')
    await takeDown(app, { type: 'ITEM', id: rows[0]?.id ?? 0 }, 'a test')
    expect(await isSettled(app, id)).toBe(false)
    await count(app)
    expect(await isSettled(app, id)).toBe(true)
    await app.pg.query(`update item set source_hash = 'other' where id = $1`, [rows[1]?.id])
    expect(await isSettled(app, id)).toBe(false)
    await count(app)
    expect(await isSettled(app, id)).toBe(false)
  })

  it('queues one job for a family, however often it changes, once it has settled; and few in total', async () => {
    const app = await testApp()
    const [preset] = app.presets.values()
    await app.pg.query('delete from coverage_preset where preset <> $1', [preset?.name])
    const { id, rows } = await newFamily(app, [6, 2])
    const seen = new Set<string>()
    for (const row of rows) {
      await recordResults(app.pg, { made: [made(row, preset as Preset)] })
      await count(app)
      await queueComposites(app.pg)
      for (const { key } of await jobsOf(app)) seen.add(key)
    }
    const format = { ...made(rows[0] as Row, preset as Preset).images[0], format: 'AVIF', objectKey: 'avif' } as const
    await recordResults(app.pg, { made: [{ ...made(rows[0] as Row, preset as Preset), images: [format] }] } as never)
    await count(app)
    const [before] = await jobsOf(app)
    await queueComposites(app.pg)
    const [after, ...others] = await jobsOf(app)
    expect([[...seen], others]).toEqual([[`make_composites:${id}`], []])
    expect(after.run_at.getTime()).toBeGreaterThan(before.run_at.getTime())

    await app.pg.query(
      'insert into family_change (family_id, is_settled) select n, true from generate_series(1000, 2500) n',
    )
    for (let round = 0; round < 3; round++) await queueComposites(app.pg)
    expect(await jobsOf(app)).toHaveLength(200)
  })

  it('queues a family that an upload completes at once, even while another process counts it or has queued it for later', async () => {
    const app = await testApp()
    const { id, rows } = await newFamily(app, [2])
    for (const row of rows)
      for (const preset of app.presets.values()) await recordResults(app.pg, { made: [made(row, preset)] })
    const counter = await app.pg.connect()
    await counter.query('begin')
    await counter.query('select pg_advisory_xact_lock($1)', [COVERAGE_LOCK])
    const completed = composeCompleted(app.pg, [id])
    const waiting = `select from pg_locks where locktype = 'advisory' and objid = $1 and not granted
      and database = (select oid from pg_database where datname = current_database())`
    await until(async () => (await app.pg.query(waiting, [COVERAGE_LOCK])).rowCount === 1)
    await counter.query('commit')
    counter.release()
    await completed
    const isDue = async () =>
      (
        await app.pg.query('select run_at <= now() as due from graphile_worker.jobs where key = $1', [
          `make_composites:${id}`,
        ])
      ).rows
    expect(await isDue()).toEqual([{ due: true }])

    const [row] = rows
    await app.pg.query(`update item set source_hash = 'other' where id = $1`, [row?.id])
    const changed = { id: row?.id ?? 0, sourceHash: 'other' }
    for (const preset of app.presets.values()) await recordResults(app.pg, { made: [made(changed, preset)] })
    await count(app)
    await queueComposites(app.pg)
    expect(await isDue()).toEqual([{ due: false }])
    await composeCompleted(app.pg, [id])
    expect(await isDue()).toEqual([{ due: true }])
  })

  it('queues a family 10 minutes after the last change at the latest', async () => {
    const app = await testApp()
    await importDrawings(app, 3)
    await count(app)
    await queueComposites(app.pg)
    expect(await jobsOf(app)).toEqual([])
    await app.pg.query(`update family_change set changed_at = now() - interval '8 minutes'`)
    await queueComposites(app.pg)
    expect(await jobsOf(app)).toEqual([])
    await app.pg.query(`update family_change set changed_at = now() - interval '9 minutes 30 seconds'`)
    await queueComposites(app.pg)
    await work(app)
    expect((await composites(app)).map(({ preset }) => preset).sort()).toEqual([...app.layouts.keys()].sort())
    expect(await app.prisma.familyChange.count()).toBe(0)
  })
})

describe('a job', () => {
  it('draws nothing when nothing has changed, and again when a picked source, the members, the layout or the seed change', async () => {
    const app = await testApp()
    await importDrawings(app, 3)
    const id = await familyId(app)
    const compose = async (layouts = app.layouts) => {
      await count(app)
      await app.pg.query(`update family_change set changed_at = changed_at - interval '10 minutes'`)
      const before = app.pool.stats.renders
      expect(await composeFamily({ ...app, layouts }, id, FOREVER)).toBe('done')
      return app.pool.stats.renders - before
    }
    expect(await compose()).toBe(4)
    await app.pg.query(`insert into coverage_change (icon_set_id) select id from icon_set`)
    expect(await compose()).toBe(0)
    await importDrawings(app, 4)
    expect(await compose()).toBe(4)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('item-1', drawing(70))])
    expect(await compose()).toBe(4)
    const card = app.layouts.get('card')
    const layouts = new Map(app.layouts)
    if (card) layouts.set('card', { ...card, cellRadius: 3, recipeHash: 'changed' })
    await markLayoutsDirty(app.pg, layouts)
    expect(await compose(layouts)).toBe(1)
    await markLayoutsDirty(app.pg, layouts)
    expect(await app.prisma.familyChange.count()).toBe(0)
    // Every earlier picture still exists: a page may show its URL.
    for (const { objectKey } of await composites(app)) expect(await app.stores.previews.head(objectKey)).not.toBeNull()
  })

  it('leaves the family dirty when a change arrives while it composes', async () => {
    const app = await testApp()
    await importDrawings(app, 3)
    const id = await familyId(app)
    await count(app)
    await app.pg.query(`update family_change set changed_at = changed_at - interval '10 minutes'`)
    const { compose } = app.pool
    const pool = {
      ...app.pool,
      compose: async (...args: Parameters<typeof compose>) => {
        await importDrawings(app, 5)
        await count(app)
        return await compose(...args)
      },
    }
    expect(await composeFamily({ ...app, pool }, id, FOREVER)).toBe('done')
    expect(await app.prisma.familyChange.count()).toBe(1)
  })
})

describe('a backfill with previews', () => {
  it('composes the missing previews of its scope before it ends, and not while it is paused', async () => {
    const app = await testApp()
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      ...[0, 1, 2].map((index) => entry(`item-${index}`, drawing(index))),
      entry('other', drawing(9), { family: 'other' }),
    ])
    const { uniqueId } = entry('', '').family
    const { id: family } = await app.prisma.family.findFirstOrThrow({ where: { uniqueId } })
    const scope = { ...WHOLE_CATALOGUE, familyId: family }
    const start = () => startBackfill(app, checkRequest(app.presets, { scope, presets: ['thumbnail'], previews: true }))
    const workLong = (on = app) => runTasks(on, 'long')
    const read = (id: number) => app.prisma.backfill.findUniqueOrThrow({ where: { id } })

    const { id } = await start()
    const compose: typeof app.pool.compose = async (...args) => {
      await pauseBackfill(app, id)
      return await app.pool.compose(...args)
    }
    await workLong({ ...app, pool: { ...app.pool, compose } })
    expect(await read(id)).toMatchObject({ status: 'PAUSED', isComposed: false })
    expect(await composeBackfill(app, id, FOREVER)).toBe('halted')
    await resumeBackfill(app, id)
    await workLong()
    expect(await read(id)).toMatchObject({ status: 'COMPLETED', isComposed: true })
    const made = await composites(app)
    expect(made.map(({ ownerId, preset }) => `${ownerId} ${preset}`).sort()).toEqual(
      [...app.layouts.keys()].map((layout) => `${family} ${layout}`).sort(),
    )

    const { renders } = app.pool.stats
    const again = await start()
    await workLong()
    expect([(await read(again.id)).status, app.pool.stats.renders]).toEqual(['COMPLETED', renders])

    // Only three items and the family's pictures.
    await startBackfill(app, checkRequest(app.presets, { scope, presets: ['thumbnail'], previews: true, mode: 'ALL' }))
    await workLong()
    expect(app.pool.stats.renders).toBe(renders + 3 + app.layouts.size)
    expect((await composites(app)).map(keyAndMd5).sort()).toEqual(made.map(keyAndMd5).sort())
  })
})

describe('a worker', () => {
  it('composes a family once its backfill has made the last picture, and the previews that a backfill requests', async () => {
    const app = await testApp()
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      ...Array.from({ length: 12 }, (_, index) => entry(`item-${index}`, drawing(index))),
      entry('broken', '<svg xmlns="http://www.w3.org/2000/svg"><g>'),
    ])
    const worker = startWorker(app)
    const start = (input: object) => startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE, ...input }))
    await start({})
    const first = await until(async () => {
      const found = await composites(app)
      return found.length === app.layouts.size && found
    }, 60_000)
    const [{ last }] = (await app.pg.query(`select max(made_at) as last from image where owner_type = 'ITEM'`))
      .rows as [{ last: Date }]
    for (const { madeAt } of first) expect(madeAt.getTime()).toBeGreaterThanOrEqual(last.getTime())
    expect(await app.prisma.composite.count()).toBe(app.layouts.size)
    await until(async () => (await app.prisma.familyChange.count()) === 0)

    // As after an update from a version without composites.
    await app.pg.query(`delete from composite; delete from image where owner_type = 'FAMILY'`)
    const { id } = await start({ previews: true })
    await until(async () => (await app.prisma.backfill.count({ where: { id, status: 'COMPLETED' } })) === 1, 60_000)
    const second = await composites(app)
    expect(second.map(keyAndMd5).sort()).toEqual(first.map(keyAndMd5).sort())
    expect(worker.said()).not.toMatch(/"level":"error"/)
  })
})
