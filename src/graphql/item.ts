import { thumbHashToDataURL } from 'thumbhash'
import { resolveScope, whereScope } from '../catalogue/scope.ts'
import { whereNamed } from '../catalogue/search.ts'
import { AppError } from '../core/errors.ts'
import type { ItemKind } from '../core/variant.ts'
import { variantKeyOf } from '../variants/make.ts'
import { offeredFormat, offeredPreset } from '../variants/offered.ts'
import { builder, type Context } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage } from './connection.ts'
import { whereItemId } from './ids.ts'
import { ImageFormatRef, ImageRef, imageOfItem } from './image.ts'
import { presetsOfSrcSet } from './src-set.ts'

export const ItemKindRef = builder.enumType('ItemKind', {
  description: 'What an item is; a set has items of one kind only.',
  values: {
    ICON: { description: 'small, mostly of one colour or few' },
    ILLUSTRATION: { description: 'larger art' },
  } satisfies Record<ItemKind, object>,
})

export const ScopeInputRef = builder.inputType('ScopeInput', {
  description: 'At most one of the fields; without any, the whole catalogue.',
  fields: (t) => ({
    vendor: t.string({ description: 'A username, or a node id.' }),
    family: t.id({ description: 'A unique id, or a node id.' }),
    iconSet: t.id({ description: 'A unique id, or a node id.' }),
  }),
})

export const ScopeRef = builder.inputType('Scope', {
  description: 'A part of the catalogue: exactly one of the fields.',
  isOneOf: true,
  fields: (t) => ({
    vendor: t.string({ description: 'A username, or a node id.' }),
    family: t.id({ description: 'A unique id, or a node id.' }),
    iconSet: t.id({ description: 'A unique id, or a node id.' }),
  }),
})

/** The one of two ways to name a scope that was used. Throws BAD_INPUT for both. */
export function scopeOf<Scope>({ scope, in: within }: { scope?: Scope; in?: Scope }): Scope | undefined {
  if (scope && within) throw new AppError('BAD_INPUT', 'scope and in are two names of the same: give one of them.')
  return scope ?? within
}

const PlaceholderRef = builder.objectRef<{ thumbHash: string; dominantColor: string }>('Placeholder').implement({
  description: 'What a page shows until a picture is there.',
  fields: (t) => ({
    thumbHash: t.exposeString('thumbHash', { description: 'ThumbHash in base64, with alpha: about 28 bytes.' }),
    dataUrl: t.string({
      description: 'The ThumbHash as a PNG of at most 32 px a side.',
      // About 6 kB, built for each item.
      complexity: 40,
      resolve: ({ thumbHash }) => thumbHashToDataURL(Buffer.from(thumbHash, 'base64')),
    }),
    dominantColor: t.exposeString('dominantColor', { description: '#rrggbb' }),
  }),
})

export const ItemRef = builder.prismaInterface('Item', {
  name: 'Item',
  description: 'One SVG. Icon and Illustration implement it.',
  interfaces: [builder.nodeInterfaceRef()],
  resolveType: ({ kind }) => (kind === 'ICON' ? 'Icon' : 'Illustration'),
  // Needed to print URLs and to determine the type, whatever else is selected.
  select: { id: true, kind: true, sourceKey: true, sourceHash: true },
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, the same after every import.' }),
    slug: t.exposeString('slug', { description: 'Its name in URLs, unique in its set.' }),
    name: t.exposeString('name', { description: 'For people to read.' }),
    tags: t.exposeStringList('tags', { description: 'As the vendor stated them.' }),
    kind: t.expose('kind', { type: ItemKindRef, description: 'That of its set.' }),
    iconSet: t.relation('iconSet', { description: 'The set that it is in.' }),
    family: t.relation('family', { description: 'The family of its set.' }),
    vendor: t.relation('vendor', { description: 'Who sells it.' }),
    placeholder: t.field({
      type: PlaceholderRef,
      nullable: true,
      description:
        'What a page shows until the picture has loaded; null until the item is first rendered, and when it is taken down.',
      select: { thumbHash: true, dominantColor: true },
      // A placeholder is a blurred version of the picture, so a taken-down item has none.
      resolve: async ({ id, thumbHash, dominantColor }, _args, { loaders }) =>
        thumbHash && dominantColor && !(await loaders.takenDown.load(id)) ? { thumbHash, dominantColor } : null,
    }),
    image: t.field({
      type: ImageRef,
      description:
        "The item's picture in a preset. All fields except status, bytes, lossless and error are computed without I/O.",
      args: {
        preset: t.arg.string({
          required: true,
          defaultValue: 'preview',
          description: 'A name of `presets`.',
          extensions: { names: 'presets' },
        }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'One that the preset offers.',
        }),
      },
      resolve: (item, args, { app }) => {
        const preset = offeredPreset(app.presets, args.preset)
        return imageOfItem(app, { item, preset, format: offeredFormat(preset, args.format) })
      },
    }),
    srcSet: t.string({
      description:
        'A srcset ready for <img>: the URL and width of each of these presets, which must show the same (background, watermark, padding, fit, colour, ratio). If omitted: all that show the same as `preview`.',
      args: {
        presets: t.arg.stringList({ description: 'Names of `presets`.', extensions: { names: 'presets' } }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'One that all of the presets offer.',
        }),
      },
      resolve: (item, { presets: names, format }, { app, imageUrl }) => {
        app.warmQueue.addPage(item.id)
        return presetsOfSrcSet(app.presets, { names, format })
          .map(({ name, width }) => `${imageUrl}/${variantKeyOf(app, item, { preset: name, format })} ${width}w`)
          .join(', ')
      },
    }),
  }),
})

const itemNode = (variant: 'Icon' | 'Illustration') =>
  builder.prismaNode('Item', {
    variant,
    description: `An item of an ${variant === 'Icon' ? 'icon' : 'illustration'} set.`,
    interfaces: [ItemRef],
    id: { field: 'id' },
    nullable: true,
    select: { id: true, kind: true, sourceKey: true, sourceHash: true },
  })
export const IconRef = itemNode('Icon')
export const IllustrationRef = itemNode('Illustration')

export const ItemConnection = connectionOf('Item', ItemRef)

builder.queryFields((t) => ({
  item: t.prismaField({
    type: ItemRef,
    nullable: true,
    description: 'One item; null where there is none.',
    args: { uniqueId: t.arg.id({ required: true, description: 'Its unique id, or its node id.' }) },
    resolve: (query, _root, { uniqueId }, { app }) => {
      const where = whereItemId(uniqueId)
      return where && app.prisma.item.findUnique({ ...query, where })
    },
  }),
  items: t.connection(
    {
      type: ItemRef,
      description: 'The items of the catalogue, or of a part of it.',
      complexity: pageComplexity,
      args: {
        scope: t.arg({ type: ScopeInputRef, description: 'The whole catalogue if omitted.' }),
        in: t.arg({ type: ScopeRef, description: 'The same as `scope`, by a type that takes exactly one field.' }),
        kind: t.arg({ type: ItemKindRef, description: 'Both if omitted.' }),
        search: t.arg.string({
          description:
            'Items whose name contains all of these words, or parts of words with three letters or more; at most 100 characters.',
        }),
      },
      resolve: async (_root, args, context, info) => {
        const { item } = context.app.prisma
        const named = await whereItems(args, context)
        const find = ({ where, ...query }: PageQuery) => item.findMany({ ...query, where: { ...named, ...where } })
        return readPage({ args, context, info }, { order: 'asc', find, count: () => item.count({ where: named }) })
      },
    },
    ItemConnection,
  ),
}))

interface ItemFilter {
  readonly scope?: Parameters<typeof resolveScope>[1]
  readonly in?: Parameters<typeof resolveScope>[1]
  readonly kind?: ItemKind | null
  readonly search?: string | null
}

async function whereItems({ kind, search, ...scopes }: ItemFilter, { app }: Context) {
  return {
    ...whereScope(await resolveScope(app.prisma, scopeOf(scopes))),
    ...(kind ? { kind } : {}),
    ...(search ? whereNamed(search) : {}),
  }
}
