import type { Scope } from '../catalogue/scope.ts'
import { RENDERER_VERSION } from '../core/variant.ts'
import { statement } from '../db/statement.ts'
import { type Covered, countChanges, coveredPresets } from './count.ts'

/**
 * How many items of a scope have their picture in a preset, in the preset's first format; items that are taken down are not counted.
 * total = ready + stale + missing + failed.
 */
export interface PresetCoverage {
  readonly preset: string
  readonly total: number
  /** With the picture of the current source by the current recipe, under its current key. */
  readonly ready: number
  /** With another picture: of an older source or recipe, under the key of another URL secret, or adopted. */
  readonly stale: number
  /** Without a picture. */
  readonly missing: number
  /** Not ready, and the current source cannot be rendered by the current renderer. */
  readonly failed: number
  /** False while changes wait to be counted. */
  readonly isExact: boolean
}

/** Items that a read may count itself: about 20 ms. */
const ITEMS_PER_READ = 2000

/**
 * The coverage of each preset that a backfill makes by default, in the presets' order. Two indexed look-ups at any size of the catalogue;
 * few recent changes are counted first, many are left to a worker: within two seconds, in a set of more than 10,000 items or while viewers
 * wait a little later, after a changed preset at about 100,000 items a second. Until then `isExact` is false.
 */
export async function readCoverage(covered: Covered, scope: Scope): Promise<PresetCoverage[]> {
  const coverage = await readCounts(covered, scope)
  if (coverage.every(({ isExact }) => isExact)) return coverage
  const counted = await countChanges(covered.pg, scope, { itemsMax: ITEMS_PER_READ })
  return counted === 0 ? coverage : await readCounts(covered, scope)
}

async function readCounts({ pg, presets, urlSecret }: Covered, scope: Scope): Promise<PresetCoverage[]> {
  const { vendorId, familyId, iconSetId } = scope
  const scopeType =
    iconSetId !== null ? 'ICON_SET' : familyId !== null ? 'FAMILY' : vendorId !== null ? 'VENDOR' : 'CATALOGUE'
  const all = coveredPresets(presets)
  const rows = await READ_COVERAGE[scopeType].all(pg, {
    presets: all.map((preset) => preset.name),
    formats: all.map((preset) => preset.formats[0] ?? 'WEBP'),
    recipeHashes: all.map((preset) => preset.recipeHash),
    rendererVersion: RENDERER_VERSION,
    urlSecretId: urlSecret.id,
    scopeType,
    scopeId: iconSetId ?? familyId ?? vendorId ?? 0,
  })
  return rows.map(({ preset, total, ready, stale, failed, is_exact: isExact }) => {
    const missing = total - ready - stale - failed
    return { preset, total, ready, stale, missing, failed, isExact }
  })
}

// Another process may have started with other presets, which are then counted instead of ours.
const readCoverageOf = (scope: string, inScope: string) =>
  statement({
    name: `read-coverage-${scope}`,
    isPrepared: true,
    text: `
      select w.preset, coalesce(c.total, 0) as total, coalesce(c.ready, 0) as ready, coalesce(c.stale, 0) as stale,
             coalesce(c.failed, 0) as failed,
             p.preset is not null and not exists (
               select from coverage_change d join icon_set s on s.id = d.icon_set_id where ${inScope}
             ) as is_exact
      from unnest(:presets::text[], :formats::image_format[], :recipeHashes::text[]) with ordinality as w(preset, format, recipe_hash, position)
      left join coverage_preset p on p.preset = w.preset and p.format = w.format and p.recipe_hash = w.recipe_hash
        and p.renderer_version = :rendererVersion and p.url_secret_id = :urlSecretId
      left join coverage c on c.scope_type = :scopeType::coverage_scope and c.scope_id = :scopeId::int and c.preset = w.preset
      order by w.position`,
    parameters: {
      presets: 'text[]',
      formats: 'image_format[]',
      recipeHashes: 'text[]',
      rendererVersion: 'text',
      urlSecretId: 'int4',
      scopeType: 'coverage_scope',
      scopeId: 'int4',
    },
    columns: { preset: 'text', total: 'int4', ready: 'int4', stale: 'int4', failed: 'int4', is_exact: 'bool' },
  })

const READ_COVERAGE = {
  ICON_SET: readCoverageOf('icon-set', 's.id = :scopeId'),
  FAMILY: readCoverageOf('family', 's.family_id = :scopeId'),
  VENDOR: readCoverageOf('vendor', 's.vendor_id = :scopeId'),
  CATALOGUE: readCoverageOf('catalogue', ':scopeId = 0'),
}
