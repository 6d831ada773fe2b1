import type { GraphQLResolveInfo } from 'graphql'
import { type Scope, WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import { countFacet, type Facet, type FacetName } from '../search/facets.ts'
import { countItems, type Found, KEY_TYPES, type Position, type Search } from '../search/find.ts'
import { ANYTHING } from '../search/plan.ts'
import { type Result, type SearchRequest, search } from '../search/search.ts'
import { builder, type Context } from './builder.ts'
import {
  checkPage,
  connectEdges,
  connectionName,
  connectionOf,
  hasRows,
  isBackward,
  type PageArgs,
  pageComplexity,
  relatedPage,
  selectNodes,
  withoutExtra,
} from './connection.ts'
import { STATEMENT_COST } from './cost.ts'
import { parseKeyset, printKeyset } from './cursor.ts'
import { ItemRef } from './item.ts'
import type { ItemArgs } from './item-filter.ts'
import { ItemKindRef } from './item-kind.ts'
import { listedWithin } from './visible.ts'

/** A search takes three statements, also in each row of a page, and with a count two more. */
const SEARCH_COMPLEXITY = 5 * STATEMENT_COST
/** A facet is a statement that reads every item found. */
const FACET_COMPLEXITY = STATEMENT_COST
const FACETS_DEFAULT = 20
const FACETS_MAX = 100

const FacetRef = builder.objectRef<Facet>('Facet').implement({
  description: 'A value, and the number of found items that have it.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'The value, as ItemFilter takes it.' }),
    label: t.exposeString('label', { description: 'The value as a label for people.' }),
    count: t.exposeInt('count', { description: 'Number of found items that have it.' }),
  }),
})

/** What a connection of items offers besides its page. */
interface About {
  readonly search: Search
}

const FacetsRef = builder.objectRef<About>('Facets').implement({
  description: 'What the found items have in common, across all pages: each a list with the most common value first.',
  fields: (t) => {
    const facet = (name: FacetName, description: string) =>
      t.field({
        type: [FacetRef],
        description,
        complexity: FACET_COMPLEXITY,
        resolve: ({ search: counted }, _args, { app }) =>
          countFacet(app.searchPool, counted, { name, max: FACETS_MAX }),
      })
    return {
      kinds: facet('kinds', 'Kinds: ICON and ILLUSTRATION.'),
      families: facet('families', 'Families by unique id, at most 100.'),
      licenses: facet('licenses', 'Licences by SPDX identifier, or by title if there is none; at most 100.'),
      colors: facet(
        'colors',
        'Main colours by name; the value is a colour with that name. Items not rendered yet have none.',
      ),
      tags: t.field({
        type: [FacetRef],
        description: 'Tags as the vendors gave them.',
        complexity: FACET_COMPLEXITY,
        args: {
          first: t.arg.int({ required: true, defaultValue: FACETS_DEFAULT, description: 'How many, at most 100.' }),
        },
        resolve: ({ search: counted }, { first }, { app }) => {
          if (first < 0 || first > FACETS_MAX)
            throw new AppError('BAD_INPUT', `first is ${first}: give 0 to ${FACETS_MAX}.`)
          return countFacet(app.searchPool, counted, { name: 'tags', max: first })
        },
      }),
    }
  },
})

export const ItemConnection = connectionOf('Item', ItemRef)

builder.objectFields(ItemConnection, (t) => ({
  facets: t.field({
    type: FacetsRef,
    description: 'What the items on all pages have in common, with counts.',
    resolve: (page) => page as unknown as About,
  }),
  didYouMean: t.string({
    nullable: true,
    description: 'What was searched for instead, if nothing matched the words that were given; null otherwise.',
    resolve: (page) => (page as unknown as About).search.plan.didYouMean,
  }),
}))

/** A page of items costs what it may return plus the search. */
export const itemsComplexity = (args: PageArgs & { search?: string | null; filter?: unknown; sort?: unknown }) => ({
  ...pageComplexity(args),
  field: args.search || args.filter ? SEARCH_COMPLEXITY : 1,
})

/** The page of a search, for the `resolve` of a connection of items. */
export async function searchPage(
  asked: SearchRequest,
  { args, context, info }: { args: PageArgs; context: Context; info: GraphQLResolveInfo },
): Promise<never> {
  const { app } = context
  const { cursor, rows: take } = checkPage(args)
  const order = `${connectionName(info)}:${asked.sort}`
  const from = cursor === null ? null : parsePosition(order, { asked, cursor })
  const page = {
    limit: hasRows(info) ? take : 0,
    isBackward: isBackward(args),
    from: from?.position ?? null,
    meant: from?.meant || null,
  }
  const result = await search(app, asked, page)
  const { hasMore, kept } = withoutExtra(result.rows, { args, take })
  const ids = kept.map(({ id }) => id)
  const query = selectNodes(context, info)
  const found = ids.length === 0 ? [] : await app.prisma.item.findMany({ ...query, where: { id: { in: ids } } })
  const byId = new Map(found.map((item) => [item.id, item]))
  // An item deleted between the two statements is left out.
  const edges = kept.flatMap((row) => {
    const node = byId.get(row.id)
    return node ? [{ cursor: printPosition(order, { result, row }), node }] : []
  })
  let count: Promise<number> | undefined
  return {
    // Once, however many aliases ask for it.
    totalCount: () => (count ??= countItems(app.searchPool, result.search)),
    search: result.search,
    ...connectEdges(edges, { args, hasMore }),
  } as never
}

/** A cursor holds the corrected search, if any, and the row's position in that order. */
const printPosition = (order: string, { result, row }: { result: Result; row: Found }): string =>
  printKeyset(order, [result.search.plan.didYouMean ?? '', row.tier, ...row.keys])

function parsePosition(
  order: string,
  { asked, cursor }: { asked: SearchRequest; cursor: string },
): { meant: string; position: Position } {
  const isRanked = asked.sort === 'RELEVANCE' && Boolean(asked.text?.trim())
  const types = KEY_TYPES[isRanked ? 'ranked' : asked.sort]
  const [meant = '', tier = 0, ...keys] = parseKeyset(order, ['string', 'number', ...types], cursor)
  return { meant: String(meant), position: { tier: Number(tier), keys } }
}

type Owner = 'Family' | 'IconSet'

/**
 * The options of the items of a family or set: a page of a search if there is a search or kind, otherwise loaded with its owner.
 * @param scopeOf the scope of the owner with an id
 */
export function itemsOf(owner: Owner, scopeOf: (id: number) => Partial<Scope>) {
  const related = relatedPage(owner, 'items', { type: ItemRef, where: listedWithin(owner, 'items') })
  const isSearch = ({ search: text, kind }: ItemArgs) => Boolean(text?.trim() || kind)
  const select = (
    args: PageArgs & ItemArgs,
    ...rest: Parameters<typeof related.extensions.pothosPrismaSelect> extends [unknown, ...infer Rest] ? Rest : never
  ) => ({
    select: { id: true, ...(isSearch(args) ? {} : related.extensions.pothosPrismaSelect(args, ...rest).select) },
  })
  return {
    ...related,
    args: {
      search: builder.args((t) => ({
        search: t.string({ description: 'The same as for Query.items, within this one.' }),
      })).search,
      kind: builder.args((t) => ({
        kind: t.field({ type: ItemKindRef, description: 'Only icons or only illustrations.' }),
      })).kind,
    },
    complexity: itemsComplexity,
    extensions: { pothosPrismaSelect: select },
    resolve: async (parent: object, args: PageArgs & ItemArgs, context: Context, info: GraphQLResolveInfo) => {
      const { id } = parent as { id: number }
      const scope = { ...WHOLE_CATALOGUE, ...scopeOf(id) }
      const asked = {
        text: args.search,
        filter: { scope, kind: args.kind ?? null },
        sort: 'RELEVANCE' as const,
        seed: 0,
      }
      if (isSearch(args)) return await searchPage(asked, { args, context, info })
      const page: object = related.resolve(parent, args)
      return { ...page, ...searchOfAll(asked) } as never
    },
  }
}

/** The search behind a list that needs none: its facets are those of all items that the filter leaves. */
export const searchOfAll = ({ filter, sort, seed }: Omit<SearchRequest, 'text'>): About => ({
  search: { plan: ANYTHING, filter, sort, seed },
})
