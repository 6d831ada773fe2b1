import { mapConcurrent } from '../core/map-concurrent.ts'
import { type ImageFormat, parseCompositeKey, parseVariantKey, printSourceKey } from '../core/variant.ts'
import { sameVersion, type UrlSecret, type Versioned, versionOf } from '../core/version.ts'
import { isPrivateKey, withoutPlace } from '../core/visibility.ts'
import type { Listed, Store } from '../store/store.ts'
import { md5Of } from '../variants/make.ts'
import type { AdoptDeps } from './adopt-originals.ts'
import { PICTURE_HEADER_BYTES, readPictureHeader } from './picture-header.ts'
import { FIND_COMPOSITES, FIND_ITEMS, INSERT_PICTURES, type OwnerRow } from './picture-statements.ts'

const BATCH = 1000
const READS_AT_ONCE = 32
/** S3's ETag, if it is the MD5 of the bytes. */
const MD5 = /^[0-9a-f]{32}$/

export interface PictureReport {
  adopted: number
  /** Of nothing in the catalogue, of an unknown version, or of what must not be shown. */
  unknown: number
  /** Not a whole picture: made again. */
  broken: number
}

/** A picture with a version in its key. */
interface Candidate extends Listed {
  readonly version: string
  readonly preset: string
  readonly format: ImageFormat
  readonly owner: string
  readonly isComposite: boolean
}

/** What the version of a candidate was made from, and the secret. */
interface Match extends Versioned {
  readonly row: OwnerRow
  readonly urlSecretId: number
}

/**
 * Records the pictures that are stored and whose keys have a version that one of the URL secrets makes of their item's source, or of their
 * family's composite, and one of the recipes that there are or were: they are neither rendered nor moved. Only their first bytes are read,
 * or all of them where the store does not know their MD5. Pictures of what is taken down, or in the wrong place for their visibility, are
 * left to the take-down that deletes them.
 * @param options.prefix `''` for the store of pictures, `_private/` for those that lie with the originals
 * @param options.onBatch called with the last key that is done with
 */
export async function adoptPictures(
  deps: AdoptDeps,
  options: {
    readonly prefix: string
    readonly after: string
    readonly report: PictureReport
    readonly onBatch: (afterKey: string) => Promise<void>
  },
): Promise<void> {
  let batch: Candidate[] = []
  const flush = async () => {
    const last = batch.at(-1)
    if (!last) return
    await adoptBatch(deps, batch, options.report)
    batch = []
    await options.onBatch(last.key)
  }
  for await (const object of deps.stores.previews.list(options.prefix, { after: options.after })) {
    const candidate = toCandidate(object)
    if (!candidate) continue
    batch.push(candidate)
    if (batch.length >= BATCH) await flush()
  }
  await flush()
}

function toCandidate(object: Listed): Candidate | null {
  const key = withoutPlace(object.key)
  const variant = parseVariantKey(key)
  if (variant?.version) {
    const { version, preset, format } = variant
    return { ...object, version, preset, format, owner: printSourceKey(variant), isComposite: false }
  }
  const composite = parseCompositeKey(key)
  if (!composite?.version) return null
  const { version, layout, format, family } = composite
  return { ...object, version, preset: layout, format, owner: family, isComposite: true }
}

async function adoptBatch(deps: AdoptDeps, batch: readonly Candidate[], report: PictureReport): Promise<void> {
  const { pg, stores } = deps
  const owners = (isComposite: boolean) => [
    ...new Set(batch.flatMap((each) => (each.isComposite === isComposite ? [each.owner] : []))),
  ]
  const rows = [
    ...(await FIND_ITEMS.all(pg, { sourceKeys: owners(false) })),
    ...(await FIND_COMPOSITES.all(pg, { families: owners(true) })),
  ]
  const byOwner = Map.groupBy(rows, ({ owner }) => owner)
  const images: (Candidate & Match & { width: number; height: number; lossless: boolean; md5: string })[] = []
  await mapConcurrent(batch, READS_AT_ONCE, async (candidate) => {
    const match = findMatch(deps, candidate, byOwner.get(candidate.owner) ?? [])
    if (!match) {
      report.unknown++
      return
    }
    const picture = await readPicture(stores.previews, candidate)
    if (picture) images.push({ ...candidate, ...match, ...picture })
    else report.broken++
  })
  report.adopted += await INSERT_PICTURES.run(pg, {
    ownerTypes: images.map(({ isComposite }) => (isComposite ? 'FAMILY' : 'ITEM')),
    ownerIds: images.map(({ row }) => row.id),
    presets: images.map(({ preset }) => preset),
    formats: images.map(({ format }) => format),
    recipeHashes: images.map(({ recipeHash }) => recipeHash),
    sourceHashes: images.map(({ sourceHash }) => sourceHash),
    keys: images.map(({ key }) => key),
    urlSecretIds: images.map(({ urlSecretId }) => urlSecretId),
    widths: images.map(({ width }) => width),
    heights: images.map(({ height }) => height),
    bytes: images.map(({ bytes }) => bytes),
    md5s: images.map(({ md5 }) => md5),
    lossless: images.map(({ lossless }) => lossless),
  })
}

/** An item has one row, with its sources; a family has one for each of its composites. */
function findMatch({ urlSecrets, recipes }: AdoptDeps, candidate: Candidate, rows: readonly OwnerRow[]): Match | null {
  for (const row of rows) {
    if (isPrivateKey(candidate.key) !== row.isPrivate) continue
    if (candidate.isComposite && row.layout !== candidate.preset) continue
    const recipeHashes = row.recipeHash === null ? recipes(candidate.preset) : [row.recipeHash]
    for (const sourceHash of row.sourceHashes)
      for (const recipeHash of recipeHashes) {
        const secret = secretBehind(urlSecrets, candidate.version, { sourceHash, recipeHash })
        if (secret) return { row, sourceHash, recipeHash, urlSecretId: secret.id }
      }
  }
  return null
}

const secretBehind = (secrets: readonly UrlSecret[], version: string, { sourceHash, recipeHash }: Versioned) =>
  secrets.find(({ value }) => sameVersion(version, versionOf(value, sourceHash, recipeHash)))

/** Null: it is not a whole picture. */
async function readPicture(previews: Store, { key, bytes, format, etag }: Candidate) {
  const isKnown = etag !== null && MD5.test(etag)
  const start = await previews.get(key, isKnown ? { range: { from: 0, to: PICTURE_HEADER_BYTES } } : {})
  const header = start && readPictureHeader(format, start, bytes)
  return header && { ...header, md5: isKnown ? etag : md5Of(start) }
}
