import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { SNAPSHOTS_PREFIX } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Store } from '../store/store.ts'
import { parseLines } from './lines.ts'
import { READ_ROWS, TABLES } from './tables.ts'

/** Rows of one object: at most about 20 MB of an item each with three placeholders, a tenth of that compressed. */
const PART_ROWS = 5000
/** Complete snapshots that are kept. */
const KEPT = 7

const manifest = z.object({
  /** When the catalogue was so, by the database's clock. */
  takenAt: z.coerce.date(),
  parts: z.array(z.object({ key: z.string(), table: z.enum(TABLES.map(({ name }) => name)), rows: z.int() })),
})
export type Snapshot = z.output<typeof manifest> & {
  /** The name of its folder: its time, as 20270131T021700Z. */
  readonly name: string
}

/**
 * Writes the catalogue as JSON Lines, compressed, to the store of originals: `_snapshots/{time}/{table}-{number}.jsonl.gz`, and last
 * `manifest.json`, without which a snapshot is ignored. It is consistent: one transaction reads all of it. Deletes all but the last seven.
 * Memory: one part. Returns null if `signal` aborted, and without writing anything if the catalogue is empty: a service that was started on an empty database
 * after a loss would replace, night after night, the snapshots to rebuild from.
 */
export async function writeSnapshot(
  { pg, originals }: { pg: Pg; originals: Store },
  { signal }: { signal?: AbortSignal } = {},
): Promise<Snapshot | null> {
  const snapshot = await inTransaction(pg, async (client): Promise<Snapshot | null> => {
    await SET_REPEATABLE_READ.run(client)
    if (!(await READ_ROWS.vendor.get(client, { afterId: 0, limit: 1 }))) return null
    const takenAt = (await READ_TIME.get(client))?.at ?? new Date()
    const name = takenAt.toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const folder = `${SNAPSHOTS_PREFIX}${name}/`
    const parts: Snapshot['parts'] = []
    for (const { name: table, key } of TABLES)
      for (let afterId = 0, number = 1; ; number++) {
        if (signal?.aborted) return null
        const rows = await READ_ROWS[table].all(client, { afterId, limit: key ? PART_ROWS : 2 ** 31 })
        const last = rows.at(-1)
        if (!last) break
        const part = `${folder}${table}-${String(number).padStart(6, '0')}.jsonl.gz`
        const bytes = await promisify(gzip)(rows.map(({ line }) => `${line}\n`).join(''))
        await originals.putAll([{ key: part, bytes }], { contentType: 'application/gzip' })
        parts.push({ key: part, table, rows: rows.length })
        if (!key) break
        afterId = last.id
      }
    const written = { takenAt, parts }
    const bytes = Buffer.from(JSON.stringify(written))
    await originals.putAll([{ key: `${folder}${MANIFEST}`, bytes }], { contentType: 'application/json' })
    return { name, ...written }
  })
  if (snapshot) await deleteOld(originals)
  return snapshot
}

const MANIFEST = 'manifest.json'

/** Also what an interrupted one has left. */
async function deleteOld(originals: Store): Promise<void> {
  const keys = await Array.fromAsync(originals.list(SNAPSHOTS_PREFIX), ({ key }) => key)
  const complete = keys.filter((key) => key.endsWith(`/${MANIFEST}`)).map((key) => key.slice(0, -MANIFEST.length))
  const kept = complete.slice(-KEPT)
  const [oldest = ''] = kept
  // A later one without a manifest may be in progress.
  const isOld = (key: string) =>
    key < oldest || !(kept.some((folder) => key.startsWith(folder)) || key > (kept.at(-1) ?? ''))
  await originals.delete(keys.filter(isOld))
}

/** All complete snapshots, oldest first. Throws UNAVAILABLE if one cannot be read. */
export async function listSnapshots(originals: Store): Promise<Snapshot[]> {
  const found: Snapshot[] = []
  for await (const { key } of originals.list(SNAPSHOTS_PREFIX)) {
    const bytes = key.endsWith(`/${MANIFEST}`) ? await originals.get(key) : null
    if (bytes) found.push({ name: nameOf(key), ...manifest.parse(JSON.parse(bytes.toString('utf8'))) })
  }
  return found
}

const nameOf = (key: string): string => key.slice(SNAPSHOTS_PREFIX.length).split('/')[0] ?? ''

/** The rows of a part. Throws UNAVAILABLE if it is gone, and for a damaged one. */
export async function readPart(originals: Store, key: string): Promise<unknown[]> {
  const bytes = await originals.get(key)
  if (!bytes)
    throw new AppError(
      'UNAVAILABLE',
      `${key} is gone from ${originals.name}: name an earlier snapshot with --snapshot, in a new database.`,
    )
  return parseLines(await promisify(gunzip)(bytes))
}

const SET_REPEATABLE_READ = statement({
  name: 'set-repeatable-read',
  text: 'set transaction isolation level repeatable read, read only',
})

const READ_TIME = statement({
  name: 'read-transaction-time',
  text: `select now() as at`,
  columns: { at: 'timestamptz' },
})
