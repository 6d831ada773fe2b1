import { storeSource } from '../archive/sources.ts'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { printUploadKey } from '../core/variant.ts'
import { inTransaction, type Pg, type Prisma } from '../db/database.ts'
import { lockFamilies, waitForItems } from '../db/locks.ts'
import { notify } from '../db/notify.ts'
import { execute, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import { storeTombstones } from '../recovery/tombstones.ts'
import type { Stores } from '../store/open.ts'
import { commitSet, discardImages } from './commit-set.ts'
import { addProblems, endUpload, finishIfRendered, type UploadProblem } from './end-upload.ts'
import { findForeign } from './find-foreign.ts'
import { type OpenedArchive, openArchive } from './open-archive.ts'
import { findExceeded } from './quota.ts'
import { stageSet } from './stage-set.ts'
import { UPLOAD_CHANNEL } from './uploads.ts'

/** Items that are locked together. */
const DRAIN_ITEMS = 500

export interface Ingester {
  readonly pg: Pg
  readonly prisma: Prisma
  readonly stores: Pick<Stores, 'originals'>
  readonly config: Pick<Config, 'supersededDays' | 'limits'>
}

/**
 * Ingests an uploaded archive: checks all of it, then commits it set by set, each atomically. An archive with problems is refused with
 * all of them, and nothing of it appears. After a crash, it continues with the first missing set. `busy`: an earlier upload of the vendor
 * has not finished, or another one is changing one of its families. `stopped`: `signal` aborted. Throws when a store or the database
 * fails.
 */
export async function ingestUpload(
  app: Ingester,
  uploadId: number,
  signal: AbortSignal,
): Promise<'done' | 'busy' | 'stopped'> {
  const upload = await app.prisma.upload.findUnique({ where: { id: uploadId } })
  if (upload?.status !== 'CHECKING' && upload?.status !== 'INGESTING') return 'done'
  if ((await execute(app.pg, earlierOf(upload))) > 0) return 'busy'
  // Known from an earlier run: an upload that waits for a family need not check its archive each time.
  await using early = upload.families.length > 0 ? await lockFamilies(app.pg, upload.families) : null
  if (upload.families.length > 0 && !early) return 'busy'
  const source = await storeSource(app.stores.originals, printUploadKey(uploadId))
  if (!source) return await refuse(app.pg, uploadId, { problems: [ARCHIVE_GONE] })
  let archive: OpenedArchive | null = null
  try {
    const checked = await openArchive(source)
    archive = checked.archive
    const notes = [...checked.notes]
    await app.prisma.upload.update({ where: { id: uploadId }, data: { notes }, select: { id: true } })
    if (!archive) return await refuse(app.pg, uploadId, { problems: checked.problems, count: checked.problemCount })
    const foreign = await findForeign(app.pg, upload.vendor, archive)
    if (foreign.length > 0) return await refuse(app.pg, uploadId, { problems: foreign })
    const exceeded = await findExceeded(app.pg, { vendor: upload.vendor, archive, limits: app.config.limits })
    if (exceeded)
      return await refuse(app.pg, uploadId, { problems: [{ code: 'QUOTA', ...OF_ARCHIVE, message: exceeded }] })
    if (!(await beginIngest(app.pg, uploadId, archive)))
      return await refuse(app.pg, uploadId, { problems: [ARCHIVE_CHANGED] })
    return await ingest(app, { uploadId, archive, signal, isLocked: early !== null })
  } catch (error) {
    // It would exceed the limits at each attempt.
    if (!(error instanceof AppError) || error.code !== 'TOO_COMPLEX') throw error
    return await refuse(app.pg, uploadId, { problems: [{ code: error.code, ...OF_ARCHIVE, message: error.message }] })
  } finally {
    await archive?.close()
  }
}

const OF_ARCHIVE = { file: null, pointer: null }

const ARCHIVE_GONE: UploadProblem = {
  code: 'SOURCE_MISSING',
  file: null,
  pointer: null,
  message: 'The archive is no longer in the store: upload it again.',
}

const ARCHIVE_CHANGED: UploadProblem = {
  code: 'SOURCE_CHANGED',
  file: null,
  pointer: null,
  message: 'The archive was replaced during the ingest: upload it again.',
}

/** Ends the upload with its problems: as refused, or as failed if some of its sets are already in the catalogue. */
async function refuse(
  pg: Pg,
  uploadId: number,
  found: { problems: readonly UploadProblem[]; count?: number },
): Promise<'done'> {
  await inTransaction(pg, async (client) => {
    if ((await execute(client, lockOpen(uploadId))) === 0) return
    const begun = query.selectFrom('upload_set').where('upload_id', '=', uploadId).limit(1)
    const isBegun = (await execute(client, begun)) > 0
    await addProblems(client, uploadId, found)
    await endUpload(client, uploadId, isBegun ? 'FAILED' : 'REFUSED')
  })
  return 'done'
}

/** Ends an upload as failed after the queue's last attempt. Committed sets stay, and uploading the same archive again continues. */
export async function abandonUpload(pg: Pg, uploadId: number, reason: string): Promise<void> {
  await inTransaction(pg, async (client) => {
    if ((await execute(client, lockOpen(uploadId))) === 0) return
    await addProblems(client, uploadId, {
      problems: [{ code: 'INTERNAL', file: null, pointer: null, message: reason }],
    })
    await endUpload(client, uploadId, 'FAILED')
  })
}

/** Marks the upload as being ingested. False: an earlier run started with other sets. */
async function beginIngest(pg: Pg, uploadId: number, { sets }: OpenedArchive): Promise<boolean> {
  const families = [...new Set(sets.map(({ family }) => family.uniqueId))].sort()
  const items = sets.reduce((sum, { files }) => sum + files.length, 0)
  return (await BEGIN.run(pg, { uploadId, families, items, channel: UPLOAD_CHANNEL })) !== 0
}

const BEGIN = statement({
  name: 'begin-ingest',
  text: `
    with begun as (
      update upload set status = 'INGESTING', families = :families, total_items = :items
      where id = :uploadId
        and (status = 'CHECKING' or (status = 'INGESTING' and families = :families and total_items = :items)) returning id
    )
    select pg_notify(:channel, id::text) from begun`,
  parameters: { uploadId: 'int4', families: 'text[]', items: 'int4', channel: 'text' },
  columns: { pg_notify: 'void' },
})

interface Ingest {
  readonly uploadId: number
  readonly archive: OpenedArchive
  readonly signal: AbortSignal
  readonly isLocked: boolean
}

async function ingest(app: Ingester, ingesting: Ingest): Promise<'done' | 'busy' | 'stopped'> {
  const { uploadId, archive, signal } = ingesting
  const { sets } = archive
  await using locks = ingesting.isLocked
    ? null
    : await lockFamilies(app.pg, [...new Set(sets.map(({ family }) => family.uniqueId))])
  if (!locks && !ingesting.isLocked) return 'busy'
  const there = await app.prisma.uploadSet.findMany({ where: { uploadId } })
  const isThere = new Set(there.map(({ position }) => position))
  for (const [position, set] of sets.entries()) {
    if (isThere.has(position)) continue
    const { originals } = app.stores
    const isStaged = await stageSet({ pg: app.pg, originals, archive, uploadId, position, set, signal })
    if (!isStaged) return 'stopped'
    await commitSet(app.pg, { uploadId, position, set, graceDays: app.config.supersededDays })
  }
  if (!(await drain(app, uploadId, signal))) return 'stopped'
  // What it has hidden or removed outlives the database.
  await storeTombstones(app)
  // Releases the families before the upload is seen as done.
  await locks?.release()
  await inTransaction(app.pg, async (client) => {
    const open = query.updateTable('upload').set({ status: 'RENDERING' }).where('id', '=', uploadId)
    await execute(client, open.where('status', '=', 'INGESTING'))
    await notify(client, UPLOAD_CHANNEL, String(uploadId))
    await finishIfRendered(client, uploadId)
  })
  return 'done'
}

/**
 * Waits until all locks on the removed items are free: pictures in progress have been recorded by then, and the items are no longer
 * found. Then those pictures are discarded too, before another upload can bring the items back.
 */
async function drain({ pg, prisma, config }: Ingester, uploadId: number, signal: AbortSignal): Promise<boolean> {
  const sets = await prisma.uploadSet.findMany({ where: { uploadId, leavingItemIds: { isEmpty: false } } })
  for (const { position, leavingItemIds } of sets) {
    for (let from = 0; from < leavingItemIds.length; from += DRAIN_ITEMS) {
      if (!(await waitForItems(pg, leavingItemIds.slice(from, from + DRAIN_ITEMS), signal))) return false
    }
    await inTransaction(pg, async (client) => {
      await discardImages(client, { itemIds: leavingItemIds, afterS: config.supersededDays * 86_400 })
      const left = query.updateTable('upload_set').set({ leaving_item_ids: [] }).where('upload_id', '=', uploadId)
      await execute(client, left.where('position', '=', position))
    })
  }
  return true
}

/** A vendor's uploads are ingested in order, even if the worker of the first one died. */
const earlierOf = ({ vendor, id }: { vendor: string; id: number }) =>
  query
    .selectFrom('upload')
    .where('vendor', '=', vendor)
    .where('id', '<', id)
    .where('status', 'in', ['CHECKING', 'INGESTING'])
    .limit(1)

/** Locks an upload that is being checked or ingested. */
const lockOpen = (uploadId: number) =>
  query.selectFrom('upload').where('id', '=', uploadId).where('status', 'in', ['CHECKING', 'INGESTING']).forUpdate()
