import { type ExplainRequest, explain } from '../diagnose/explain.ts'
import { EXPLAINED_KINDS, type Explanation } from '../diagnose/explanation.ts'
import { builder, CATALOGUE_READ } from './builder.ts'
import { FamilyRef } from './family.ts'
import { ImageErrorRef, ImageStatusRef } from './image.ts'
import { ItemRef } from './item.ts'
import { mayReadPrivate } from './visible.ts'

/** It asks the stores, which costs money: few per query. */
const COMPLEXITY = 5000

const KINDS = Object.entries(EXPLAINED_KINDS).map(([kind, meaning]) => `${kind} (${meaning})`)

const ExplanationRef = builder.objectRef<Explanation>('Explanation').implement({
  description: 'What a picture URL, key, id or slug is, and why its picture is missing if it is.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: `What it is: ${KINDS.join(', ')}. More may be added.` }),
    issued: t.exposeBoolean('issued', { description: 'Whether it is an address that this service has issued.' }),
    item: t.prismaField({
      type: ItemRef,
      nullable: true,
      description: 'The item that it belongs to; null if there is none.',
      // Copied at once: a query that is never looked at is logged as a fault.
      resolve: ({ ...query }, { itemId }, _args, { app }) =>
        itemId === null ? null : app.prisma.item.findUnique({ ...query, where: { id: itemId } }),
    }),
    family: t.prismaField({
      type: FamilyRef,
      nullable: true,
      description: 'The family that it belongs to; null if there is none.',
      resolve: ({ ...query }, { familyId }, _args, { app }) =>
        familyId === null ? null : app.prisma.family.findUnique({ ...query, where: { id: familyId } }),
    }),
    status: t.expose('status', {
      type: ImageStatusRef,
      nullable: true,
      description: 'Status of the picture that it leads to; null if it leads to none.',
    }),
    objectKey: t.exposeString('objectKey', {
      nullable: true,
      description:
        'Key of the current picture in the previews bucket, for a PRIVATE item in the originals bucket, also before it exists; of an original, the key in the originals bucket, for tokens with scope originals:read.',
    }),
    stored: t.exposeBoolean('stored', {
      nullable: true,
      description: 'Whether the object with this key is in the bucket, as the store answers now.',
    }),
    failure: t.expose('failure', {
      type: ImageErrorRef,
      nullable: true,
      description: 'Why the last attempt to render it failed; null if it did not.',
    }),
    cdn: t.exposeString('cdn', { description: 'What a viewer who opens it gets, and from where.' }),
    sentence: t.exposeString('sentence', { description: 'What it is and what became of it, to be shown to a person.' }),
    remedy: t.exposeString('remedy', { nullable: true, description: 'What to do; null if nothing is wrong.' }),
  }),
})

builder.queryField('explain', (t) =>
  t.field({
    type: ExplanationRef,
    authScopes: CATALOGUE_READ,
    description:
      "Explains any picture URL, key, unique id, node id or slug. A vendor's token sees only that vendor's; PRIVATE things are unknown to those who may not see them. BAD_INPUT for more than 2,000 characters.",
    complexity: COMPLEXITY,
    args: { url: t.arg.string({ required: true, description: 'What somebody has pasted; at most 2,000 characters.' }) },
    resolve: (_root, { url }, { app, caller, imageUrl, request }) => {
      const asked: ExplainRequest = {
        text: url,
        imageUrl,
        host: new URL(request.url).host,
        vendorId: caller.vendor?.id ?? null,
        showsPrivate: mayReadPrivate(caller),
        showsOriginals: caller.scopes.has('originals:read'),
      }
      return explain(app, asked)
    },
  }),
)
