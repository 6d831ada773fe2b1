import type { GlobalId } from '../core/global-id.ts'
import { signUploadUrl, type UploadUrl } from '../uploads/upload-url.ts'
import { completeUpload, createUpload, findUpload, UPLOAD_CHANNEL } from '../uploads/uploads.ts'
import { builder, type Context, numberOf } from './builder.ts'
import { connectionOf, type PageQuery, pageComplexity, readPage, relatedPage } from './connection.ts'
import { STATEMENT_COST } from './cost.ts'
import { FamilyRef } from './family.ts'
import { followChanges } from './follow.ts'
import { actingFor, own, ownId } from './own.ts'
import { reachable } from './visible.ts'

/** Seeing uploads needs the same scope as uploading: their content is not public yet. */
const SCOPE = { token: 'upload:write' } as const

/** A statement for each upload. A manifest has 100 families at most, and few have more than one. */
const FAMILIES_COMPLEXITY = { field: STATEMENT_COST, multiplier: 100 }

/** Each is a sentence. */
const NOTES_COMPLEXITY = 10

const UploadStatusRef = builder.enumType('UploadStatus', {
  description: 'The status of an upload.',
  values: {
    CREATED: { description: 'waiting for its archive' },
    CHECKING: { description: 'the archive has arrived and is being checked; nothing of it is in the catalogue yet' },
    INGESTING: { description: 'the archive is valid: its sets are added one after another, each as a whole' },
    RENDERING: { description: 'everything is in the catalogue; pictures are being rendered' },
    COMPLETED: { description: 'all pictures are ready, except for items listed as problems' },
    REFUSED: { description: 'the archive is invalid, see problems; nothing of it is in the catalogue' },
    FAILED: { description: 'failed after many attempts, see problems; uploading the same archive again continues it' },
  } as const,
})

const UploadProblemRef = builder.prismaNode('UploadProblem', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: 'A problem of an archive or of a file in it.',
  select: { id: true },
  fields: (t) => ({
    code: t.exposeString('code', { description: 'A stable name, such as DUPLICATE_SLUG.' }),
    file: t.exposeString('file', { nullable: true, description: 'Name in the archive; null for the archive itself.' }),
    pointer: t.exposeString('pointer', { nullable: true, description: 'JSON pointer in the manifest.' }),
    message: t.exposeString('message', { description: 'What is wrong, with which value, and what to do.' }),
  }),
})
const UploadProblemConnection = connectionOf('UploadProblem', UploadProblemRef)

interface UploadItems {
  readonly total: number
  readonly done: number
  readonly failed: number
  readonly added: number
  readonly changed: number
  readonly removed: number
}
const UploadItemsRef = builder.objectRef<UploadItems>('UploadItems').implement({
  authScopes: SCOPE,
  description: 'Progress of the items. total = done + failed + remaining once the archive is checked.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'Files listed in the manifest.' }),
    done: t.exposeInt('done', { description: 'Items whose pictures are all ready.' }),
    failed: t.exposeInt('failed', { description: 'Items that cannot be rendered: each is listed in problems.' }),
    added: t.exposeInt('added', { description: 'Items added to the catalogue.' }),
    changed: t.exposeInt('changed', { description: 'Items with a changed source.' }),
    removed: t.exposeInt('removed', { description: 'Items removed from the catalogue.' }),
  }),
})

const UploadRef = builder.prismaNode('Upload', {
  id: { field: 'id' },
  authScopes: SCOPE,
  description: "A vendor's archive that is being ingested.",
  select: { id: true },
  fields: (t) => ({
    status: t.expose('status', { type: UploadStatusRef, description: 'The status of the upload.' }),
    vendor: t.exposeString('vendor', { description: "The vendor's username." }),
    fileName: t.exposeString('fileName', { description: 'The name of the archive, as given.' }),
    bytes: t.float({
      description: 'Size of the archive in bytes.',
      select: { bytes: true },
      resolve: ({ bytes }) => Number(bytes),
    }),
    items: t.field({
      type: UploadItemsRef,
      description: 'The progress of its items.',
      select: { addedItems: true, changedItems: true, removedItems: true },
      resolve: async ({ id, addedItems, changedItems, removedItems }, _args, { loaders }) => {
        const { totalItems, doneItems, failedItems } = await loaders.uploadProgress.load(id)
        const changes = { added: addedItems, changed: changedItems, removed: removedItems }
        return { total: totalItems, done: doneItems, failed: failedItems, ...changes }
      },
    }),
    progress: t.float({
      description: 'The share that is done, 0 to 1.',
      select: { status: true },
      resolve: async ({ id, status }, _args, { loaders }) => {
        const { totalItems, doneItems, failedItems } = await loaders.uploadProgress.load(id)
        return status === 'COMPLETED' ? 1 : totalItems === 0 ? 0 : (doneItems + failedItems) / totalItems
      },
    }),
    problemCount: t.exposeInt('problemCount', {
      description: 'The total number of problems; the first 1,000 are stored.',
    }),
    problems: t.connection(
      {
        ...relatedPage('Upload', 'problems', { type: UploadProblemRef }),
        description: 'Problems with the archive or with files in it.',
      },
      UploadProblemConnection,
    ),
    notes: t.exposeStringList('notes', {
      complexity: NOTES_COMPLEXITY,
      description:
        'What was read otherwise than it stands in the archive, such as names in an old code page or files that were passed over: each a sentence.',
    }),
    families: t.prismaField({
      type: [FamilyRef],
      description: 'The families that it changes, once it is checked.',
      select: { families: true },
      complexity: FAMILIES_COMPLEXITY,
      resolve: (query, { families }, _args, context) =>
        context.app.prisma.family.findMany({
          ...query,
          where: { uniqueId: { in: families }, ...reachable(context) },
          orderBy: { id: 'asc' },
        }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When its URL was created.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it became COMPLETED, REFUSED or FAILED; null until then.',
    }),
  }),
})
const UploadConnection = connectionOf('Upload', UploadRef)

builder.queryFields((t) => ({
  upload: t.prismaField({
    type: UploadRef,
    nullable: true,
    authScopes: SCOPE,
    description: 'The upload with this id, or null.',
    args: { id: t.arg.globalID({ required: true, for: UploadRef, description: 'Its node id.' }) },
    resolve: (query, _root, { id }, { app, caller }) =>
      app.prisma.upload.findFirst({ ...query, where: { id: numberOf(id), ...own('Upload', caller) } }),
  }),
  uploads: t.connection(
    {
      type: UploadRef,
      authScopes: SCOPE,
      description: 'Newest first.',
      args: { vendor: t.arg.string({ description: 'A username; all vendors if omitted.' }) },
      complexity: pageComplexity,
      resolve: (_root, args, context, info) => {
        const { upload } = context.app.prisma
        const filter = { AND: [whereOf(args.vendor), own('Upload', context.caller)] }
        const find = ({ where, ...query }: PageQuery) => upload.findMany({ ...query, where: { ...filter, ...where } })
        return readPage({ args, context, info }, { order: 'desc', find, count: () => upload.count({ where: filter }) })
      },
    },
    UploadConnection,
  ),
}))

const whereOf = (vendor: string | null | undefined) => (vendor ? { vendor } : {})

const HeaderRef = builder.objectRef<UploadUrl['headers'][number]>('UploadHeader').implement({
  authScopes: SCOPE,
  description: 'An HTTP header.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the header.' }),
    value: t.exposeString('value', { description: 'The value of the header.' }),
  }),
})

const CreatedUploadRef = builder.objectRef<UploadUrl & { id: number }>('CreatedUpload').implement({
  authScopes: SCOPE,
  description: 'An upload, and where to send its archive.',
  fields: (t) => ({
    upload: t.prismaField({
      type: UploadRef,
      description: 'The upload, to be completed once the archive has been sent.',
      resolve: (query, { id }, _args, { app }) => app.prisma.upload.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    url: t.expose('url', { type: 'URL', description: 'PUT the archive there: `curl -T archive.zip URL`.' }),
    headers: t.field({
      type: [HeaderRef],
      description: 'Headers that must be sent with it, exactly as given.',
      resolve: ({ headers }) => [...headers],
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When the URL stops accepting the archive.' }),
  }),
})

builder.mutationFields((t) => ({
  createUpload: t.field({
    type: CreatedUploadRef,
    authScopes: SCOPE,
    description: "Returns a URL for one archive of exactly this size that contains this vendor's manifest.",
    args: {
      vendor: t.arg.string({ required: true, description: 'A username; it may be new.' }),
      fileName: t.arg.string({ required: true, description: '1 to 255 characters, for the record.' }),
      bytes: t.arg.float({ required: true, description: 'Size of the archive: at most 2,000,000,000.' }),
    },
    resolve: async (_root, args, { app, caller, client, publicUrl }) => {
      actingFor(caller, args.vendor)
      const { id, bytes } = await createUpload({ ...app, limits: app.config.limits }, { ...args, client })
      const { originals } = app.stores
      const url = await signUploadUrl({ ...app, originals }, { id, bytes: Number(bytes), base: publicUrl })
      return { id, ...url }
    },
  }),
  completeUpload: t.prismaField({
    type: UploadRef,
    authScopes: SCOPE,
    description: 'Starts ingesting the uploaded archive. Has no effect if it has started already.',
    args: { id: t.arg.globalID({ required: true, for: UploadRef, description: 'Its node id.' }) },
    resolve: async (query, _root, { id }, context) => {
      const { app } = context
      await completeUpload({ ...app, originals: app.stores.originals }, await ownId('Upload', id, context))
      return app.prisma.upload.findUniqueOrThrow({ ...query, where: { id: numberOf(id) } })
    },
  }),
}))

builder.subscriptionField('uploadProgress', (t) =>
  t.prismaField({
    type: UploadRef,
    authScopes: SCOPE,
    description: 'Sends the current state, every change (at most 4 a second) and the final state; then completes.',
    args: { id: t.arg.globalID({ required: true, for: UploadRef, description: 'Its node id.' }) },
    subscribe: (_root, { id }, context) => follow(id, context),
    resolve: (query, event, _args, { app }) =>
      app.prisma.upload.findUniqueOrThrow({ ...query, where: { id: (event as { id: number }).id } }),
  }),
)

const follow = (globalId: GlobalId, context: Context) => {
  const id = numberOf(globalId)
  return followChanges(id, context, {
    channel: UPLOAD_CHANNEL,
    hasEnded: async () => {
      await ownId('Upload', globalId, context)
      const { finishedAt } = await findUpload(context.app.prisma, id)
      context.loaders.uploadProgress.clear(id)
      return finishedAt !== null
    },
  })
}
