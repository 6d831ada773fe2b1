import { findStableCompositeKey } from '../composites/find.ts'
import { AppError, remedyOf } from '../core/errors.ts'
import { isRowId } from '../core/global-id.ts'
import { quoted } from '../core/text.ts'
import { parseCompositeKey, parseVariantKey, printSourceKey } from '../core/variant.ts'
import type { Pg } from '../db/database.ts'
import { findBySlug } from '../search/find-slug.ts'
import type { Store } from '../store/store.ts'
import { findStableKey } from '../variants/find-stable.ts'
import { parseStablePath } from '../variants/stable-url.ts'
import { type Address, parseAddress } from './address.ts'
import { type ExplainCompositeDeps, explainComposite, previewOf } from './explain-composite.ts'
import { described, type ExplainVariantDeps, explainVariant, previewKeyOf } from './explain-variant.ts'
import { answerOf, type Explanation, FROM_GRAPHQL, NOT_FOUND, NOTHING } from './explanation.ts'
import { type ItemFacts, readGroup, readItem, type Sees } from './read-subject.ts'

export type ExplainDeps = ExplainVariantDeps &
  ExplainCompositeDeps &
  Sees & {
    readonly searchPool: Pg
    readonly stores: { readonly originals: Pick<Store, 'head'> }
    readonly config: {
      readonly publicImageUrl: string | null
      readonly buckets: { readonly originals: string; readonly previews: string } | null
    }
  }

export interface ExplainRequest {
  /** What somebody has pasted. */
  readonly text: string
  /** Prefix of image URLs, without a trailing slash. */
  readonly imageUrl: string
  /** The host, with its port, at which the request arrived. */
  readonly host: string
  /** The only vendor whose things may be explained; null: all. */
  readonly vendorId: number | null
  /** Whether PRIVATE things may be explained. */
  readonly showsPrivate: boolean
  /** Whether keys in the private store may be shown. */
  readonly showsOriginals: boolean
}

const TEXT_MAX = 2000

/**
 * Explains any picture URL, key, unique id, node id or slug: what it is, whether it was issued, where it lies, what happened at its last
 * render, what the CDN answers, and what to do. Reads some indexed rows and asks the stores for at most three objects; renders and
 * changes nothing. Another vendor's things are unknown, and so are PRIVATE ones to those who may not see them. Throws BAD_INPUT for a text of more than 2,000 characters, UNAVAILABLE.
 */
export async function explain(app: Omit<ExplainDeps, 'seesPrivate'>, request: ExplainRequest): Promise<Explanation> {
  const { text, vendorId, showsPrivate } = request
  if (text.length > TEXT_MAX)
    throw new AppError('BAD_INPUT', `url has ${text.length} characters; at most ${TEXT_MAX} are allowed.`)
  const looking: ExplainDeps = { ...app, seesPrivate: showsPrivate ? { vendorId } : null }
  const explained = await explainAny(looking, request)
  const isForeign = vendorId !== null && explained.vendorId !== null && explained.vendorId !== vendorId
  return isForeign ? unknown(looking, text) : explained
}

async function explainAny(app: ExplainDeps, request: ExplainRequest): Promise<Explanation> {
  const { buckets } = app.config
  const { host, pathname } = new URL(request.imageUrl)
  const address = parseAddress(request.text, {
    hosts: [host, request.host],
    prefix: pathname === '/' ? '' : pathname,
    buckets: buckets ? [buckets.previews, buckets.originals] : [],
  })
  const explained = await explainAddress(app, address, request)
  return address.host === null ? explained : onOtherHost(address.host, host, explained)
}

/** The same path may be known here: a copy of the service, or its address before a move. */
const onOtherHost = (host: string, ours: string, explained: Explanation): Explanation => ({
  ...explained,
  kind: 'OTHER_HOST',
  issued: false,
  cdn: `Unknown: ${host} answers, not this service.`,
  sentence:
    explained.kind === 'UNKNOWN'
      ? `The host ${host} is not that of this service (${ours}), and its path is none of ours.`
      : `The host ${host} is not that of this service (${ours}). Here, the same path would be: ${explained.sentence}`,
  remedy: `Use a URL at ${ours}; if ${host} is meant to be the CDN of this service, set PUBLIC_IMAGE_URL to it.`,
})

async function explainAddress(app: ExplainDeps, address: Address, request: ExplainRequest): Promise<Explanation> {
  switch (address.type) {
    case 'variant':
      return await explainVariant(app, address.path, address.key)
    case 'composite':
      return await explainComposite(app, address.path, address.key)
    case 'stable':
      return await explainStable(app, address.key, address.query)
    case 'original':
      return await explainOriginal(app, address, request)
    case 'uniqueId':
      return await explainUniqueId(app, address.uniqueId)
    case 'node':
      return await explainNode(app, address.id, request.text)
    case 'slug':
      return await explainSlug(app, address.slug)
    case 'nothing':
      return unknown(app, request.text)
  }
}

const unknown = ({ config }: ExplainDeps, text: string): Explanation => ({
  ...NOTHING,
  kind: 'UNKNOWN',
  cdn: answerOf(config, NOT_FOUND),
  sentence: `${quoted(text.trim(), { charactersMax: 100 })} is no picture URL, key, unique id, node id or slug of this catalogue.`,
  remedy: `Paste the whole URL of a picture, or the unique id of an item. ${FROM_GRAPHQL}`,
})

/** Explains the picture that a stable address leads to. */
async function explainStable(app: ExplainDeps, key: string, text: string): Promise<Explanation> {
  try {
    const path = parseStablePath(key)
    const current =
      path.type === 'item' ? await findStableKey(app, { ...path, text }) : await findStableCompositeKey(app, path)
    const [variant, composite] = [parseVariantKey(current), parseCompositeKey(current)]
    if (!variant && !composite) return unknown(app, key)
    const picture = variant
      ? await explainVariant(app, variant, current)
      : await explainComposite(app, composite ?? unreachable(), current)
    const { status } = picture
    const cdn = answerOf(
      app.config,
      status === 'GONE'
        ? '410 GONE'
        : status === 'FAILED'
          ? `422 ${picture.failure?.code}`
          : '302 to the current picture',
    )
    return {
      ...picture,
      kind: 'STABLE_ADDRESS',
      cdn,
      sentence: `This is a stable address; it leads to ${current}. ${picture.sentence}`,
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error
    return {
      ...NOTHING,
      kind: 'STABLE_ADDRESS',
      cdn: answerOf(app.config, `${error.status} ${error.code}`),
      sentence: error.message,
      remedy: 'Correct the address, or use the URLs that GraphQL returns.',
    }
  }
}

function unreachable(): never {
  throw new Error('a stable address leads to a key of neither kind')
}

async function explainOriginal(
  app: ExplainDeps,
  { key, path }: Extract<Address, { type: 'original' }>,
  { showsOriginals }: ExplainRequest,
): Promise<Explanation> {
  const item = await readItem(app, { sourceKey: printSourceKey(path) })
  const cdn = answerOf(app.config, `${NOT_FOUND}: originals are never served`)
  if (!item)
    return {
      ...NOTHING,
      kind: 'ORIGINAL',
      cdn,
      sentence: `This is the key of an original, but no item ${path.slug} is in set ${path.iconSet} of family ${path.family}.`,
      remedy: `Import it, or have ${path.vendor} upload it.`,
    }
  const stored = (await app.stores.originals.head(item.originalKey)) !== null
  const picture = await explainItem(app, item)
  const isCurrent = key === item.originalKey || key === item.sourceKey
  return {
    ...picture,
    kind: 'ORIGINAL',
    issued: false,
    objectKey: showsOriginals ? item.originalKey : null,
    stored,
    cdn,
    sentence: `This is the key of ${isCurrent ? 'the' : 'an earlier'} original of ${described(item)}, which is private${stored ? '' : ', and the original is not in the store'}. ${picture.sentence}`,
    remedy: stored ? picture.remedy : remedyOf('SOURCE_MISSING'),
  }
}

async function explainItem(app: ExplainDeps, item: ItemFacts): Promise<Explanation> {
  const preview = previewKeyOf(app, item)
  if (!preview) return unknown(app, item.uniqueId)
  return { ...(await explainVariant(app, preview.path, preview.key)), kind: 'ITEM' }
}

async function explainUniqueId(app: ExplainDeps, uniqueId: string): Promise<Explanation> {
  const item = await readItem(app, { uniqueId })
  return item ? await explainItem(app, item) : await explainGroup(app, { uniqueId }, uniqueId)
}

async function explainNode(
  app: ExplainDeps,
  { typename, id: digits }: { typename: string; id: string },
  text: string,
): Promise<Explanation> {
  const id = Number(digits)
  if (!isRowId(id)) return unknown(app, text)
  if (typename === 'Icon' || typename === 'Illustration') {
    const item = await readItem(app, { id })
    const isOfType = item?.path.kind === typename.toUpperCase()
    return item && isOfType ? await explainItem(app, item) : unknown(app, text)
  }
  if (typename === 'Family' || typename === 'IconSet' || typename === 'Vendor')
    return await explainGroup(app, { typename, id }, text)
  return unknown(app, text)
}

async function explainGroup(app: ExplainDeps, by: Parameters<typeof readGroup>[1], text: string): Promise<Explanation> {
  const group = await readGroup(app, by)
  if (!group) return unknown(app, text)
  const preview = group.typename === 'Family' ? previewOf(app, group) : null
  if (preview) return { ...(await explainComposite(app, preview.path, preview.key)), kind: 'FAMILY' }
  return {
    ...NOTHING,
    kind: group.typename === 'Vendor' ? 'VENDOR' : group.typename === 'Family' ? 'FAMILY' : 'ICON_SET',
    vendorId: group.vendorId,
    familyId: group.familyId,
    cdn: 'Nothing: there is no picture to request.',
    sentence: `This is the ${group.typename === 'Vendor' ? 'vendor' : 'set'} ${quoted(group.name, { charactersMax: 80 })}, which has no picture of its own.`,
    remedy: 'Paste the unique id of one of its items.',
  }
}

/** Slugs are unique within a set only. */
const SAME_SLUG_MAX = 10

async function explainSlug(app: ExplainDeps, slug: string): Promise<Explanation> {
  const [id, ...others] = await findBySlug(app.searchPool, slug, SAME_SLUG_MAX + 1)
  const item = id === undefined ? null : await readItem(app, { id })
  if (!item) return unknown(app, slug)
  const explained = await explainItem(app, item)
  if (others.length === 0) return explained
  const count = others.length < SAME_SLUG_MAX ? `${others.length + 1}` : `More than ${SAME_SLUG_MAX}`
  return { ...explained, sentence: `${count} items have this slug; this is about the oldest. ${explained.sentence}` }
}
