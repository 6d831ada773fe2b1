import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { countWork } from '../src/backfill/count-missing.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import type { Preset, Presets } from '../src/core/variant.ts'
import type { UrlSecret } from '../src/core/version.ts'
import { countChanges, coverPresets } from '../src/coverage/count.ts'
import { readCoverage } from '../src/coverage/read.ts'
import { inTransaction, openDatabase, type Pg } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { findWork, measureBatch, type WorkOrder } from '../src/variants/find-missing.ts'
import { backfilledPresets, firstVariants, variantsOf } from '../src/variants/offered.ts'
import { type RenderedItem, recordResults } from '../src/variants/record.ts'
import { growCatalogue, ITEMS_PER_SET, ITEMS_PER_VENDOR, SETS_PER_NEW_SET } from './support/catalogue.ts'
import { createSecond, printBytes, timed } from './support/catalogues.ts'
import { median, table, withBench } from './support/service.ts'

const SMALL = 500_000
const RATIO_GOAL = 1.5
const ROUNDS = 60
/** Sets without images that the rounds alternate between. */
const POSITIONS = 20
const CHUNK_ITEMS = 200
const SLICE_ITEMS = 24
const PRESET = 'preview'
/** The only one. */
const urlSecret: UrlSecret = { id: 1, value: 'bench' }
const STATISTICS_DELAY_MS = 12_000
/** Settings of a dedicated server; nothing here waits for a disk. */
const SETTINGS = { shared_buffers: '4GB', max_wal_size: '8GB', fsync: 'off' }

interface Catalogue {
  readonly pg: Pg
  readonly items: number
}

/** The cost of the hot statements at 500,000 items and at twenty times as many, alternating on one server. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { items: { type: 'string', default: '10000000' } } })
  await withBench(
    async ({ app, env, adminUrl, onClose }) => {
      const { presets } = app
      const preset = presets.get(PRESET)
      if (!preset) throw new Error(`presets.json has no ${PRESET}`)
      await createSecond(adminUrl, 'small')
      const other = await openDatabase(new URL('/small', env.DATABASE_URL).href, { connectionsMax: 8 })
      onClose(other.close)
      await migrate(other.pg)
      await coverPresets({ pg: other.pg, presets, urlSecret })
      const small = { pg: other.pg, items: SMALL }
      const large = { pg: app.pg, items: Number(values.items) }
      for (const catalogue of [small, large]) await load(catalogue, preset)
      await printBytes(large.pg)
      await compare({ small, large }, { preset, presets })
      await compareTriggers(small, presets)
      await plan(small, presets)
    },
    { postgres: SETTINGS },
  )
}

async function load({ pg, items }: Catalogue, preset: Preset): Promise<void> {
  const loading = await timed(() => growCatalogue(pg, preset, { from: 0, to: items }))
  // So that rows recorded later get new ids.
  await pg.query(`select setval('image_id_seq', $1)`, [items * 2])
  const counting = await timed(() => countAll(pg))
  await pg.query('vacuum (analyze)')
  await pg.query('checkpoint')
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  process.stdout.write(`${items} items: loaded in ${seconds(loading)} s, coverage counted in ${seconds(counting)} s\n`)
}

async function compare(
  { small, large }: { small: Catalogue; large: Catalogue },
  { preset, presets }: { preset: Preset; presets: Presets },
): Promise<void> {
  const order = orderOf(presets, [PRESET])
  /** A set without images, spread over the catalogue. */
  const positionOf = ({ items }: Catalogue, round: number) => {
    const newSets = items / ITEMS_PER_SET / SETS_PER_NEW_SET
    const nth = Math.floor(((round % POSITIONS) * newSets) / POSITIONS)
    return (nth * SETS_PER_NEW_SET + SETS_PER_NEW_SET - 1) * ITEMS_PER_SET
  }
  const vendorOf = (catalogue: Catalogue, round: number) => ({
    ...WHOLE_CATALOGUE,
    vendorId: Math.floor(positionOf(catalogue, round) / ITEMS_PER_VENDOR) + 1,
  })
  const rows: string[][] = []
  /** The first round at each position warms the cache: work is compared, not the disk. */
  const take = async <T>(
    what: string,
    work: (catalogue: Catalogue, round: number, prepared: T) => Promise<unknown>,
    prepare?: (catalogue: Catalogue, round: number) => Promise<T>,
  ) => {
    const times = new Map<Catalogue, number[]>([
      [small, []],
      [large, []],
    ])
    for (let round = 0; round < ROUNDS + POSITIONS; round++) {
      for (const [catalogue, list] of times) {
        const prepared = (await prepare?.(catalogue, round)) as T
        const ms = await timed(() => work(catalogue, round, prepared))
        if (round >= POSITIONS) list.push(ms)
      }
    }
    const [one = 0, twenty = 0] = [...times.values()].map(median)
    rows.push([what, `${one.toFixed(2)} ms`, `${twenty.toFixed(2)} ms`, (twenty / one).toFixed(2)])
  }
  const render = async (catalogue: Catalogue, round: number) => {
    const afterId = positionOf(catalogue, round) + Math.floor(round / POSITIONS) * 100
    return await rendered(catalogue.pg, { preset, afterId, count: 100 })
  }
  const scansBefore = await sequentialScans(large.pg)
  await take('planning one chunk', (catalogue, round) =>
    measureBatch(catalogue.pg, order, { afterId: positionOf(catalogue, round) - ITEMS_PER_SET, limit: CHUNK_ITEMS }),
  )
  await take('planning one chunk of a vendor', (catalogue, round) =>
    measureBatch(catalogue.pg, { ...order, scope: vendorOf(catalogue, round) }, { afterId: 0, limit: CHUNK_ITEMS }),
  )
  await take('planning where nothing is missing', (catalogue, round) =>
    measureBatch(catalogue.pg, orderOf(presets, [PRESET], 'FAILED'), {
      afterId: positionOf(catalogue, round) - 9 * ITEMS_PER_SET,
      limit: CHUNK_ITEMS,
    }),
  )
  await take('finding what is missing: a slice of a chunk', ({ pg, items }, round) => {
    const afterId = positionOf({ pg, items }, round)
    return findWork(pg, order, { afterId, toId: afterId + CHUNK_ITEMS, limit: SLICE_ITEMS })
  })
  await take('recording 100 images', ({ pg }, _, made) => recordResults(pg, { made }), render)
  for (const { pg, items } of [small, large]) {
    await pg.query('delete from image where id > $1', [items * 2])
    await countAll(pg)
    await pg.query('vacuum (analyze) image')
  }
  await take(
    'one coverage query, 100 images after the last',
    ({ pg }) => readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE),
    async (catalogue, round) => recordResults(catalogue.pg, { made: await render(catalogue, round) }),
  )
  await take('one coverage query, nothing changed', ({ pg }) =>
    readCoverage({ pg, presets, urlSecret }, WHOLE_CATALOGUE),
  )
  await take('the same of a vendor', (catalogue, round) =>
    readCoverage({ pg: catalogue.pg, presets, urlSecret }, vendorOf(catalogue, round)),
  )
  const head = ['what', `${small.items} items`, `${large.items} items`, `ratio, goal <= ${RATIO_GOAL}`]
  const scans = (await sequentialScans(large.pg)) - scansBefore
  process.stdout.write(`${table(head, rows)}\nsequential scans of item or image at ${large.items} items: ${scans}\n`)
}

/** The overhead of coverage's triggers when a slice of a backfill is recorded. */
async function compareTriggers({ pg, items }: Catalogue, presets: Presets): Promise<void> {
  const all = firstVariants(presets).map(({ preset }) => preset)
  const roles = { origin: [] as number[], replica: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [role, times] of Object.entries(roles)) {
      const afterId =
        items - ((round * 2 + (role === 'origin' ? 0 : 1)) % (ITEMS_PER_SET / SLICE_ITEMS - 1)) * SLICE_ITEMS
      const slices = await Promise.all(
        all.map((preset) => rendered(pg, { preset, afterId: afterId - SLICE_ITEMS, count: SLICE_ITEMS })),
      )
      const made =
        slices[0]?.map((item, at) => ({ ...item, images: slices.flatMap((slice) => slice[at]?.images ?? []) })) ?? []
      await inTransaction(pg, async (client) => {
        await client.query('delete from image where id > $1', [items * 2])
        await client.query(`set local session_replication_role = ${role}`)
        times.push(await timed(() => recordResults(client, { made })))
      })
    }
  }
  const [triggered, silent] = [median(roles.origin), median(roles.replica)]
  process.stdout.write(
    `recording a slice of ${SLICE_ITEMS} items: ${triggered.toFixed(2)} ms, without triggers ${silent.toFixed(2)} ms, ratio ${(triggered / silent).toFixed(2)}\n`,
  )
}

async function plan({ pg, items }: Catalogue, presets: Presets): Promise<void> {
  const ms = await timed(() => countWork(pg, orderOf(presets, backfilledPresets(presets))))
  process.stdout.write(
    `planBackfill of all ${items} items and ${backfilledPresets(presets).length} presets: ${(ms / 1000).toFixed(1)} s\n`,
  )
}

const orderOf = (presets: Presets, names: string[], mode: WorkOrder['mode'] = 'STALE'): WorkOrder => ({
  scope: WHOLE_CATALOGUE,
  mode,
  variants: variantsOf(presets, { presets: names, formats: [] }),
  backfillId: null,
  since: new Date(),
  urlSecretId: urlSecret.id,
})

/** Results as if a renderer had made the items after an id. */
async function rendered(
  pg: Pg,
  { preset, afterId, count }: { preset: Preset; afterId: number; count: number },
): Promise<RenderedItem[]> {
  const { rows } = await pg.query<{ id: number; source_hash: string; source_key: string }>(
    'select id, source_hash, source_key from item where id > $1 order by id limit $2',
    [afterId, count],
  )
  return rows.map(({ id, source_hash: sourceHash, source_key: sourceKey }) => {
    const { name, recipeHash, width, height } = preset
    const objectKey = `${sourceKey}-${name}.${sourceHash.slice(0, 16)}.webp`
    const facts = { width, height, bytes: 3000, md5: '', lossless: true, engine: 'resvg', warnings: [] }
    const image = {
      itemId: id,
      preset: name,
      format: 'WEBP',
      recipeHash,
      sourceHash,
      objectKey,
      urlSecretId: urlSecret.id,
      ...facts,
    } as const
    return {
      itemId: id,
      sourceHash,
      thumbHash: 'x'.repeat(28),
      dominantColor: '#123456',
      preview: new Uint8Array(),
      darkPreview: new Uint8Array(),
      clearPreview: new Uint8Array(),
      palette: [],
      isMonochrome: false,
      fillsGround: false,
      suitsAvif: false,
      cpuMs: 1,
      images: [image],
    }
  })
}

async function countAll(pg: Pg): Promise<void> {
  while ((await countChanges(pg, WHOLE_CATALOGUE, { itemsMax: 20_000, atLeastOne: true })) > 0);
}

/** Read when every idle connection has reported its statistics: https://www.postgresql.org/docs/18/monitoring-stats.html */
async function sequentialScans(pg: Pg): Promise<number> {
  await delay(STATISTICS_DELAY_MS)
  const { rows } = await pg.query(
    `select sum(seq_scan)::int as scans from pg_stat_user_tables where relname in ('item', 'image')`,
  )
  return rows[0].scans
}
