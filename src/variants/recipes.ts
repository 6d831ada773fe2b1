import type { Presets } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Every recipe hash that each preset has had. */
export type RecipeHistory = ReadonlyMap<string, readonly string[]>

/** Records the current recipes, so that URLs issued for them still redirect after a preset has changed. */
export async function rememberRecipes(pg: Pg, presets: Presets): Promise<RecipeHistory> {
  const all = [...presets.values()]
  await REMEMBER.run(pg, {
    presets: all.map((preset) => preset.name),
    recipeHashes: all.map((preset) => preset.recipeHash),
  })
  const rows = await READ_RECIPES.all(pg)
  return new Map(rows.map((row) => [row.preset, row.hashes]))
}

const REMEMBER = statement({
  name: 'remember-recipes',
  text: `
    insert into preset_recipe (preset, recipe_hash) select * from unnest(:presets::text[], :recipeHashes::text[])
    on conflict (preset, recipe_hash) do update set seen_at = now()`,
  parameters: { presets: 'text[]', recipeHashes: 'text[]' },
})

// Only the latest: an unknown version costs a hash for each pair of a recipe and a source.
const READ_RECIPES = statement({
  name: 'read-recipes',
  text: `select preset, (array_agg(recipe_hash order by seen_at desc))[1:8] as hashes from preset_recipe group by preset`,
  columns: { preset: 'text', hashes: 'text[]' },
})
