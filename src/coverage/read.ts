import type { Scope } from '../catalogue/scope.ts'
import { type Presets, RENDERER_VERSION } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { countChanges } from './count.ts'

/**
 * How many items of a scope have their picture of a preset, in the preset's first format; what is taken down is left out.
 * total = ready + stale + missing + failed.
 */
export interface PresetCoverage {
  readonly preset: string
  readonly total: number
  /** With the picture of the current source by the current recipe. */
  readonly ready: number
  /** With another picture: of an older source or recipe, or adopted. */
  readonly stale: number
  /** Without a picture. */
  readonly missing: number
  /** Not ready, and the current source cannot be rendered by the current renderer. */
  readonly failed: number
  /** False while changes wait to be counted. */
  readonly isExact: boolean
}

/** Items that a read may count itself: some 20 ms. */
const ITEMS_PER_READ = 2000

/**
 * The coverage of each preset, in the presets' order. Two indexed look-ups at any size of the catalogue; recent
 * changes are counted first where they are few, otherwise by a worker: within two seconds, in a set of more than 10,000 items
 * a little later, after a changed preset at some 100,000 items a second. Until then `isExact` is false.
 */
export async function readCoverage(
  { pg, presets }: { pg: Pg; presets: Presets },
  scope: Scope,
): Promise<PresetCoverage[]> {
  const coverage = await readCounts(pg, presets, scope)
  if (coverage.every(({ isExact }) => isExact)) return coverage
  const counted = await countChanges(pg, scope, { itemsMax: ITEMS_PER_READ })
  return counted === 0 ? coverage : await readCounts(pg, presets, scope)
}

async function readCounts(pg: Pg, presets: Presets, scope: Scope): Promise<PresetCoverage[]> {
  const { vendorId, familyId, iconSetId } = scope
  const [scopeType, inScope] =
    iconSetId !== null
      ? ['ICON_SET', 's.id = $6']
      : familyId !== null
        ? ['FAMILY', 's.family_id = $6']
        : vendorId !== null
          ? ['VENDOR', 's.vendor_id = $6']
          : ['CATALOGUE', '$6 = 0']
  const all = [...presets.values()]
  const { rows } = await pg.query({
    name: `read-coverage-${scopeType}`,
    text: READ_COVERAGE(inScope),
    values: [
      all.map((preset) => preset.name),
      all.map((preset) => preset.formats[0]),
      all.map((preset) => preset.recipeHash),
      RENDERER_VERSION,
      scopeType,
      iconSetId ?? familyId ?? vendorId ?? 0,
    ],
  })
  return rows.map(({ preset, total, ready, stale, failed, is_exact: isExact }) => {
    const missing = total - ready - stale - failed
    return { preset, total, ready, stale, missing, failed, isExact }
  })
}

// Another process may have started with other presets, which are counted then, not ours.
const READ_COVERAGE = (inScope: string) => `
  select w.preset, coalesce(c.total, 0) as total, coalesce(c.ready, 0) as ready, coalesce(c.stale, 0) as stale,
         coalesce(c.failed, 0) as failed,
         p.preset is not null and not exists (
           select from coverage_change d join icon_set s on s.id = d.icon_set_id where ${inScope}
         ) as is_exact
  from unnest($1::text[], $2::image_format[], $3::text[]) with ordinality as w(preset, format, recipe_hash, position)
  left join coverage_preset p on p.preset = w.preset and p.format = w.format and p.recipe_hash = w.recipe_hash
    and p.renderer_version = $4
  left join coverage c on c.scope_type = $5::coverage_scope and c.scope_id = $6::int and c.preset = w.preset
  order by w.position`
