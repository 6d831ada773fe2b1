import { WHOLE_CATALOGUE } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import { findSimilar, type Neighbour } from '../search/similar.ts'
import { builder } from './builder.ts'
import { connectEdges, selectNodes } from './connection.ts'
import { parseKeyset, printKeyset } from './cursor.ts'
import { ItemRef } from './item.ts'
import { ItemConnection, searchOfAll } from './item-connection.ts'

const FIRST_MAX = 100
/** LOOK decodes and compares up to 4,000 pictures, in 40 ms; the others are the database's. */
const COMPLEXITY = { LOOK: 8000, NAME: 1000, COLOR: 1000 } as const

const SimilarityRef = builder.enumType('Similarity', {
  description: 'How similarity is measured.',
  values: {
    LOOK: {
      description:
        'Their pictures look alike at a glance; only items that share a word of the name or are in the same set are compared.',
    },
    NAME: { description: 'Their names share words.' },
    COLOR: { description: 'Their main colours are close.' },
  } as const,
})

builder.interfaceField(ItemRef, 'similar', (t) =>
  t.field({
    type: ItemConnection,
    description:
      'The items most similar to this one, most similar first, at most 100. Empty for LOOK and COLOR until the item is first rendered.',
    complexity: ({ first, by }) => ({ field: COMPLEXITY[by], multiplier: Math.min(Math.max(first, 1), FIRST_MAX) }),
    args: {
      first: t.arg.int({ required: true, defaultValue: 12, description: `How many, at most ${FIRST_MAX}.` }),
      after: t.arg.string({ description: 'An endCursor of this list: the page starts after it.' }),
      by: t.arg({
        type: SimilarityRef,
        required: true,
        defaultValue: 'LOOK',
        description: 'How similarity is measured.',
      }),
    },
    resolve: async ({ id }, { first, after, by }, context, info) => {
      if (first < 0 || first > FIRST_MAX) throw new AppError('BAD_INPUT', `first is ${first}: give 0 to ${FIRST_MAX}.`)
      const order = `Item.similar:${by}`
      const place = after ? parseKeyset(order, ['number', 'number'], after).map(Number) : null
      const all = await findSimilar(context.app.searchPool, { itemId: id, by })
      const rest = all.filter((row) => !place || isBehind(row, place))
      const rows = rest.slice(0, first)
      const query = selectNodes(context, info)
      const items = await context.app.prisma.item.findMany({
        ...query,
        where: { id: { in: rows.map((row) => row.id) } },
      })
      const byId = new Map(items.map((item) => [item.id, item]))
      const edges = rows.flatMap((row) => {
        const node = byId.get(row.id)
        return node ? [{ cursor: printKeyset(order, [row.distance, row.id]), node }] : []
      })
      const filter = { scope: WHOLE_CATALOGUE, itemIds: all.map((row) => row.id) }
      return {
        totalCount: all.length,
        ...connectEdges(edges, { args: { first, after }, hasMore: rest.length > first }),
        ...searchOfAll({ filter, sort: 'RELEVANCE', seed: 0 }),
      } as never
    },
  }),
)

const isBehind = ({ distance, id }: Neighbour, [atDistance = 0, atId = 0]: readonly number[]): boolean =>
  distance > atDistance || (distance === atDistance && id > atId)
