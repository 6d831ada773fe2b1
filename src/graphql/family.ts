import { resolveScope, type Scope } from '../catalogue/scope.ts'
import { offeredLayout } from '../composites/offered.ts'
import { whereFamilyNamed } from '../search/families.ts'
import { builder, CATALOGUE_READ } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage, relatedPage } from './connection.ts'
import { IconSetConnection, IconSetRef } from './icon-set.ts'
import { whereId } from './ids.ts'
import { ImageFormatRef, ImageRef } from './image.ts'
import { ItemConnection, itemsOf } from './item-connection.ts'
import { SAME_AS_SCOPE, ScopeInputRef, ScopeRef, scopeOf } from './item-kind.ts'
import { LicenseRef, licenseOf } from './license.ts'
import { previewOf } from './preview.ts'
import { VisibilityRef } from './visibility-type.ts'
import { listed, listedWithin, reachable } from './visible.ts'

export const FamilyRef = builder.prismaNode('Family', {
  id: { field: 'id' },
  nullable: true,
  description: 'A family of sets in one style; each set has items.',
  // Otherwise all columns would be loaded.
  select: { id: true },
  fields: (t) => ({
    uniqueId: t.exposeID('uniqueId', { description: '12 characters A-Z and 0-9, a part of every key.' }),
    name: t.exposeString('name', { description: 'The name as the vendor gave it.' }),
    vendor: t.relation('vendor', { description: 'The vendor who sells it.' }),
    visibility: t.expose('visibility', {
      type: VisibilityRef,
      description: 'Who may see it; no item of it is seen by more.',
    }),
    iconSets: t.connection(
      {
        ...relatedPage('Family', 'iconSets', { type: IconSetRef, where: listedWithin('Family', 'iconSets') }),
        description: 'Its sets, oldest first.',
      },
      IconSetConnection,
    ),
    items: t.connection(
      {
        ...itemsOf('Family', (familyId) => ({ familyId })),
        description: 'The items of all its sets, oldest first.',
      },
      ItemConnection,
    ),
    license: t.field({
      type: LicenseRef,
      nullable: true,
      description: 'The licence under which its pictures may be used; null if the source does not state one.',
      select: { licenseTitle: true, licenseSpdx: true, licenseUrl: true },
      resolve: licenseOf,
    }),
    attribution: t.exposeString('attribution', {
      nullable: true,
      description: 'The credit line that the licence or the vendor requires next to the pictures.',
    }),
    author: t.exposeString('author', { nullable: true, description: 'Who drew it, if the source says so.' }),
    preview: t.field({
      type: ImageRef,
      nullable: true,
      description:
        "The family's preview: a composite of random items from all of its sets. Null if the family is PRIVATE or has no items that can be shown. Until it is first composed, the URL is a stable alias that redirects to it.",
      select: { id: true },
      args: {
        layout: t.arg.string({
          required: true,
          defaultValue: 'card',
          description: 'The name of one of the `layouts`.',
          extensions: { names: 'layouts' },
        }),
        format: t.arg({
          type: ImageFormatRef,
          required: true,
          defaultValue: 'WEBP',
          description: 'A format that the layout offers.',
        }),
      },
      resolve: ({ id }, { layout, format }, context) =>
        previewOf(id, { layout: offeredLayout(context.app.layouts, layout), format }, context),
    }),
  }),
})

export const FamilyConnection = connectionOf('Family', FamilyRef)

builder.queryFields((t) => ({
  family: t.prismaField({
    type: 'Family',
    nullable: true,
    authScopes: CATALOGUE_READ,
    description: 'The family with this id, or null.',
    args: { uniqueId: t.arg.id({ required: true, description: 'A unique id or a node id.' }) },
    resolve: (query, _root, { uniqueId }, context) => {
      const where = whereId('Family', uniqueId)
      return where && context.app.prisma.family.findUnique({ ...query, where: { ...where, ...reachable(context) } })
    },
  }),
  families: t.connection(
    {
      type: FamilyRef,
      authScopes: CATALOGUE_READ,
      description: 'Families in the order in which they were added.',
      complexity: pageComplexity,
      args: {
        scope: t.arg({
          type: ScopeInputRef,
          description: 'Only the families of a vendor, one family, or the family of a set.',
        }),
        in: t.arg({ type: ScopeRef, description: SAME_AS_SCOPE }),
        search: t.arg.string({
          description:
            'Only families whose names contain all of these words or parts of words; at most 100 characters.',
        }),
      },
      resolve: async (_root, { scope, in: within, search, ...args }, context, info) => {
        const { family } = context.app.prisma
        const where = {
          ...(search ? whereFamilyNamed(search) : {}),
          ...whereFamily(
            await resolveScope(context.app.prisma, scopeOf({ scope, in: within }), null, reachable(context)),
          ),
        }
        const find = ({ where: page, ...query }: PageQuery) =>
          family.findMany({ ...query, where: { AND: [where, listed(context), page] } })
        return readPage(
          { args, context, info },
          { order: 'asc', find, count: () => family.count({ where: { AND: [where, listed(context)] } }) },
        )
      },
    },
    FamilyConnection,
  ),
}))

/** The families of a scope, as a Prisma filter. */
const whereFamily = ({ vendorId, familyId, iconSetId }: Scope) => ({
  ...(vendorId === null ? {} : { vendorId }),
  ...(familyId === null ? {} : { id: familyId }),
  ...(iconSetId === null ? {} : { iconSets: { some: { id: iconSetId } } }),
})
