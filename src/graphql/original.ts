import { signPath } from '../access/signed-url.ts'
import { builder, type Context } from './builder.ts'
import { STATEMENT_COST } from './cost.ts'
import { ItemRef } from './item.ts'

const VALID_S = 300
const SCOPE = { token: 'originals:read' } as const

interface SignedUrl {
  readonly url: string
  readonly expiresAt: Date
}

const SignedUrlRef = builder.objectRef<SignedUrl>('SignedUrl').implement({
  authScopes: SCOPE,
  description: 'A URL that works for anyone until it expires.',
  fields: (t) => ({
    url: t.expose('url', { type: 'URL', description: 'GET it.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it stops working.' }),
  }),
})

builder.prismaInterfaceField(ItemRef, 'original', (t) =>
  t.field({
    type: SignedUrlRef,
    nullable: true,
    authScopes: SCOPE,
    description:
      "The SVG as it was uploaded, as an attachment, for five minutes. Null for another vendor's item, and for one that is taken down.",
    // Each is recorded in a statement of its own.
    complexity: STATEMENT_COST,
    select: { id: true, uniqueId: true, slug: true, vendorId: true, originalKey: true, sourceKey: true },
    resolve: async (item, _args, context) => {
      const { caller, loaders } = context
      if (caller.vendor && caller.vendor.id !== item.vendorId) return null
      if (await loaders.takenDown.load(item.id)) return null
      const signed = await signOriginal({ key: item.originalKey ?? item.sourceKey, slug: item.slug }, context)
      await recordDownload(item.uniqueId, context)
      return signed
    },
  }),
)

/** Who may download what: the only record of it, since a bucket serves the URL by itself. */
const recordDownload = (item: string, { app, caller, requestId }: Context): Promise<void> =>
  app.access.audit.write(app.pg, { caller, action: 'original', target: item, outcome: 'DONE', requestId })

/** By the bucket itself, or for a directory by this service. */
async function signOriginal(
  { key, slug }: { key: string; slug: string },
  { app, publicUrl }: Pick<Context, 'app' | 'publicUrl'>,
): Promise<SignedUrl> {
  const { signGet } = app.stores.originals
  const expires = Math.floor(Date.now() / 1000) + VALID_S
  const expiresAt = new Date(expires * 1000)
  if (signGet) {
    const named = { fileName: `${slug}.svg`, contentType: 'image/svg+xml' }
    return { url: await signGet(key, { expiresS: VALID_S, ...named }), expiresAt }
  }
  const signed = signPath(app.urlSecret, { purpose: 'original', path: key, expires })
  return { url: `${publicUrl}/originals/${key}?${signed}`, expiresAt }
}
