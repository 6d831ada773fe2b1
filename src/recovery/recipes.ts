import { findRecipe } from '../core/transform.ts'
import type { Presets } from '../core/variant.ts'
import type { RecipeHistory } from '../variants/recipes.ts'

/** The hashes that a key's preset or transform has or has had. */
export type Recipes = (preset: string) => readonly string[]

/** Any transform is accepted: the ladder is enforced where URLs are printed. */
const ANY_LADDER = [1]

/** From the presets as they are configured and the recipes that the database remembers of earlier ones. */
export function createRecipes({ presets, history }: { presets: Presets; history: RecipeHistory }): Recipes {
  return (name) => {
    const recipe = findRecipe({ presets, ladder: ANY_LADDER }, name)
    return [...new Set([...(recipe ? [recipe.recipeHash, ...recipe.earlierHashes] : []), ...(history.get(name) ?? [])])]
  }
}
