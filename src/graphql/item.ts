import { offeredTransform } from '../core/transform-request.ts'
import { issueTransform } from '../variants/issue.ts'
import { variantKeyOf } from '../variants/make.ts'
import { offeredFormat, offeredPreset } from '../variants/offered.ts'
import { builder, CATALOGUE_READ } from './builder.ts'
import { whereItemId } from './ids.ts'
import { ImageFormatRef, ImageRef, imageOfItem } from './image.ts'
import { ItemKindRef } from './item-kind.ts'
import { LicenseRef, licenseOf } from './license.ts'
import { pictureUrlOf } from './picture-url.ts'
import { PLACEHOLDER_COLUMNS, PlaceholderRef, placeholderOfItem } from './placeholder.ts'
import { PRESETS_MAX, presetsOfSrcSet } from './src-set.ts'
import { ImageTransformRef } from './transform.ts'
import { VisibilityRef } from './visibility-type.ts'
import { reachable } from './visible.ts'

/** There may be fifty. */
const LIST_COMPLEXITY = 10

export const ItemRef = builder.prismaInterface('Item', {
  name: 'Item',
  description: 'One SVG of the catalogue: an Icon or an Illustration.',
  interfaces: [builder.nodeInterfaceRef()],
  resolveType: ({ kind }) => (kind === 'ICON' ? 'Icon' : 'Illustration'),
  // Needed to print URLs and to determine the type, whatever else is selected.
  select: { id: true, kind: true, sourceKey: true, sourceHash: true, visibility: true },
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', {
      description: 'A unique id of 12 characters A-Z and 0-9 that stays the same across imports.',
    }),
    slug: t.exposeString('slug', { description: 'Its name in URLs, unique within its set.' }),
    name: t.exposeString('name', { description: 'The display name.' }),
    tags: t.exposeStringList('tags', { complexity: LIST_COMPLEXITY, description: 'The tags that the vendor gave it.' }),
    aliases: t.exposeStringList('aliases', {
      complexity: LIST_COMPLEXITY,
      description: 'Other names that searches find it by.',
    }),
    alt: t.string({
      description: "Alternative text for <img>: from the manifest, or else the item's name.",
      select: { alt: true, name: true },
      resolve: ({ alt, name }) => alt ?? name,
    }),
    license: t.field({
      type: LicenseRef,
      nullable: true,
      description: 'The licence under which the picture may be used; null if the source does not state one.',
      select: { family: { select: { licenseTitle: true, licenseSpdx: true, licenseUrl: true } } },
      resolve: ({ family }) => licenseOf(family),
    }),
    attribution: t.string({
      nullable: true,
      description: 'The credit line that the licence or the vendor requires next to the picture.',
      select: { family: { select: { attribution: true } } },
      resolve: ({ family }) => family.attribution,
    }),
    author: t.string({
      nullable: true,
      description: 'Who drew it, if the source says so.',
      select: { family: { select: { author: true } } },
      resolve: ({ family }) => family.author,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added to the catalogue.' }),
    kind: t.expose('kind', { type: ItemKindRef, description: 'The kind of its set.' }),
    visibility: t.expose('visibility', {
      type: VisibilityRef,
      description: "Who may see it: the strictest of its own, its set's and its family's.",
    }),
    iconSet: t.relation('iconSet', { description: 'The set it belongs to.' }),
    family: t.relation('family', { description: 'The family it belongs to.' }),
    vendor: t.relation('vendor', { description: 'The vendor who sells it.' }),
    placeholder: t.field({
      type: PlaceholderRef,
      nullable: true,
      description:
        'A placeholder to show until a picture on white has loaded; null until the item is first rendered and after it is taken down. For other themes see `picture`.',
      select: PLACEHOLDER_COLUMNS,
      // A placeholder is a blurred version of the picture, so a taken-down item has none.
      resolve: async (item, _args, { loaders }) =>
        (await loaders.takenDown.load(item.id)) ? null : placeholderOfItem(item, 'LIGHT'),
    }),
    image: t.field({
      type: ImageRef,
      description:
        "The item's picture for a preset or a transform. All fields except status, bytes, lossless and error are computed without I/O.",
      select: { width: true, height: true },
      args: {
        preset: t.arg.string({
          required: true,
          defaultValue: 'preview',
          description: 'The name of one of the `presets`; ignored if transform is given.',
          extensions: { names: 'presets' },
        }),
        transform: t.arg({
          type: ImageTransformRef,
          description:
            'Size, background and colour instead of a preset. Such pictures are made only on request, and deleted when they are no longer requested.',
        }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'A format that the preset offers.',
        }),
      },
      resolve: (item, args, { app }) => {
        const { format } = args
        if (args.transform) {
          const transform = offeredTransform(app.ladder, args.transform)
          return imageOfItem(app, {
            item,
            preset: issueTransform(app.presets, { transform, art: item, format }),
            format,
          })
        }
        const preset = offeredPreset(app.presets, args.preset)
        return imageOfItem(app, { item, preset, format: offeredFormat(preset, format) })
      },
    }),
    srcSet: t.string({
      complexity: ({ presets }) => 4 + Math.min(presets?.length ?? 4, PRESETS_MAX),
      description:
        'A srcset ready for <img>: the URL and width of each of these presets, which must show the same (background, watermark, padding, fit, colour, ratio). If omitted: all that show the same as `preview`.',
      args: {
        presets: t.arg.stringList({ description: 'Names of some of the `presets`.', extensions: { names: 'presets' } }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'A format that all of the presets offer.',
        }),
      },
      resolve: (item, { presets: names, format }, context) => {
        const { app } = context
        app.warmQueue.addPage(item.id)
        const isPrivate = item.visibility === 'PRIVATE'
        const urlOf = (name: string) =>
          pictureUrlOf(context, { key: variantKeyOf(app, item, { preset: name, format }), isPrivate })
        return presetsOfSrcSet(app.presets, { names, format })
          .map(({ name, width }) => `${urlOf(name)} ${width}w`)
          .join(', ')
      },
    }),
  }),
})

const itemNode = (variant: 'Icon' | 'Illustration') =>
  builder.prismaNode('Item', {
    variant,
    description: `An item in an ${variant === 'Icon' ? 'icon' : 'illustration'} set.`,
    interfaces: [ItemRef],
    id: { field: 'id' },
    nullable: true,
    select: { id: true, kind: true, sourceKey: true, sourceHash: true, visibility: true },
  })
export const IconRef = itemNode('Icon')
export const IllustrationRef = itemNode('Illustration')

builder.queryField('item', (t) =>
  t.prismaField({
    type: ItemRef,
    nullable: true,
    authScopes: CATALOGUE_READ,
    description: 'The item with this id, or null.',
    args: { uniqueId: t.arg.id({ required: true, description: 'A unique id or a node id.' }) },
    resolve: (query, _root, { uniqueId }, context) => {
      const where = whereItemId(uniqueId)
      return where && context.app.prisma.item.findUnique({ ...query, where: { ...where, ...reachable(context) } })
    },
  }),
)
