import { randomInt } from 'node:crypto'
import { AppError } from '../core/errors.ts'
import type { Layout } from '../core/layouts.ts'
import { statement } from '../db/statement.ts'
import type { AdmissionLimiter } from '../variants/admission.ts'
import { withFamilyLock } from './ensure.ts'
import { type ComposeDeps, makeComposite } from './make.ts'
import { readPick, type Settings } from './record.ts'

/** Maximum number of items in one list. */
export const PINNED_MAX = 100
export const EXCLUDED_MAX = 1000
const SEED_MAX = 2 ** 31 - 1
const WAIT_MS = 8000

/** An operator's settings for a family's pictures; omitted ones are unchanged. */
export interface Regeneration {
  readonly familyId: number
  /** Omitted, together with the items: random. */
  readonly seed?: number | null | undefined
  /** Item ids. */
  readonly pinned?: readonly number[] | null | undefined
  readonly excluded?: readonly number[] | null | undefined
  /** Null: all layouts. */
  readonly layout: Layout | null
}

/**
 * Picks again and composes at once, in each layout's first format; the old pictures stay until the new ones are stored. Throws BAD_INPUT
 * for an invalid seed, list or item, NOT_FOUND if nothing remains to be shown, GONE, BUSY.
 */
export async function regeneratePreview(
  app: ComposeDeps & { readonly admission: AdmissionLimiter },
  wanted: Regeneration,
): Promise<void> {
  const { familyId, layout } = wanted
  await checkSettings(app, wanted)
  const fresh = randomInt(SEED_MAX)
  const place = await app.admission.acquire({ path: ['', 'operator'], lane: 'quick' })
  try {
    for (const each of layout ? [layout] : app.layouts.values())
      await withFamilyLock(app.pg, { familyId, waitMs: WAIT_MS }, () =>
        regenerate(app, { ...wanted, layout: each, fresh }),
      )
  } finally {
    place.release()
  }
}

async function regenerate(
  app: ComposeDeps,
  { familyId, layout, fresh, ...wanted }: Regeneration & { layout: Layout; fresh: number },
): Promise<void> {
  const latest = await readPick(app.pg, familyId, layout.name)
  const isOtherSeed = !wanted.pinned && !wanted.excluded
  const settings: Settings = {
    seed: wanted.seed ?? (isOtherSeed ? fresh : (latest?.seed ?? 0)),
    pinned: wanted.pinned ?? latest?.pinned ?? [],
    excluded: wanted.excluded ?? latest?.excluded ?? [],
  }
  const [format = 'WEBP'] = layout.formats
  const made = await makeComposite(app, { familyId, layout, format, settings })
  if (!made) throw new AppError('NOT_FOUND', 'This family has nothing left to show.')
}

/** Throws BAD_INPUT for an invalid seed, a list that is too long, or an item of another family. */
export async function checkSettings(
  app: Pick<ComposeDeps, 'pg'>,
  { familyId, seed, pinned, excluded }: Omit<Regeneration, 'layout'>,
): Promise<void> {
  checkSeed(seed)
  await checkItems(app, { familyId, name: 'pin', ids: pinned ?? [], max: PINNED_MAX })
  await checkItems(app, { familyId, name: 'exclude', ids: excluded ?? [], max: EXCLUDED_MAX })
}

function checkSeed(seed: number | null | undefined): void {
  if (seed === null || seed === undefined || (Number.isInteger(seed) && seed >= 0 && seed <= SEED_MAX)) return
  throw new AppError('BAD_INPUT', `seed is ${seed}; it is a whole number from 0 to ${SEED_MAX}.`)
}

async function checkItems(
  { pg }: Pick<ComposeDeps, 'pg'>,
  { familyId, name, ids, max }: { familyId: number; name: string; ids: readonly number[]; max: number },
): Promise<void> {
  if (ids.length > max)
    throw new AppError('BAD_INPUT', `${name} has ${ids.length} entries; at most ${max} are allowed.`)
  if (ids.length === 0) return
  const [foreign] = await FIND_FOREIGN_ITEMS.all(pg, { familyId, ids })
  if (foreign) throw new AppError('BAD_INPUT', `${name}: item ${foreign.id} is not an item of this family.`)
}

const FIND_FOREIGN_ITEMS = statement({
  name: 'find-foreign-items',
  text: `
    select id from unnest(:ids::int[]) as id
    where id not in (select id from item where family_id = :familyId and id = any(:ids))`,
  parameters: { familyId: 'int4', ids: 'int4[]' },
  columns: { id: 'int4' },
})
