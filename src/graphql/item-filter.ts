import { resolveScope, type ScopeInput } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import type { ItemKind } from '../core/variant.ts'
import type { Filter, Sort } from '../search/find.ts'
import { builder, type Context } from './builder.ts'
import { parseIds } from './ids.ts'
import { ItemKindRef, SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'
import { reachable } from './visible.ts'

/** Limits on the values of one list of a filter, and on the characters of each. */
const VALUES_MAX = 50
const VALUE_MAX = 200
const SEED_MAX = 2 ** 31 - 1

export const ItemFilterRef = builder.inputType('ItemFilter', {
  description: `Conditions that items must all meet. A list has at most ${VALUES_MAX} values.`,
  fields: (t) => ({
    scope: t.field({ type: ScopeInputRef, description: 'Only items of a vendor, a family or a set.' }),
    in: t.field({ type: ScopeRef, description: SAME_AS_SCOPE }),
    kind: t.field({ type: ItemKindRef, description: 'Only icons or only illustrations.' }),
    tags: t.stringList({
      description: 'Only items with all of these tags. Case, accents and plurals make no difference.',
    }),
    families: t.idList({ description: 'Only items in any of these families, given by unique id or node id.' }),
    licenses: t.stringList({
      description: 'Only items under any of these licences, given by SPDX identifier or title.',
    }),
    monochrome: t.boolean({
      description:
        'true: only items in one colour; false: only items in several. Either leaves out items not rendered yet.',
    }),
    color: t.field({
      type: 'HexColor',
      description:
        'Only items whose main colour has the same name as this one, as in the facet colors. Items not rendered yet are left out.',
    }),
  }),
})

export const ItemSortRef = builder.enumType('ItemSort', {
  description: 'The order of items.',
  values: {
    RELEVANCE: {
      description:
        'Best match first: a whole name, a word of a name, a word of an alias or tag, a synonym, the name of a family, set or vendor, the start of a word, part of a word. Ties are sorted by family, then by name. Without a search, in the order in which items were added.',
    },
    NEWEST: { description: 'Newest first.' },
    NAME: { description: 'By name.' },
    RANDOM: { description: 'Shuffled by the seed: the same seed gives the same order.' },
  } as const,
})

export interface ItemFilterInput {
  readonly scope?: ScopeInput | null | undefined
  readonly in?: ScopeInput | null | undefined
  readonly kind?: ItemKind | null | undefined
  readonly tags?: readonly string[] | null | undefined
  readonly families?: readonly string[] | null | undefined
  readonly licenses?: readonly string[] | null | undefined
  readonly monochrome?: boolean | null | undefined
  readonly color?: string | null | undefined
}

export interface ItemArgs {
  readonly scope?: ScopeInput | null | undefined
  readonly in?: ScopeInput | null | undefined
  readonly kind?: ItemKind | null | undefined
  readonly search?: string | null | undefined
  readonly filter?: ItemFilterInput | null | undefined
  readonly sort?: Sort | null | undefined
  readonly seed?: number | null | undefined
}

/**
 * The search that the arguments describe. A scope or kind may be given beside the filter or in it, but not in both with different values.
 * Throws BAD_INPUT, and NOT_FOUND for a scope that is not in the catalogue.
 */
export async function readItemArgs(args: ItemArgs, context: Context) {
  const { app } = context
  const filter = args.filter ?? {}
  for (const name of ['tags', 'families', 'licenses'] as const) checkList(`filter.${name}`, filter[name])
  const [beside, inside] = [scopeOf(args), scopeOf(filter)]
  if (beside && inside)
    throw new AppError('BAD_INPUT', 'scope is given twice, beside the filter and in it: give only one of them.')
  if (args.kind && filter.kind && args.kind !== filter.kind)
    throw new AppError(
      'BAD_INPUT',
      `kind is ${args.kind} beside the filter and ${filter.kind} in it: give one of them.`,
    )
  const seed = args.seed ?? 0
  if (seed < 0 || seed > SEED_MAX) throw new AppError('BAD_INPUT', `seed is ${seed}: give 0 to ${SEED_MAX}.`)
  const families = filter.families ? await parseIds(app.prisma, filter.families, reachable(context)) : null
  const found: Filter = {
    scope: await resolveScope(app.prisma, beside ?? inside, null, reachable(context)),
    kind: args.kind ?? filter.kind ?? null,
    tags: filter.tags ?? [],
    familyIds: families ? families.flatMap((id) => (id?.typename === 'Family' ? [Number(id.id)] : [])) : null,
    licenses: filter.licenses ?? null,
    isMonochrome: filter.monochrome ?? null,
    color: filter.color ?? null,
  }
  return { text: args.search, filter: found, sort: args.sort ?? 'RELEVANCE', seed }
}

function checkList(name: string, list: readonly string[] | null | undefined): void {
  if (!list) return
  if (list.length > VALUES_MAX)
    throw new AppError('BAD_INPUT', `${name} has ${list.length} values; at most ${VALUES_MAX} are allowed.`)
  const long = list.find((value) => value.length > VALUE_MAX)
  if (long)
    throw new AppError(
      'BAD_INPUT',
      `${name} has a value of ${long.length} characters; at most ${VALUE_MAX} are allowed.`,
    )
}
