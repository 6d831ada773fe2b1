import { whereScope } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import { suggest } from '../search/suggest.ts'
import { builder, CATALOGUE_READ } from './builder.ts'
import { type PageQuery, readPage } from './connection.ts'
import { ItemRef } from './item.ts'
import { ItemConnection, itemsComplexity, searchOfAll, searchPage } from './item-connection.ts'
import { ItemFilterRef, ItemSortRef, readItemArgs } from './item-filter.ts'
import { ItemKindRef, SAME_AS_SCOPE, ScopeInputRef, ScopeRef } from './item-kind.ts'
import { listed } from './visible.ts'

const SUGGESTIONS_MAX = 20

builder.queryField('items', (t) =>
  t.connection(
    {
      type: ItemRef,
      authScopes: CATALOGUE_READ,
      description: 'Items in the catalogue, or those that a search finds.',
      complexity: itemsComplexity,
      args: {
        scope: t.arg({ type: ScopeInputRef, description: 'Only items of a vendor, a family or a set.' }),
        in: t.arg({ type: ScopeRef, description: SAME_AS_SCOPE }),
        kind: t.arg({ type: ItemKindRef, description: 'Only icons or only illustrations.' }),
        search: t.arg.string({
          description:
            'Words, parts of words or emoji to find in names, aliases, tags, and the names of families, sets and vendors; at most 100 characters and 12 words. Misspelt words are corrected if nothing matches them: see didYouMean.',
        }),
        filter: t.arg({ type: ItemFilterRef, description: 'Further conditions that items must meet.' }),
        sort: t.arg({
          type: ItemSortRef,
          required: true,
          defaultValue: 'RELEVANCE',
          description: 'The order of the items.',
        }),
        seed: t.arg.int({ description: 'The seed for sort RANDOM: 0 to 2147483647; 0 by default.' }),
      },
      resolve: async (_root, args, context, info) => {
        const asked = await readItemArgs(args, context)
        if (asked.text?.trim() || args.filter || asked.sort !== 'RELEVANCE')
          return await searchPage(asked, { args, context, info })
        const { item } = context.app.prisma
        const own = { ...whereScope(asked.filter.scope), ...(args.kind ? { kind: args.kind } : {}), ...listed(context) }
        const find = ({ where, ...query }: PageQuery) => item.findMany({ ...query, where: { ...own, ...where } })
        const page: object = await readPage(
          { args, context, info },
          { order: 'asc', find, count: () => item.count({ where: own }) },
        )
        return { ...page, ...searchOfAll(asked) } as never
      },
    },
    ItemConnection,
  ),
)

const SuggestionRef = builder.objectRef<{ text: string; items: number }>('Suggestion').implement({
  description: 'A completion of a search that is being typed.',
  fields: (t) => ({
    text: t.exposeString('text', { description: 'The text to search for.' }),
    items: t.exposeInt('items', { description: 'Approximate number of items that contain its words.' }),
  }),
})

builder.queryField('suggest', (t) =>
  t.field({
    type: [SuggestionRef],
    authScopes: CATALOGUE_READ,
    description: 'Completions of a search that is being typed, those with the most items first.',
    complexity: ({ first }) => ({ field: 20, multiplier: Math.min(Math.max(first, 1), SUGGESTIONS_MAX) }),
    args: {
      prefix: t.arg.string({ required: true, description: 'The text typed so far, at most 100 characters.' }),
      first: t.arg.int({ required: true, defaultValue: 8, description: `How many, at most ${SUGGESTIONS_MAX}.` }),
    },
    resolve: (_root, { prefix, first }, { app }) => {
      if (first < 0 || first > SUGGESTIONS_MAX)
        throw new AppError('BAD_INPUT', `first is ${first}: give 0 to ${SUGGESTIONS_MAX}.`)
      return suggest(app.searchPool, { prefix, max: first })
    },
  }),
)
