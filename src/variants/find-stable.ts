import { AppError } from '../core/errors.ts'
import type { ImageFormat } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { fetchFirst, query } from '../db/query.ts'
import { issueTransform } from './issue.ts'
import { type RenderDeps, variantKeyOf } from './make.ts'
import { specOf } from './offered.ts'
import { recipeOfQuery } from './stable-url.ts'

/**
 * The key of the current picture that an item's stable address redirects to; nothing is rendered. Throws BAD_INPUT for an invalid query,
 * or NOT_FOUND.
 */
export async function findStableKey(
  app: Pick<RenderDeps, 'presets' | 'urlSecret'> & { readonly pg: Pg; readonly ladder: readonly number[] },
  { uniqueId, format, text }: { uniqueId: string; format: ImageFormat; text: string },
): Promise<string> {
  const asked = recipeOfQuery(app, { text, format })
  const item = await fetchFirst(
    app.pg,
    query
      .selectFrom('item')
      .select(['source_key as sourceKey', 'source_hash as sourceHash', 'width', 'height'])
      .where('unique_id', '=', uniqueId)
      .where('visibility', '<>', 'PRIVATE'),
  )
  if (!item) throw new AppError('NOT_FOUND', `There is no item ${uniqueId}.`)
  const preset =
    'transform' in asked ? issueTransform(app.presets, { transform: asked.transform, art: item, format }) : asked.preset
  return variantKeyOf(app, item, specOf(preset, format))
}
