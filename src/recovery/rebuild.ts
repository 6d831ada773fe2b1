import { AppError } from '../core/errors.ts'
import { type Presets, parseUploadKey, UPLOADS_PREFIX } from '../core/variant.ts'
import { PRIVATE_PREFIX } from '../core/visibility.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { emptyReport, type ImportReport } from '../import/import-items.ts'
import { enqueueAll } from '../jobs/enqueue.ts'
import type { Stores } from '../store/open.ts'
import { rememberRecipes } from '../variants/recipes.ts'
import { registerUrlSecrets } from '../variants/url-secrets.ts'
import { type AdoptDeps, adoptOriginals } from './adopt-originals.ts'
import { adoptPictures, type PictureReport } from './adopt-pictures.ts'
import { applyTombstones, MARK_REBUILDING, type TombstoneReport } from './apply-tombstones.ts'
import { chooseSnapshot } from './choose-snapshot.ts'
import { dropRebuildCursor, moveRebuildCursor, type RebuildCursor, readRebuildCursor, STEPS } from './cursor.ts'
import { createRecipes } from './recipes.ts'
import { restoreRows } from './restore-rows.ts'
import { readPart, type Snapshot } from './snapshot.ts'
import { MOVE_SEQUENCES } from './tables.ts'
import { storeTombstones } from './tombstones.ts'

export interface RebuildDeps {
  readonly pg: Pg
  readonly stores: Stores
  readonly presets: Presets
  /** As configured: the pictures of a secret that is not among them are made again. */
  readonly urlSecrets: readonly string[]
}

/** What this run has done; one that continued an interrupted run does not count what that did. */
export interface RebuildReport {
  /** The step at which it began. */
  readonly from: RebuildCursor['step']
  /** When the catalogue was as the snapshot has it; null: there is no snapshot. */
  takenAt: Date | null
  rows: number
  readonly originals: ImportReport
  readonly tombstones: TombstoneReport
  readonly pictures: PictureReport
}

/**
 * Makes the catalogue again in an empty database, from what lies in the stores: the latest snapshot, the originals that are newer than it,
 * the tombstones of what was taken down, hidden, removed or revoked, and the pictures, of which none is rendered. It continues where an
 * interrupted run has stopped. Throws BAD_INPUT if the database has a catalogue already, and like `chooseSnapshot`; UNAVAILABLE if a store
 * fails.
 * @param options.snapshot the name of another than the latest one
 * @param options.onProgress called after every batch
 */
export async function rebuild(
  deps: RebuildDeps,
  {
    snapshot: named = null,
    onProgress = () => {},
  }: { snapshot?: string | null; onProgress?: (step: RebuildCursor['step'], report: RebuildReport) => void } = {},
): Promise<RebuildReport> {
  const { pg, stores } = deps
  const begun = await readRebuildCursor(pg)
  if (!begun && (await FIND_CONTENT.get(pg))?.found)
    throw new AppError(
      'BAD_INPUT',
      'The database has a catalogue already: a rebuild needs an empty one, so set DATABASE_URL to a new database.',
    )
  const snapshot = await chooseSnapshot(stores.originals, { named, begun })
  const takenAt = begun ? begun.takenAt : (snapshot?.takenAt ?? null)
  const report: RebuildReport = {
    from: begun?.step ?? 'snapshot',
    takenAt,
    rows: 0,
    originals: emptyReport(),
    tombstones: { applied: 0, older: 0, withoutTarget: 0 },
    pictures: { adopted: 0, unknown: 0, broken: 0 },
  }
  const run = { report, takenAt, snapshot, onProgress }
  for (const step of STEPS.slice(STEPS.indexOf(report.from))) {
    const after = begun?.step === step ? begun.afterKey : ''
    if (!begun || begun.step !== step) await moveRebuildCursor(pg, { step, afterKey: '', takenAt })
    await RUN[step](deps, { ...run, after })
  }
  await finish(deps)
  return report
}

/**
 * Applies all tombstones to a database that was restored from a backup: what was taken down, hidden, removed or revoked since then is so
 * again. Safe to run again, and on a database that lacks nothing.
 */
export async function applyTombstonesToBackup(deps: Pick<RebuildDeps, 'pg' | 'stores'>): Promise<TombstoneReport> {
  const report: TombstoneReport = { applied: 0, older: 0, withoutTarget: 0 }
  await applyTombstones(deps, { after: '', takenAt: null, report, onObject: async () => {} })
  await finish(deps)
  return report
}

interface Run {
  readonly report: RebuildReport
  readonly takenAt: Date | null
  readonly snapshot: Snapshot | null
  readonly after: string
  readonly onProgress: (step: RebuildCursor['step'], report: RebuildReport) => void
}

const RUN: { readonly [Step in RebuildCursor['step']]: (deps: RebuildDeps, run: Run) => Promise<void> } = {
  snapshot: async ({ pg, stores }, run) => {
    const parts = run.snapshot?.parts ?? []
    // Its keys are in the order in which rows can be inserted, not in that of texts.
    const done = parts.findIndex(({ key }) => key === run.after) + 1
    for (const { key, table } of parts.slice(done)) {
      const rows = await readPart(stores.originals, key)
      await inTransaction(pg, async (client) => {
        await MARK_REBUILDING.run(client)
        await restoreRows(client, table, rows)
        await moveRebuildCursor(client, { step: 'snapshot', afterKey: key, takenAt: run.takenAt })
      })
      run.report.rows += rows.length
      run.onProgress('snapshot', run.report)
    }
    for (const move of MOVE_SEQUENCES) await move.run(pg)
  },

  originals: async (deps, run) => {
    const report = run.report.originals
    await adoptOriginals(await adoptDeps(deps), { ...run, report, onBatch: moveTo(deps, run, 'originals') })
  },

  tombstones: (deps, run) =>
    applyTombstones(deps, {
      ...run,
      report: run.report.tombstones,
      onObject: async (client, afterKey) => {
        await moveRebuildCursor(client, { step: 'tombstones', afterKey, takenAt: run.takenAt })
        run.onProgress('tombstones', run.report)
      },
    }),

  pictures: async (deps, run) => {
    const report = run.report.pictures
    await adoptPictures(await adoptDeps(deps), { ...run, prefix: '', report, onBatch: moveTo(deps, run, 'pictures') })
  },

  'private pictures': async (deps, run) => {
    const [report, onBatch] = [run.report.pictures, moveTo(deps, run, 'private pictures')]
    await adoptPictures(await adoptDeps(deps), { ...run, prefix: PRIVATE_PREFIX, report, onBatch })
  },
}

const moveTo =
  ({ pg }: RebuildDeps, { takenAt, report, onProgress }: Run, step: RebuildCursor['step']) =>
  async (afterKey: string) => {
    await moveRebuildCursor(pg, { step, afterKey, takenAt })
    onProgress(step, report)
  }

async function adoptDeps({ pg, stores, presets, urlSecrets }: RebuildDeps): Promise<AdoptDeps> {
  const recipes = createRecipes({ presets, history: await rememberRecipes(pg, presets) })
  return { pg, stores, urlSecrets: await registerUrlSecrets(pg, urlSecrets), recipes }
}

/** Queues the take-downs whose objects may still be there, and has no new upload get the number of an archive that is there. */
async function finish({ pg, stores }: Pick<RebuildDeps, 'pg' | 'stores'>): Promise<void> {
  let uploadId = 0
  for await (const { key } of stores.originals.list(UPLOADS_PREFIX))
    uploadId = Math.max(uploadId, parseUploadKey(key) ?? 0)
  await inTransaction(pg, async (client) => {
    const due = await REQUEUE_UNFINISHED.all(client)
    const jobs = due.map(({ id }) => ({ payload: { takeDownId: id, recheck: false } }))
    await enqueueAll(client, 'take_down', jobs)
    if (uploadId > 0) await MOVE_UPLOADS.run(client, { uploadId })
    await dropRebuildCursor(client)
  })
  // Lines of what was settled on the way.
  await storeTombstones({ pg, stores })
}

const FIND_CONTENT = statement({
  name: 'find-any-content',
  text: `
    select exists (select from vendor) or exists (select from token) or exists (select from take_down)
      or exists (select from upload) as found`,
  columns: { found: 'bool' },
})

const REQUEUE_UNFINISHED = statement({
  name: 'requeue-unfinished-take-downs',
  text: `
    update take_down set status = 'QUEUED' where restored_at is null and status <> 'COMPLETED' returning id`,
  columns: { id: 'int4' },
})

const MOVE_UPLOADS = statement({
  name: 'move-upload-sequence',
  text: `select setval(pg_get_serial_sequence('upload', 'id'), :uploadId)`,
  parameters: { uploadId: 'int8' },
  columns: { setval: 'int8' },
})
