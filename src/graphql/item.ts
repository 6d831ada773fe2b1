import { offeredTransform } from '../core/transform-request.ts'
import { issueTransform } from '../variants/issue.ts'
import { variantKeyOf } from '../variants/make.ts'
import { offeredFormat, offeredPreset } from '../variants/offered.ts'
import { builder } from './builder.ts'
import { whereItemId } from './ids.ts'
import { ImageFormatRef, ImageRef, imageOfItem } from './image.ts'
import { ItemKindRef } from './item-kind.ts'
import { LicenseRef, licenseOf } from './license.ts'
import { PLACEHOLDER_COLUMNS, PlaceholderRef, placeholderOfItem } from './placeholder.ts'
import { presetsOfSrcSet } from './src-set.ts'
import { ImageTransformRef } from './transform.ts'

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
    aliases: t.exposeStringList('aliases', { description: 'Other names that it is found by.' }),
    alt: t.string({
      description:
        'What its picture says to who cannot see it, for the alt of <img>: as the manifest gives it, else the name.',
      select: { alt: true, name: true },
      resolve: ({ alt, name }) => alt ?? name,
    }),
    license: t.field({
      type: LicenseRef,
      nullable: true,
      description: 'Under which the picture may be used; null where the source did not say.',
      select: { family: { select: { licenseTitle: true, licenseSpdx: true, licenseUrl: true } } },
      resolve: ({ family }) => licenseOf(family),
    }),
    attribution: t.string({
      nullable: true,
      description: 'What the licence or the vendor wants to stand beside the picture.',
      select: { family: { select: { attribution: true } } },
      resolve: ({ family }) => family.attribution,
    }),
    author: t.string({
      nullable: true,
      description: 'Who drew it, where the source says it.',
      select: { family: { select: { author: true } } },
      resolve: ({ family }) => family.author,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it came into the catalogue.' }),
    kind: t.expose('kind', { type: ItemKindRef, description: 'That of its set.' }),
    iconSet: t.relation('iconSet', { description: 'The set that it is in.' }),
    family: t.relation('family', { description: 'The family of its set.' }),
    vendor: t.relation('vendor', { description: 'Who sells it.' }),
    placeholder: t.field({
      type: PlaceholderRef,
      nullable: true,
      description:
        'What a page shows until a picture on white has loaded; null until the item is first rendered, and when it is taken down. For other themes see `picture`.',
      select: PLACEHOLDER_COLUMNS,
      // A placeholder is a blurred version of the picture, so a taken-down item has none.
      resolve: async (item, _args, { loaders }) =>
        (await loaders.takenDown.load(item.id)) ? null : placeholderOfItem(item, 'LIGHT'),
    }),
    image: t.field({
      type: ImageRef,
      description:
        "The item's picture in a preset, or by a transform. All fields except status, bytes, lossless and error are computed without I/O.",
      select: { width: true, height: true },
      args: {
        preset: t.arg.string({
          required: true,
          defaultValue: 'preview',
          description: 'A name of `presets`; without meaning beside transform.',
          extensions: { names: 'presets' },
        }),
        transform: t.arg({
          type: ImageTransformRef,
          description:
            'Size, ground and colour instead of a preset. Such pictures are made on request only, and forgotten when nobody asks for them.',
        }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'One that the preset offers.',
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

builder.queryField('item', (t) =>
  t.prismaField({
    type: ItemRef,
    nullable: true,
    description: 'One item; null where there is none.',
    args: { uniqueId: t.arg.id({ required: true, description: 'Its unique id, or its node id.' }) },
    resolve: (query, _root, { uniqueId }, { app }) => {
      const where = whereItemId(uniqueId)
      return where && app.prisma.item.findUnique({ ...query, where })
    },
  }),
)
