import type { PoolClient } from 'pg'
import type { Backfill } from '../../prisma/generated/client/client.ts'
import type { BackfillStatus } from '../../prisma/generated/kysely.ts'
import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { nameTarget } from '../db/change.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { notify } from '../db/notify.ts'
import { execute, fetchFirst, now, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { enqueue } from '../jobs/enqueue.ts'
import { recordEvents } from '../webhooks/outbox.ts'
import { readProgress } from './progress.ts'
import { type BackfillRequest, fingerprintOf } from './request.ts'

/** The channel on which every visible change is notified; the payload is the backfill's id. */
export const BACKFILL_CHANNEL = 'afterimage_backfill'
/** The channel on which a pause and a cancellation are notified as well, so that workers stop at once. */
export const HALT_CHANNEL = 'afterimage_backfill_halt'

export interface Db {
  readonly pg: Pg
  readonly prisma: Prisma
}

/**
 * Starts a backfill and its plan job in one transaction, or returns the unfinished one with the same request, with the priority of this one
 * if it names any; chunks that are queued already keep theirs.
 */
export async function startBackfill({ pg, prisma }: Db, request: BackfillRequest): Promise<Backfill> {
  const { scope, mode, presets, formats, codes = [], previews = false, maxRenderers = null, notAfter = null } = request
  const { priority = null } = request
  const id = await inTransaction(pg, async (client) => {
    const started = await START.get(client, {
      ...scope,
      mode,
      presets,
      formats,
      codes,
      fingerprint: fingerprintOf(request),
      previews,
      maxRenderers,
      notAfter,
      priority,
    })
    if (!started) throw new Error('a backfill gave no row')
    nameTarget(printGlobalId('Backfill', started.id))
    if (started.is_new) await enqueue(client, 'plan_backfill', { backfillId: started.id })
    return started.id
  })
  return await prisma.backfill.findUniqueOrThrow({ where: { id } })
}

const START = statement({
  name: 'start-backfill',
  // The update makes `returning` return the existing row, and locks it.
  text: `
    insert into backfill
      (mode, presets, formats, codes, vendor_id, family_id, icon_set_id, owner_id, fingerprint, previews, is_composed, max_renderers, not_after, priority)
    values (:mode, :presets, :formats, :codes, :vendorId, :familyId, :iconSetId,
      coalesce(:vendorId, (select vendor_id from family where id = :familyId),
        (select vendor_id from icon_set where id = :iconSetId)), :fingerprint, :previews, not :previews, :maxRenderers, :notAfter, coalesce(:priority::backfill_priority, 'NORMAL'))
    on conflict (fingerprint) where status in ('PLANNING', 'RUNNING', 'PAUSED')
      do update set priority = coalesce(:priority::backfill_priority, backfill.priority)
    returning id, xmax = 0 as is_new`,
  parameters: {
    mode: 'backfill_mode',
    presets: 'text[]',
    formats: 'image_format[]',
    codes: 'text[]',
    vendorId: 'int4?',
    familyId: 'int4?',
    iconSetId: 'int4?',
    fingerprint: 'text',
    previews: 'bool',
    maxRenderers: 'int4?',
    notAfter: 'timestamptz?',
    priority: 'backfill_priority?',
  },
  columns: { id: 'int4', is_new: 'bool' },
})

/** Cancels: renders in progress are finished and kept, no others start. Has no effect on a finished backfill. */
export async function cancelBackfill({ pg, prisma }: Db, id: number): Promise<Backfill> {
  await inTransaction(pg, async (client) => {
    const open = query.updateTable('backfill').set({ status: 'CANCELED', finished_at: now }).where('id', '=', id)
    if ((await execute(client, open.where('status', 'in', ['PLANNING', 'RUNNING', 'PAUSED']))) === 0)
      return await readStatus(client, id)
    await notify(client, BACKFILL_CHANNEL, String(id))
    await notify(client, HALT_CHANNEL, String(id))
  })
  return await findBackfill(prisma, id)
}

/** The status, for a transaction that cannot change it. Throws NOT_FOUND. */
export async function readStatus(client: PoolClient, id: number): Promise<BackfillStatus> {
  const backfill = await fetchFirst(client, query.selectFrom('backfill').select('status').where('id', '=', id))
  if (!backfill) throw missing(id)
  return backfill.status
}

const missing = (id: number) => new AppError('NOT_FOUND', `There is no backfill ${id}.`)

/** Throws NOT_FOUND. */
export async function findBackfill(prisma: Prisma, id: number): Promise<Backfill> {
  const backfill = await prisma.backfill.findUnique({ where: { id } })
  if (!backfill) throw missing(id)
  return backfill
}

/**
 * Ends the backfill when all of its chunks have been created and are done, and records the event for the webhooks; with previews,
 * composes them first. The last step of the caller's transaction; the row's lock serialises the last two chunks.
 */
export async function finishIfDone(client: PoolClient, backfillId: number): Promise<void> {
  const running = await LOCK_BACKFILL.get(client, { backfillId })
  if (running?.status !== 'RUNNING') return
  if (running.is_next) await enqueue(client, 'compose_backfill', { backfillId })
  const ended = await END_BACKFILL.get(client, { backfillId })
  if (ended) await announceEnd(client, { id: backfillId, ...ended })
  else await notify(client, BACKFILL_CHANNEL, String(backfillId))
}

/** Notifies subscribers and webhooks that a backfill has ended. The last step of the caller's transaction. */
export async function announceEnd(
  client: PoolClient,
  { id, ...ended }: Pick<Backfill, 'id' | 'status' | 'mode'>,
): Promise<void> {
  await notify(client, BACKFILL_CHANNEL, String(id))
  const [progress] = await readProgress(client, [id])
  const { itemsPerSecond, etaSeconds, ...totals } = progress ?? {}
  const backfill = printGlobalId('Backfill', id)
  const { vendor = null } = (await FIND_OWNER.get(client, { id })) ?? {}
  const data = { backfill, vendor, ...ended, ...totals }
  await recordEvents(client, [{ type: 'backfill.completed', family: null, data }])
}

const FIND_OWNER = statement({
  name: 'find-backfill-owner',
  text: 'select v.username as vendor from backfill b join vendor v on v.id = b.owner_id where b.id = :id',
  parameters: { id: 'int4' },
  columns: { vendor: 'text' },
})

/** SQL: the backfill has no unfinished chunks, and no more will be created. */
const ALL_MADE = `
  is_cut and not exists (select from backfill_chunk where backfill_id = :backfillId and status = 'PENDING')`

const LOCK_BACKFILL = statement({
  name: 'lock-backfill',
  text: `select status, not is_composed and ${ALL_MADE} as is_next from backfill where id = :backfillId for update`,
  parameters: { backfillId: 'int4' },
  columns: { status: 'backfill_status', is_next: 'bool' },
})

const END_BACKFILL = statement({
  name: 'end-backfill',
  text: `
    update backfill set finished_at = now(), status = case
      when exists (select from backfill_chunk where backfill_id = :backfillId and status = 'FAILED') then 'FAILED'::backfill_status
      else 'COMPLETED' end
    where id = :backfillId and is_composed and ${ALL_MADE} returning status, mode`,
  parameters: { backfillId: 'int4' },
  columns: { status: 'backfill_status', mode: 'backfill_mode' },
})
