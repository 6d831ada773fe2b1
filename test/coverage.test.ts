import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Scope, WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { upsertItems } from '../src/catalogue/upsert-items.ts'
import { AppError } from '../src/core/errors.ts'
import { type Preset, type Presets, RENDERER_VERSION } from '../src/core/variant.ts'
import type { UrlSecret } from '../src/core/version.ts'
import { countChanges, coverPresets, oldestChangeMs } from '../src/coverage/count.ts'
import { restAfter, runCoverageLoop } from '../src/coverage/loop.ts'
import { readCoverage } from '../src/coverage/read.ts'
import { inTransaction, type Pg } from '../src/db/database.ts'
import { COVERAGE_LOCK } from '../src/db/locks.ts'
import { recordResults } from '../src/variants/record.ts'
import { NO_PLACEHOLDER } from './support/placeholders.ts'
import { ask, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { startWorker } from './support/worker.ts'

/** Two vendors, each with two families of two sets. */
const catalogueItem = (index: number, version = 0) => {
  const [vendor, family, iconSet] = [index % 2, index % 4, index % 8]
  return {
    vendor: { username: `v${vendor}`, name: `v${vendor}` },
    family: { uniqueId: `FAMILY00000${family}`, name: `f${family}` },
    iconSet: { uniqueId: `SET00000000${iconSet}`, name: `s${iconSet}`, kind: 'ICON' as const },
    slug: `item-${index}`,
    name: `item-${index}`,
    sourceKey: `v${vendor}/icons/FAMILY00000${family}/SET00000000${iconSet}/item-${index}.svg`,
    sourceHash: `source-${index}-${version}`,
    width: 24,
    height: 24,
  }
}
const importRows = (pg: Pg, count: number) =>
  upsertItems(
    pg,
    Array.from({ length: count }, (_, index) => catalogueItem(index)),
  )

interface Row {
  id: number
  sourceHash: string
}
const rowsOf = async (pg: Pg): Promise<Row[]> =>
  (await pg.query('select id, source_hash as "sourceHash" from item order by id')).rows

/** The rows of rendered pictures. */
function rendered({ id, sourceHash }: Row, presets: readonly Preset[], recipeHash?: string) {
  const images = presets.map((preset) => {
    const format = preset.formats[0] ?? 'WEBP'
    const recipe = recipeHash ?? preset.recipeHash
    const objectKey = [id, preset.name, format, recipe, sourceHash].join('-')
    const facts = { width: 1, height: 1, bytes: 100, md5: '', lossless: true, engine: 'resvg', warnings: [] }
    return {
      itemId: id,
      preset: preset.name,
      format,
      recipeHash: recipe,
      sourceHash,
      objectKey,
      urlSecretId: urlSecret.id,
      ...facts,
    }
  })
  return {
    itemId: id,
    sourceHash,
    ...NO_PLACEHOLDER,
    cpuMs: 1,
    images,
  }
}

/** Computes coverage by its definition, item by item. */
async function countByHand(pg: Pg, presets: Presets, where: string) {
  const counts = []
  for (const { name, formats, recipeHash, backfill } of presets.values()) {
    // What is left to requests is not counted.
    if (!backfill) continue
    const { rows } = await pg.query(
      `select count(*)::int as total, count(*) filter (where ready)::int as ready,
         count(*) filter (where not ready and not failed and pictured)::int as stale,
         count(*) filter (where not ready and not failed and not pictured)::int as missing,
         count(*) filter (where not ready and failed)::int as failed
       from (select
         exists (select from image m where m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = $1
                 and m.format = $2::image_format and m.recipe_hash = $3 and m.source_hash = i.source_hash) as ready,
         exists (select from image m where m.owner_type = 'ITEM' and m.owner_id = i.id and m.preset = $1
                 and m.format = $2::image_format) as pictured,
         exists (select from render_failure f where f.item_id = i.id and f.settled
                 and f.source_hash = i.source_hash and f.renderer_version = $4) as failed
         from item i where ${where} and not exists (
           select from take_down t where t.restored_at is null and t.target_id =
             case t.target_type when 'ITEM' then i.id when 'ICON_SET' then i.icon_set_id
                                when 'FAMILY' then i.family_id else i.vendor_id end)) as t`,
      [name, formats[0], recipeHash, RENDERER_VERSION],
    )
    counts.push({ preset: name, ...rows[0], isExact: true })
  }
  return counts
}

async function scopesOf(pg: Pg): Promise<[Scope, string][]> {
  const { rows } = await pg.query(
    `select 'vendorId' as key, 'vendor_id' as column, id from vendor
     union all select 'familyId', 'family_id', id from family union all select 'iconSetId', 'icon_set_id', id from icon_set`,
  )
  const parts = rows.map((row): [Scope, string] => [
    { ...WHOLE_CATALOGUE, [row.key]: row.id },
    `i.${row.column} = ${row.id}`,
  ])
  return [[WHOLE_CATALOGUE, 'true'], ...parts]
}

/** The first that is registered. */
const urlSecret: UrlSecret = { id: 1, value: 'test-url-secret' }

async function expectRight(pg: Pg, presets: Presets): Promise<void> {
  for (const [scope, where] of await scopesOf(pg))
    expect(await readCoverage({ pg, presets, urlSecret }, scope), where).toEqual(await countByHand(pg, presets, where))
}

/** A changed recipe, a changed first format, a removed preset and a new one. */
function changed(presets: Presets): Presets {
  const [first, second, third] = [...presets.values()] as [Preset, Preset, Preset]
  const others: Preset[] = [
    { ...first, recipeHash: 'changed' },
    { ...second, formats: ['AVIF'] },
    { ...third, name: 'fresh' },
  ]
  return new Map(others.map((preset) => [preset.name, preset]))
}

const COVERAGE = '{ coverage { preset total ready stale missing failed isExact } }'

const OPERATIONS = ['record', 'adopt', 'fail', 'change', 'add', 'hide', 'show', 'delete', 'forget', 'presets'] as const
const TARGETS = ['ITEM', 'ICON_SET', 'FAMILY', 'VENDOR'] as const
/** Of an item, or of its set, family or vendor. */
const takeDown = (pg: Pg, target: { type: (typeof TARGETS)[number]; id: number }) =>
  pg.query(
    `insert into take_down (target_type, target_id, reason)
     select $1::take_down_target, case $1 when 'ITEM' then id when 'ICON_SET' then icon_set_id
                                          when 'FAMILY' then family_id else vendor_id end, 'x'
     from item where id = $2 on conflict do nothing`,
    [target.type, target.id],
  )

const step = fc.record({
  what: fc.constantFrom(...OPERATIONS),
  picks: fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: 8 }),
  number: fc.nat(1000),
})

describe('coverage', () => {
  it('equals a count of every item, in every scope, after any changes', async () => {
    const { pg, presets } = await testApp()
    const variants = [presets, changed(presets)] as const
    let current: Presets = presets
    let added = 24
    await importRows(pg, added)
    const perform = async ({ what, picks, number }: { what: string; picks: number[]; number: number }) => {
      const rows = await rowsOf(pg)
      const items = picks.map((pick) => rows[pick] as Row)
      const ids = items.map(({ id }) => id)
      const some = [...current.values()].filter((_, index) => (number >> index) & 1)
      if (what === 'record') await recordResults(pg, { made: items.map((item) => rendered(item, some)) })
      if (what === 'adopt') await recordResults(pg, { made: items.map((item) => rendered(item, some, 'adopted')) })
      if (what === 'fail') {
        const error = new AppError(number % 2 ? 'NOT_SVG' : 'TIMEOUT', 'broken')
        const failures = items.map(({ id, sourceHash }) => ({ itemId: id, sourceHash, error, backfillId: null }))
        await recordResults(pg, { failures })
      }
      if (what === 'change')
        await upsertItems(
          pg,
          picks.map((pick) => catalogueItem(pick, number)),
        )
      if (what === 'add') await upsertItems(pg, [catalogueItem(added++)])
      if (what === 'hide') await takeDown(pg, { type: TARGETS[number % 4] ?? 'ITEM', id: ids[0] ?? 0 })
      if (what === 'show')
        await pg.query('update take_down set restored_at = now() where restored_at is null and id % 3 <> $1', [
          number % 3,
        ])
      if (what === 'delete')
        await pg.query('delete from image where owner_id = any($1) and id % 2 = $2', [ids, number % 2])
      if (what === 'forget') await pg.query('delete from render_failure where item_id = any($1)', [ids])
      if (what === 'presets') {
        current = variants[number % 2] as Presets
        await coverPresets({ pg, presets: current, urlSecret })
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        for (const each of steps) await perform(each)
        await expectRight(pg, current)
      }),
      { numRuns: 12, endOnFailure: true },
    )
    expect((await pg.query('select from coverage_change')).rowCount).toBe(0)
  })

  it('rests from counting while viewers wait for pictures, until a change has waited for ten seconds', () => {
    const rest = (tookMs: number, oldestMs: number) => restAfter({ tookMs, oldestMs })
    expect([rest(2, 0), rest(60, 500), rest(500, 500), rest(60, 9000), rest(60, 12_000)]).toEqual([
      100, 3000, 9500, 1000, 0,
    ])
  })

  it('counts what has waited for ten seconds batch after batch, though viewers wait', async () => {
    const { pg, presets } = await testApp()
    await importRows(pg, 64)
    await pg.query(`update coverage_change set noted_at = now() - interval '1 minute'`)
    expect(await oldestChangeMs(pg)).toBeGreaterThan(59_000)
    const counting = runCoverageLoop(pg, { areWaiting: () => true })
    onTestFinished(counting.close)
    await until(async () => (await oldestChangeMs(pg)) === 0)
    await expectRight(pg, presets)
  })

  it('loses no change of many writers while it is counted', async () => {
    const { pg, presets } = await testApp()
    await importRows(pg, 64)
    const rows = await rowsOf(pg)
    const all = [...presets.values()]
    const counting = runCoverageLoop(pg, { areWaiting: () => false })
    onTestFinished(counting.close)
    const write = async (writer: number, round: number) => {
      // As with item locks: writers have different items, but share sets.
      const items = rows.filter(({ id }) => id % 3 === writer && (id + round) % 2 === 0)
      await recordResults(pg, { made: items.map((item) => rendered(item, all)) })
      await pg.query('delete from image where owner_id % 3 = $1 and owner_id % 4 = $2', [writer, round % 4])
    }
    // A lost change shows until its set changes again, so each round ends with a check of everything.
    for (let round = 0; round < 25; round++) {
      let writing = true
      const poll = async () => {
        while (writing) {
          for (const { ready, stale, missing, failed } of await readCoverage(
            { pg, presets, urlSecret },
            WHOLE_CATALOGUE,
          ))
            expect(Math.min(ready, stale, missing, failed)).toBeGreaterThanOrEqual(0)
        }
      }
      const written = Promise.all([write(0, round), write(1, round), write(2, round)]).finally(() => {
        writing = false
      })
      await Promise.all([written, poll()])
      const exact = await until(async () => {
        const coverage = await readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE)
        return coverage.every(({ isExact }) => isExact) && coverage
      })
      expect(exact).toEqual(await countByHand(pg, presets, 'true'))
    }
    await expectRight(pg, presets)
  })

  it('leaves uncommitted changes for the next count, and does not block their writer', async () => {
    const { pg, presets } = await testApp()
    await importRows(pg, 8)
    const rows = await rowsOf(pg)
    const items = rows.map((item) => rendered(item, [...presets.values()]))
    const ready = async () =>
      (await readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE)).map((row) => [row.ready, row.isExact])
    await inTransaction(pg, async (client) => {
      await recordResults(client, { made: items.slice(0, 4) })
      await recordResults(pg, { made: items.slice(4) })
      expect(await ready()).toEqual(Array(3).fill([4, true]))
      await recordResults(client, {})
      await client.query('update item set source_hash = $2 where id = $1', [rows[0]?.id, 'another'])
    })
    expect(await ready()).toEqual(Array(3).fill([7, true]))
  })

  it('is counted by one process at a time; reading it does not block', async () => {
    const { pg, presets } = await testApp()
    await importRows(pg, 8)
    await expectRight(pg, presets)
    await inTransaction(pg, async (client) => {
      await client.query('select pg_advisory_xact_lock($1)', [COVERAGE_LOCK])
      await pg.query(`update item set source_hash = 'another'`)
      await recordResults(pg, { made: (await rowsOf(pg)).map((item) => rendered(item, [...presets.values()])) })
      const seen = await readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE)
      expect(seen.map(({ total, ready, isExact }) => [total, ready, isExact])).toEqual(Array(3).fill([8, 0, false]))
      expect(await countChanges(pg, WHOLE_CATALOGUE, { itemsMax: 100 })).toBe(0)
    })
    await expectRight(pg, presets)
  })

  it('of a changed preset is stale as soon as a process starts with it', async () => {
    const config = await testConfig()
    const { pg, presets } = await testApp(config)
    await importRows(pg, 8)
    const rows = await rowsOf(pg)
    await recordResults(pg, { made: rows.map((item) => rendered(item, [...presets.values()])) })
    await expectRight(pg, presets)
    const file = path.join(await tempDirectory(), 'presets.json')
    await writeFile(
      file,
      JSON.stringify({
        thumbnail: { width: 128, height: 128, background: 'white' },
        preview: { width: 100, height: 100 },
      }),
    )
    const next = await testApp(await testConfig({ DATABASE_URL: config.databaseUrl ?? '', PRESETS_FILE: file }))
    // Before anything is recounted.
    const { rows: sums } = await pg.query(
      `select preset, ready, stale from coverage where scope_type = 'CATALOGUE' order by preset`,
    )
    expect(sums).toEqual([
      { preset: 'preview', ready: 0, stale: 8 },
      { preset: 'thumbnail', ready: 8, stale: 0 },
    ])
    await expectRight(pg, next.presets)
    // A process that still has the earlier presets does not report exact counts.
    const earlier = await readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE)
    expect(earlier.map(({ preset, isExact }) => [preset, isExact])).toEqual([
      ['thumbnail', true],
      ['preview', false],
      ['watermark', false],
    ])
  })

  it('of a large set is left to a worker, and reported as not exact until then', async () => {
    const app = await testApp()
    const { pg } = app
    const { url } = await testServer(app)
    await upsertItems(
      pg,
      Array.from({ length: 2500 }, (_, index) => catalogueItem(index * 8)),
    )
    const read = async () => (await ask<{ coverage: object[] }>(url, COVERAGE)).data.coverage[0]
    expect(await read()).toEqual({
      preset: 'thumbnail',
      total: 0,
      ready: 0,
      stale: 0,
      missing: 0,
      failed: 0,
      isExact: false,
    })
    startWorker(app)
    const all = { preset: 'thumbnail', total: 2500, ready: 0, stale: 0, missing: 2500, failed: 0, isExact: true }
    await until(async () => ((await read()) as { isExact: boolean }).isExact)
    expect(await read()).toEqual(all)
  })

  const refused: [string, string, RegExp][] = [
    ['(scope: { vendor: "a", family: "b" }) { total }', 'BAD_INPUT', /takes one of vendor/],
    ['(scope: { iconSet: "none" }) { total }', 'NOT_FOUND', /no iconSet "none"/],
  ]
  it.each(refused)('refuses coverage%s', async (query, code, message) => {
    const { url } = await testServer(await testApp())
    const { errors } = await ask(url, `{ coverage${query} }`)
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(message), extensions: { code } })
  })

  it('can be requested at most a hundred times in one query', async () => {
    const { url } = await testServer(await testApp())
    const fields = Array.from({ length: 150 }, (_, index) => `c${index}: coverage { total }`).join(' ')
    expect((await ask(url, `{ ${fields} }`)).errors?.[0]).toMatchObject({
      message: expect.stringMatching(/costs \d+ points/),
      extensions: { code: 'BAD_INPUT' },
    })
  })
})
