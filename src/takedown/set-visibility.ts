import type { PoolClient } from 'pg'
import { AppError } from '../core/errors.ts'
import { PRIVATE_PREFIX, type Visibility } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { lockTransaction, VISIBILITY_LOCK } from '../db/locks.ts'
import { statement } from '../db/statement.ts'
import { enqueueAll } from '../jobs/enqueue.ts'

/** What has a visibility of its own. */
export interface VisibilityTarget {
  readonly type: 'ITEM' | 'ICON_SET' | 'FAMILY'
  readonly id: number
}

interface Change {
  readonly visibility: Visibility
  /** Only a target of this vendor; null: of any. */
  readonly vendorId?: number | null
}

/**
 * Changes who may see an item, or all current and future items of a set or family; each item has the strictest of its own, its set's and
 * its family's. Applies at once to every reader. What becomes PRIVATE gets a receipt and a job that deletes its public pictures and purges
 * the CDN, as a take-down does; what stops being PRIVATE has its pictures made again at their public addresses, on their first request.
 * Calling it again for what is PRIVATE already retries a job that failed or left something to do. Throws NOT_FOUND.
 */
export async function setVisibility({ pg }: { pg: Pg }, target: VisibilityTarget, change: Change): Promise<void> {
  const { type, id } = target
  await inTransaction(pg, async (client) => {
    await lockTransaction(client, VISIBILITY_LOCK)
    if (!(await FIND[type].get(client, { id, vendorId: change.vendorId ?? null })))
      throw new AppError('NOT_FOUND', `There is no ${NAMES[type]} ${id}.`)
    const isChanged = await stateVisibility(client, target, change)
    if (!isChanged && change.visibility === 'PRIVATE') await settleVisibility(client, { type, ids: [id] }, 'PRIVATE')
  })
}

/** The same in a caller's transaction, which holds VISIBILITY_LOCK. False: it was so already. */
export async function stateVisibility(
  client: PoolClient,
  { type, id }: VisibilityTarget,
  { visibility }: Pick<Change, 'visibility'>,
): Promise<boolean> {
  if (!(await SET[type].get(client, { id, visibility }))) return false
  await settleVisibility(client, { type, ids: [id] }, visibility)
  return true
}

/** Has the pictures of targets follow their new visibility, in the transaction that changed it. */
export async function settleVisibility(
  client: PoolClient,
  { type, ids }: { type: VisibilityTarget['type']; ids: readonly number[] },
  visibility: Visibility,
): Promise<void> {
  if (visibility !== 'PRIVATE') {
    await CLOSE_RECEIPTS.run(client, { type, ids })
    await FORGET_PRIVATE[type].run(client, { ids, afterS: KEPT_S })
    return
  }
  const due = await OPEN_RECEIPTS.all(client, { type, ids, reason: REASON })
  await enqueueAll(
    client,
    'take_down',
    due.map(({ id }) => ({ payload: { takeDownId: id, recheck: false } })),
  )
}

const NAMES = { ITEM: 'item', ICON_SET: 'icon set', FAMILY: 'family' } as const
const REASON = 'It became PRIVATE.'
/** How long a private object that is no longer used is kept: for the requests that are reading it. */
const KEPT_S = 3600

const forEachType = <T>(
  make: (table: string, own: string, ofItem: string) => T,
): Record<VisibilityTarget['type'], T> => ({
  ITEM: make('item', 'own_visibility', 'id'),
  ICON_SET: make('icon_set', 'own_visibility', 'icon_set_id'),
  FAMILY: make('family', 'visibility', 'family_id'),
})

const FIND = forEachType((table) =>
  statement({
    name: `find-${table}-to-show`,
    text: `select id from ${table} where id = :id and (:vendorId::int is null or vendor_id = :vendorId)`,
    parameters: { id: 'int4', vendorId: 'int4?' },
    columns: { id: 'int4' },
  }),
)

const SET = forEachType((table, own) =>
  statement({
    name: `set-${table}-visibility`,
    text: `update ${table} set ${own} = :visibility where id = :id and ${own} <> :visibility returning id`,
    parameters: { id: 'int4', visibility: 'visibility' },
    columns: { id: 'int4' },
  }),
)

// Returns those that have something to do: new ones, and those whose job failed or left something to the operator.
const OPEN_RECEIPTS = statement({
  name: 'open-private-receipts',
  text: `
    insert into take_down as t (target_type, target_id, kind, reason, owner_id)
    select :type::take_down_target, u.id, 'PRIVATE', :reason, case :type::take_down_target when 'ITEM' then (select vendor_id from item i where i.id = u.id)
      when 'ICON_SET' then (select vendor_id from icon_set s where s.id = u.id)
      else (select vendor_id from family f where f.id = u.id) end
    from unnest(:ids::int[]) as u(id) order by 2
    on conflict (target_type, target_id, kind) where restored_at is null do update
      set status = case when t.status = 'RUNNING' then t.status else 'QUEUED' end, note = null, error = null, finished_at = null
      where t.status <> 'COMPLETED' or t.note is not null
    returning id`,
  parameters: { type: 'take_down_target', ids: 'int4[]', reason: 'text' },
  columns: { id: 'int4' },
})

// A job in progress ends after its current batch.
const CLOSE_RECEIPTS = statement({
  name: 'close-private-receipts',
  text: `
    update take_down set status = 'RESTORED', restored_at = now()
    where target_type = :type and target_id = any(:ids::int[]) and kind = 'PRIVATE' and restored_at is null`,
  parameters: { type: 'take_down_target', ids: 'int4[]' },
})

// Each is made again at its public address, with the same bytes.
const FORGET_PRIVATE = forEachType((table, _own, ofItem) =>
  statement({
    name: `forget-private-of-${table}`,
    text: `
      with gone as (
        delete from image m using item i
        where m.owner_type = 'ITEM' and m.owner_id = i.id and i.${ofItem} = any(:ids::int[]) and i.visibility <> 'PRIVATE'
          and starts_with(m.object_key, '${PRIVATE_PREFIX}')
        returning m.object_key
      )
      insert into discarded_object as d (store, object_key, delete_after)
      select 'PREVIEWS', object_key, now() + make_interval(secs => :afterS) from gone order by 2
      on conflict (store, object_key) do update set delete_after = greatest(d.delete_after, excluded.delete_after)`,
    parameters: { ids: 'int4[]', afterS: 'float8' },
  }),
)
