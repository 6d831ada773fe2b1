import { createHmac } from 'node:crypto'
import type { PoolClient } from 'pg'
import { log } from '../core/log.ts'
import { logFailure } from '../core/log-failure.ts'
import { secretOf, type UrlSecret } from '../core/version.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockTransaction, URL_SECRET_LOCK } from '../db/locks.ts'
import { anyOf, execute, fetchAll, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'

/** Pictures whose keys are compared in one statement. */
const BATCH = 10_000

/**
 * Registers the secrets of this process, the first of which it issues URLs with, and returns them in the same order. The order in which
 * secrets are first seen tells all processes which is newer, whatever the order of their lists: of unknown ones, an earlier one is newer.
 * If no secret was registered before, the keys of all existing pictures are compared with them: about 100,000 a second, once; then the
 * secret of the latest picture is the oldest.
 */
export async function registerUrlSecrets(
  pg: Pg,
  values: readonly string[],
): Promise<readonly [UrlSecret, ...UrlSecret[]]> {
  const wanted = values.map((value) => ({ value, fingerprint: fingerprintOf(value) }))
  let known = await readKnown(pg)
  if (!wanted.every(({ fingerprint }) => known.has(fingerprint)))
    await inTransaction(pg, async (client) => {
      await lockTransaction(client, URL_SECRET_LOCK)
      known = await readKnown(client)
      const isFirst = known.size === 0
      const inUse = isFirst ? await findSecretInUse(client, values) : null
      for (const { fingerprint } of wanted
        .toReversed()
        .sort((a, b) => Number(b.value === inUse) - Number(a.value === inUse))) {
        if (known.has(fingerprint)) continue
        const id = Math.max(0, ...known.values()) + 1
        await execute(client, query.insertInto('url_secret').values({ id, fingerprint }))
        known.set(fingerprint, id)
      }
      if (isFirst) await labelImages(client, toSecrets(wanted, known))
    })
  const [first, ...rest] = toSecrets(wanted, known)
  if (!first) throw new Error('there is no URL secret')
  return [first, ...rest]
}

/** Ids by fingerprint. */
type Known = Map<string, number>

async function readKnown(db: Pg | PoolClient): Promise<Known> {
  const rows = await fetchAll(db, query.selectFrom('url_secret').selectAll())
  return new Map(rows.map(({ fingerprint, id }) => [fingerprint, id]))
}

const toSecrets = (wanted: readonly { value: string; fingerprint: string }[], known: Known): UrlSecret[] =>
  wanted.map(({ value, fingerprint }) => ({ id: known.get(fingerprint) ?? 0, value }))

/** Identifies a secret without revealing it. */
const fingerprintOf = (secret: string): string =>
  createHmac('sha256', secret).update('afterimage URL secret').digest('hex').slice(0, 16)

/** The secrets of a command, as far as processes of the service have registered them. Null: they have none of these, though others. */
export async function findUrlSecrets(pg: Pg, values: readonly string[]): Promise<readonly UrlSecret[] | null> {
  const known = await readKnown(pg)
  const wanted = values.map((value) => ({ value, fingerprint: fingerprintOf(value) }))
  const registered = wanted.filter(({ fingerprint }) => known.has(fingerprint))
  return registered.length === 0 && known.size > 0 ? null : toSecrets(registered, known)
}

const NOTE_EVERY_MS = 3_600_000

/** Records, now and every hour until it is closed, that this process issues URLs with the secret. */
export async function noteIssuing(pg: Pg, { id }: UrlSecret): Promise<{ close: () => void }> {
  const noting = query.updateTable('url_secret').set({ issued_at: now }).where('id', '=', id)
  await execute(pg, noting)
  const note = () =>
    execute(pg, noting).catch((error) => logFailure('the use of the URL secret cannot be recorded', error))
  const timer = setInterval(() => void note(), NOTE_EVERY_MS).unref()
  return { close: () => clearInterval(timer) }
}

/** When URLs were last issued with this secret by any process, and with an older one, to the hour; null: never. */
export async function readIssued(pg: Pg, { id }: UrlSecret): Promise<{ own: Date | null; older: Date | null }> {
  const rows = await fetchAll(
    pg,
    query.selectFrom('url_secret').select(['id', 'issued_at as at']).where('id', '<=', id),
  )
  const older = rows.flatMap((row) => (row.id < id && row.at ? [row.at.getTime()] : []))
  return {
    own: rows.find((row) => row.id === id)?.at ?? null,
    older: older.length === 0 ? null : new Date(Math.max(...older)),
  }
}

/** The secret that the key of the latest picture was made with, as far as it is one of these. */
async function findSecretInUse(client: PoolClient, values: readonly string[]): Promise<string | null> {
  const latest = await READ_LATEST_KEY.get(client)
  return latest
    ? (secretOf(
        latest.version,
        values.map((value) => ({ id: 0, value })),
        [latest],
      )?.value ?? null)
    : null
}

/** Records which secret each existing picture's key was made with; 0: none of these. */
async function labelImages(client: PoolClient, secrets: readonly UrlSecret[]): Promise<void> {
  for (let afterId = '0'; ; ) {
    const images = await READ_KEYS.all(client, { afterId, limit: BATCH })
    const last = images.at(-1)
    if (!last) return
    if (afterId === '0') log.info('comparing the keys of existing pictures with the URL secrets, once')
    const labelled = images.map(({ id, version, ...hashes }) => ({
      id,
      secretId: secretOf(version, secrets, [hashes])?.id ?? 0,
    }))
    for (const [secretId, some] of Map.groupBy(labelled, (image) => image.secretId)) {
      if (secretId === LABEL_DEFAULT) continue
      const update = query.updateTable('image').set({ url_secret_id: secretId })
      await execute(client, update.where('id', '=', anyOf(some.map(({ id }) => id))))
    }
    afterId = last.id
  }
}

/** The migration's. */
const LABEL_DEFAULT = 1

/** SQL: the images whose keys have a version. */
const VERSIONED = `
    select id, source_hash as "sourceHash", recipe_hash as "recipeHash", substring(object_key from '\\.([a-z2-7]{16})\\.[a-z]+$') as version
    from image where object_key ~ '\\.[a-z2-7]{16}\\.[a-z]+$'`
const VERSIONED_COLUMNS = { id: 'int8', sourceHash: 'text', recipeHash: 'text', version: 'text' } as const

const READ_KEYS = statement({
  name: 'read-versioned-keys',
  text: `${VERSIONED} and id > :afterId order by id limit :limit`,
  parameters: { afterId: 'int8', limit: 'int8' },
  columns: VERSIONED_COLUMNS,
})

const READ_LATEST_KEY = statement({
  name: 'read-latest-key',
  text: `${VERSIONED} order by id desc limit 1`,
  columns: VERSIONED_COLUMNS,
})
