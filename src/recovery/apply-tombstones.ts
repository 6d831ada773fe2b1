import type { PoolClient } from 'pg'
import { TOMBSTONES_PREFIX } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockTransaction, VISIBILITY_LOCK } from '../db/locks.ts'
import { execute, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { discardObjects } from '../retention/discarded.ts'
import type { Stores } from '../store/open.ts'
import { stateVisibility } from '../takedown/set-visibility.ts'
import { type LineOf, parseTombstones, type TombstoneLine } from './lines.ts'

/** A change that was committed before the snapshot may have begun so much earlier, and one after it so much later. */
const OVERLAP_MS = 3_600_000
/** How long the original of a removed item is kept. */
const KEPT_S = 30 * 86_400

export interface TombstoneReport {
  applied: number
  /** Older than the snapshot, which has their effect. */
  older: number
  /** Their target is not in the catalogue any more. */
  withoutTarget: number
}

interface Options {
  readonly after: string
  readonly takenAt: Date | null
  readonly report: TombstoneReport
  /** In the transaction that applied the object's lines. */
  readonly onObject: (client: PoolClient, key: string) => Promise<void>
}

/**
 * Applies all tombstones to the catalogue, in their order: the last one of a thing is what it is now. Safe to run again: what was taken
 * down and restored, or revoked, stays so. Throws CONFIG for an object that this release does not understand.
 */
export async function applyTombstones(
  { pg, stores }: { pg: Pg; stores: Pick<Stores, 'originals'> },
  { after, takenAt, report, onObject }: Options,
): Promise<void> {
  for await (const { key } of stores.originals.list(TOMBSTONES_PREFIX, { after })) {
    const bytes = await stores.originals.get(key)
    const lines = parseTombstones(key, bytes ?? Buffer.alloc(0))
    await inTransaction(pg, async (client) => {
      await MARK_REBUILDING.run(client)
      await lockTransaction(client, VISIBILITY_LOCK)
      for (const line of lines) {
        const isOlder = takenAt !== null && line.at.getTime() < takenAt.getTime() - OVERLAP_MS
        if (isOlder) report.older++
        else if (await apply(client, stores, line)) report.applied++
        else report.withoutTarget++
      }
      await onObject(client, key)
    })
  }
}

/** False: there is no such thing. */
async function apply(client: PoolClient, stores: Pick<Stores, 'originals'>, line: TombstoneLine): Promise<boolean> {
  switch (line.type) {
    case 'takedown':
      return await applyTakeDown(client, line)
    case 'visibility': {
      const id = await findTarget(client, line)
      if (id !== null) await stateVisibility(client, { type: line.target, id }, line)
      return id !== null
    }
    case 'token':
      return await applyToken(client, line)
    case 'removed':
      return await applyRemoved(client, stores, line)
  }
}

async function findTarget(
  client: PoolClient,
  { target, key }: { target: LineOf<'takedown'>['target']; key: string | null },
): Promise<number | null> {
  return (await FIND_TARGET.get(client, { target, key: key ?? '' }))?.id ?? null
}

async function applyTakeDown(client: PoolClient, line: LineOf<'takedown'>): Promise<boolean> {
  const id = await findTarget(client, line)
  if (id === null) return false
  const { target, reason, byOperator, createdAt, restoredAt } = line
  await APPLY_TAKE_DOWN.run(client, { target, id, reason, byOperator, createdAt, restoredAt })
  return true
}

async function applyToken(client: PoolClient, { hash, parent, ...line }: LineOf<'token'>): Promise<boolean> {
  const { name, prefix, scopes, vendor, createdAt, expiresAt, revokedAt } = line
  await APPLY_TOKEN.run(client, {
    hash: Buffer.from(hash, 'hex'),
    parent: parent === null ? null : Buffer.from(parent, 'hex'),
    name,
    prefix,
    scopes,
    vendor,
    createdAt,
    expiresAt,
    revokedAt,
  })
  return true
}

/** Unless it was added again since: then its original is newer. */
async function applyRemoved(
  client: PoolClient,
  { originals }: Pick<Stores, 'originals'>,
  { key, at }: LineOf<'removed'>,
): Promise<boolean> {
  const item = await FIND_ITEM.get(client, { sourceKey: key })
  if (!item) return false
  for await (const object of originals.list(item.original_key))
    if (object.key === item.original_key && object.modifiedAt > at) return true
  await discardObjects(client, 'ORIGINALS', { keys: [item.original_key], afterS: KEPT_S })
  await execute(client, query.deleteFrom('item').where('id', '=', item.id))
  return true
}

/** For the triggers, which write no lines of what lines say. */
export const MARK_REBUILDING = statement({
  name: 'mark-rebuilding',
  text: `select set_config('afterimage.rebuilding', 'on', true)`,
  columns: { set_config: 'text' },
})

const FIND_TARGET = statement({
  name: 'find-target-of-tombstone',
  isPrepared: true,
  text: `
    select id from item where :target::take_down_target = 'ITEM' and source_key = :key
    union all select id from icon_set where :target = 'ICON_SET' and unique_id = :key
    union all select id from family where :target = 'FAMILY' and unique_id = :key
    union all select id from vendor where :target = 'VENDOR' and username = :key`,
  parameters: { target: 'take_down_target', key: 'text' },
  columns: { id: 'int4' },
})

// A receipt is known by the time of its creation. One that is restored stays so; a later one is another receipt.
const APPLY_TAKE_DOWN = statement({
  name: 'apply-take-down',
  isPrepared: true,
  text: `
    with known as (
      update take_down t set by_operator = t.by_operator or :byOperator, restored_at = coalesce(t.restored_at, :restoredAt::timestamptz),
        status = case when coalesce(t.restored_at, :restoredAt::timestamptz) is null then t.status else 'RESTORED' end
      where t.target_type = :target and t.target_id = :id and t.kind = 'TAKE_DOWN' and t.created_at = :createdAt::timestamptz
      returning t.id
    )
    insert into take_down as t (target_type, target_id, reason, by_operator, created_at, owner_id)
    select :target, :id, :reason, :byOperator, :createdAt::timestamptz, case :target::take_down_target
      when 'ITEM' then (select vendor_id from item where id = :id) when 'ICON_SET' then (select vendor_id from icon_set where id = :id)
      when 'FAMILY' then (select vendor_id from family where id = :id) else :id end
    where :restoredAt::timestamptz is null and not exists (select from known)
    on conflict (target_type, target_id, kind) where restored_at is null do update set by_operator = t.by_operator or excluded.by_operator`,
  parameters: {
    target: 'take_down_target',
    id: 'int4',
    reason: 'text',
    byOperator: 'bool',
    createdAt: 'timestamptz',
    restoredAt: 'timestamptz?',
  },
})

const APPLY_TOKEN = statement({
  name: 'apply-token',
  text: `
    insert into token as t (hash, name, prefix, scopes, vendor, parent_id, created_at, expires_at, revoked_at)
    values (:hash, :name, :prefix, :scopes, :vendor, (select id from token where hash = :parent), :createdAt, :expiresAt, :revokedAt)
    on conflict (hash) do update set revoked_at = coalesce(t.revoked_at, excluded.revoked_at)`,
  parameters: {
    hash: 'bytea',
    parent: 'bytea?',
    name: 'text',
    prefix: 'text',
    scopes: 'text[]',
    vendor: 'text?',
    createdAt: 'timestamptz',
    expiresAt: 'timestamptz?',
    revokedAt: 'timestamptz?',
  },
})

const FIND_ITEM = statement({
  name: 'find-item-to-remove',
  isPrepared: true,
  text: 'select id, coalesce(original_key, source_key) as original_key from item where source_key = :sourceKey',
  parameters: { sourceKey: 'text' },
  columns: { id: 'int4', original_key: 'text' },
})
