import { createHmac } from 'node:crypto'
import type { PoolClient } from 'pg'
import { log } from '../core/log.ts'
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
 * @param options.isIssuing false: this process issues no URLs
 */
export async function registerUrlSecrets(
  pg: Pg,
  values: readonly string[],
  { isIssuing = true }: { isIssuing?: boolean } = {},
): Promise<readonly UrlSecret[]> {
  const wanted = values.map((value) => ({ value, fingerprint: fingerprintOf(value) }))
  const isKnown = (known: Known) => wanted.every(({ fingerprint }) => known.has(fingerprint))
  let known = await readKnown(pg)
  const issuing = isIssuing ? (wanted[0]?.fingerprint ?? '') : ''
  if (!isKnown(known) || known.get(issuing)?.issuedAt === null)
    await inTransaction(pg, async (client) => {
      await lockTransaction(client, URL_SECRET_LOCK)
      known = await readKnown(client)
      const isFirst = known.size === 0
      const inUse = isFirst ? await findSecretInUse(client, values) : null
      for (const { fingerprint } of wanted
        .toReversed()
        .sort((a, b) => Number(b.value === inUse) - Number(a.value === inUse))) {
        if (known.has(fingerprint)) continue
        const id = Math.max(0, ...[...known.values()].map((row) => row.id)) + 1
        await execute(client, query.insertInto('url_secret').values({ id, fingerprint }))
        known.set(fingerprint, { id, issuedAt: null })
      }
      const never = query.updateTable('url_secret').set({ issued_at: now }).where('issued_at', 'is', null)
      await execute(client, never.where('fingerprint', '=', issuing))
      if (isFirst) await labelImages(client, toSecrets(wanted, known))
    })
  return toSecrets(wanted, known)
}

type Known = Map<string, { readonly id: number; readonly issuedAt: Date | null }>

async function readKnown(db: Pg | PoolClient): Promise<Known> {
  const rows = await fetchAll(db, query.selectFrom('url_secret').selectAll())
  return new Map(rows.map(({ fingerprint, id, issued_at: issuedAt }) => [fingerprint, { id, issuedAt }]))
}

const toSecrets = (wanted: readonly { value: string; fingerprint: string }[], known: Known): UrlSecret[] =>
  wanted.map(({ value, fingerprint }) => ({ id: known.get(fingerprint)?.id ?? 0, value }))

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

/** Since when any process has issued URLs with this secret; null: none has. */
export async function findIssuedSince(pg: Pg, { id }: UrlSecret): Promise<Date | null> {
  const [row] = await fetchAll(pg, query.selectFrom('url_secret').select('issued_at').where('id', '=', id))
  return row?.issued_at ?? null
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
