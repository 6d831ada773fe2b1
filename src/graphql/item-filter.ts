import { resolveScope, type ScopeInput } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import type { ItemKind } from '../core/variant.ts'
import type { Filter, Sort } from '../search/find.ts'
import { builder, type Context } from './builder.ts'
import { parseIds } from './ids.ts'
import { ItemKindRef, ScopeInputRef, scopeOf } from './item-kind.ts'

/** Values of one list of a filter, and characters of each. */
const VALUES_MAX = 50
const VALUE_MAX = 200
const SEED_MAX = 2 ** 31 - 1

export const ItemFilterRef = builder.inputType('ItemFilter', {
  description: `What items have to be: all that is given. A list has at most ${VALUES_MAX} values.`,
  fields: (t) => ({
    scope: t.field({ type: ScopeInputRef, description: 'Only items of a vendor, a family or a set.' }),
    kind: t.field({ type: ItemKindRef, description: 'Only icons or only illustrations.' }),
    tags: t.stringList({
      description: 'Items that have all of these tags. Case, accents and plurals make no difference.',
    }),
    families: t.idList({ description: 'Items of any of these families, by their unique ids or node ids.' }),
    licenses: t.stringList({ description: 'Items under any of these licences, by SPDX identifier or title.' }),
    monochrome: t.boolean({
      description: 'true: pictures in one colour. false: in several. Either leaves out what was never drawn.',
    }),
    color: t.field({
      type: 'HexColor',
      description:
        'Items whose main colour has the same name as this one, as the facet colors counts them. It leaves out what was never drawn.',
    }),
  }),
})

export const ItemSortRef = builder.enumType('ItemSort', {
  description: 'How items are sorted.',
  values: {
    RELEVANCE: {
      description:
        "What is found best first: a whole name, a word of a name, of an alias or tag, a synonym, a family's, set's or vendor's name, the beginning of a word, a part of one. Equals by family, then by name. Without a search in the order in which they came.",
    },
    NEWEST: { description: 'The latest first.' },
    NAME: { description: 'By name.' },
    RANDOM: { description: 'As the seed decides: the same seed gives the same order.' },
  } as const,
})

export interface ItemFilterInput {
  readonly scope?: ScopeInput | null | undefined
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
 * What the arguments ask for. A scope or kind may stand beside the filter or in it, not in both with other values.
 * Throws BAD_INPUT, and NOT_FOUND for a scope that is not in the catalogue.
 */
export async function readItemArgs(args: ItemArgs, { app }: Context) {
  const filter = args.filter ?? {}
  for (const name of ['tags', 'families', 'licenses'] as const) checkList(`filter.${name}`, filter[name])
  const scope = scopeOf(args)
  if (scope && filter.scope)
    throw new AppError('BAD_INPUT', 'scope is given twice, beside the filter and in it: give one of them.')
  if (args.kind && filter.kind && args.kind !== filter.kind)
    throw new AppError(
      'BAD_INPUT',
      `kind is ${args.kind} beside the filter and ${filter.kind} in it: give one of them.`,
    )
  const seed = args.seed ?? 0
  if (seed < 0 || seed > SEED_MAX) throw new AppError('BAD_INPUT', `seed is ${seed}: give 0 to ${SEED_MAX}.`)
  const families = filter.families ? await parseIds(app.prisma, filter.families) : null
  const found: Filter = {
    scope: await resolveScope(app.prisma, scope ?? filter.scope),
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
    throw new AppError('BAD_INPUT', `${name} has ${list.length} values; at most ${VALUES_MAX} are taken.`)
  const long = list.find((value) => value.length > VALUE_MAX)
  if (long)
    throw new AppError('BAD_INPUT', `${name} has a value of ${long.length} characters; at most ${VALUE_MAX} are taken.`)
}
