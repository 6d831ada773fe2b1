import { queryFromInfo } from '@pothos/plugin-prisma'
import type { GraphQLResolveInfo } from 'graphql'
import { AppError } from '../core/errors.ts'
import { isPrivateKey, withoutPlace } from '../core/visibility.ts'
import { type LatestImage, readLatest } from '../variants/latest.ts'
import { builder, type Context } from './builder.ts'
import { followLatest } from './follow.ts'
import { ItemRef } from './item.ts'
import { pictureUrlOf } from './picture-url.ts'
import { reachable } from './visible.ts'

const FIRST_MAX = 100
const FIRST_DEFAULT = 24
/** Each is signed. */
const URL_COMPLEXITY = 2

interface MadeImage extends LatestImage {
  readonly item: object
}

const MadeImageRef = builder.objectRef<MadeImage>('MadeImage').implement({
  authScopes: { operator: 'operations:read' },
  description: 'A picture of an item that was made, in the order of making.',
  fields: (t) => ({
    item: t.field({
      type: ItemRef,
      description: 'The item that it shows.',
      resolve: ({ item }) => item as never,
    }),
    preset: t.exposeString('preset', { description: "A preset's name, or the key segment of a transform." }),
    url: t.field({
      type: 'URL',
      complexity: URL_COMPLEXITY,
      description: 'Its immutable URL; of a PRIVATE item, one that is signed and expires.',
      resolve: ({ objectKey }, _args, context) =>
        pictureUrlOf(context, { key: withoutPlace(objectKey), isPrivate: isPrivateKey(objectKey) }),
    }),
    width: t.exposeInt('width', { description: 'Width in px.' }),
    height: t.exposeInt('height', { description: 'Height in px.' }),
    bytes: t.exposeInt('bytes', { description: 'Size in bytes.' }),
    madeAt: t.expose('madeAt', { type: 'DateTime', description: 'When it was last made.' }),
  }),
})

builder.queryField('latestImages', (t) =>
  t.field({
    type: [MadeImageRef],
    authScopes: { operator: 'operations:read' },
    description: 'The pictures of items made last, newest first; without items that are taken down.',
    complexity: ({ first }) => ({ field: 20, multiplier: Math.min(Math.max(first, 1), FIRST_MAX) }),
    args: {
      first: t.arg.int({
        required: true,
        defaultValue: FIRST_DEFAULT,
        description: `How many, at most ${FIRST_MAX}.`,
      }),
    },
    resolve: async (_root, { first }, context, info) => {
      if (first < 0 || first > FIRST_MAX) throw new AppError('BAD_INPUT', `first is ${first}: give 0 to ${FIRST_MAX}.`)
      return await withItems(await readLatest(context.app.pg, first), { context, info })
    },
  }),
)

builder.subscriptionField('imagesMade', (t) =>
  t.field({
    type: [MadeImageRef],
    authScopes: { operator: 'operations:read' },
    description: `Pictures of items as they are made, newest first: at most one message a second, with at most ${FIRST_DEFAULT} of the newest; none while nothing is made. The first message comes immediately and has those of the last seconds, or none.`,
    complexity: { field: 20, multiplier: FIRST_DEFAULT },
    subscribe: (_root, _args, context) => followLatest(context, FIRST_DEFAULT),
    resolve: (images, _args, context, info) => withItems(images as readonly LatestImage[], { context, info }),
  }),
)

/** Reads the items with what is selected of them, in one statement; images of items that are gone, or that the caller may not see, are left out. */
async function withItems(
  images: readonly LatestImage[],
  { context, info }: { context: Context; info: GraphQLResolveInfo },
): Promise<MadeImage[]> {
  const selection = queryFromInfo({ context, info, typeName: 'Item', select: { id: true }, path: ['item'] })
  const ids = [...new Set(images.map(({ itemId }) => itemId))]
  const items =
    ids.length > 0
      ? await context.app.prisma.item.findMany({ ...selection, where: { id: { in: ids }, ...reachable(context) } })
      : []
  const byId = new Map(items.map((item) => [item.id, item]))
  return images.flatMap((image) => {
    const item = byId.get(image.itemId)
    return item ? [{ ...image, item }] : []
  })
}
