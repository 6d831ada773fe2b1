import type { Presets } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'

/** Every recipe hash that each preset has had. */
export type RecipeHistory = ReadonlyMap<string, readonly string[]>

/** Records the current recipes, so that URLs issued for them still redirect after a preset has changed. */
export async function rememberRecipes(pg: Pg, presets: Presets): Promise<RecipeHistory> {
  const all = [...presets.values()]
  await pg.query(
    `insert into preset_recipe (preset, recipe_hash) select * from unnest($1::text[], $2::text[])
     on conflict (preset, recipe_hash) do update set seen_at = now()`,
    [all.map((preset) => preset.name), all.map((preset) => preset.recipeHash)],
  )
  // The newest few: an unknown version costs a hash for each pair of a recipe and a source.
  const { rows } = await pg.query<{ preset: string; hashes: string[] }>(
    `select preset, (array_agg(recipe_hash order by seen_at desc))[1:8] as hashes from preset_recipe group by preset`,
  )
  return new Map(rows.map((row) => [row.preset, row.hashes]))
}
