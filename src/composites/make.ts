import { CACHE } from '../cdn/cache-headers.ts'
import { compositeTagsOf } from '../core/cache-tags.ts'
import { AppError, isSourceFailure } from '../core/errors.ts'
import type { Layout, Layouts } from '../core/layouts.ts'
import { mapConcurrent } from '../core/map-concurrent.ts'
import { type ImageFormat, mimeTypeOf, printCompositeKey } from '../core/variant.ts'
import { versionOf } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { inStage } from '../telemetry/stage.ts'
import { type Delivered, readWhole } from '../variants/ensure.ts'
import { imageOf, JOINED_IMAGE, JOINED_IMAGE_COLUMNS, storedImagesOf } from '../variants/locate.ts'
import { checkSource, md5Of, type RenderDeps } from '../variants/make.ts'
import { countFailure } from '../variants/note-failure.ts'
import { type FailedItem, recordResults } from '../variants/record.ts'
import { recordCopies } from '../variants/record-copies.ts'
import { arrange, countFor, nameOf } from './arrange.ts'
import { chooseMembers, type Members } from './choose-members.ts'
import type { Candidate } from './find-candidates.ts'
import { FAMILY_TAKEN_DOWN } from './locate.ts'
import { dropPick, readPick, recordComposite, type Settings, setCurrentPick } from './record.ts'

/** Dependencies of composing. */
export interface ComposeDeps extends Pick<RenderDeps, 'stores' | 'pool' | 'urlSecret'> {
  readonly pg: Pg
  readonly layouts: Layouts
}

/** A picture of a family to be made. */
export interface WantedComposite {
  readonly familyId: number
  readonly layout: Layout
  readonly format: ImageFormat
  /** Overrides the family's settings. */
  readonly settings?: Settings
  /** Keeps the current pick if all of its members can still be shown unchanged: only a format of it is missing. */
  readonly keepsPick?: boolean
  /** No request waits for it: a slow cell may take longer. */
  readonly isBatch?: boolean
  /** Renders it even if it is stored. */
  readonly replace?: boolean
}

/** Of a family whose pictures were never composed. */
export const NO_SETTINGS: Settings = { seed: 0, pinned: [], excluded: [] }

/** The same as for renders of requests and backfills. */
const CELL_LIMIT_MS = { request: 5000, batch: 20_000 }
/** A call's sources are in memory in both processes: members above this limit are left out, and the others get larger cells. */
const SOURCES_MAX_BYTES = 32_000_000
const READS_AT_ONCE = 16
/**
 * Each round leaves out everything that failed in the previous one, so only a family that is being imported has that many broken members.
 */
const ROUNDS_MAX = 10

/**
 * Picks the members of a family's picture, renders and stores it if it does not exist yet, and makes it current. A member that cannot be
 * rendered is quarantined and replaced by another. The caller holds the family's lock. Null: the family has nothing to show. Throws
 * NOT_FOUND, GONE, UNAVAILABLE, BUSY.
 */
export async function makeComposite(app: ComposeDeps, wanted: WantedComposite): Promise<Delivered | null> {
  const { pg } = app
  const { familyId, layout, format } = wanted
  const family = await readFamily(pg, familyId)
  const latest = await readPick(pg, familyId, layout.name)
  const settings = wanted.settings ?? latest ?? NO_SETTINGS
  const isKept = wanted.keepsPick && latest?.isCurrent && latest.recipeHash === layout.recipeHash
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const kept = isKept ? latest : null
    const members = await chooseMembers(pg, { familyId, name: family.name, layout, settings, kept })
    if (members.items.length === 0) {
      if (!wanted.settings) await dropPick(pg, familyId, layout.name)
      return null
    }
    const { seed, pinned, excluded } = settings
    const { membersHash } = members
    const { recipeHash } = layout
    const pick = { seed, pinned, excluded, members: idsOf(members), membersHash, recipeHash }
    const objectKey = compositeKeyOf(app, { ...family, layout: layout.name, format }, pick)
    const stored = wanted.replace ? null : await readStored(app, { familyId, layout, format, pick, objectKey })
    if (stored) {
      const isKnown = latest?.isCurrent && latest.membersHash === membersHash && latest.recipeHash === recipeHash
      if (!isKnown || wanted.settings) await setCurrentPick(pg, { familyId, layout: layout.name, pick })
      return stored
    }
    const drawn = await draw(app, { ...wanted, vendor: family.vendor, name: family.name, members })
    if ('failures' in drawn) {
      await recordResults(pg, { failures: drawn.failures })
      continue
    }
    const { picture } = drawn
    const bytes = Buffer.from(picture.bytes)
    const md5 = md5Of(bytes)
    const object = {
      contentType: mimeTypeOf(format),
      cacheControl: CACHE.immutable,
      sourceHash: membersHash,
      cacheTags: compositeTagsOf(family),
      // Also repairs a row whose object is missing; an object without a row has the same bytes.
      replace: true,
    }
    await inStage('store', () => app.stores.previews.put(objectKey, bytes, object))
    const urlSecretId = app.urlSecret.id
    const facts = { format, recipeHash, objectKey, urlSecretId, md5, ...picture, bytes: bytes.length }
    const recorded = { familyId, family: family.family, layout: layout.name, pick, ...facts }
    await inStage('record', () => recordComposite(pg, recorded))
    return { objectKey, md5, bytes, wasStored: false }
  }
  throw new AppError('BUSY', `Family ${family.family} has many items that cannot be rendered; try again in a minute.`)
}

/** The object key of a pick's picture. */
export function compositeKeyOf(
  { urlSecret }: Pick<ComposeDeps, 'urlSecret'>,
  at: { vendor: string; family: string; layout: string; format: ImageFormat },
  pick: { membersHash: string; recipeHash: string } | null,
): string {
  const version = pick && versionOf(urlSecret.value, pick.membersHash, pick.recipeHash)
  const { vendor, family, layout, format } = at
  return printCompositeKey({ vendor, family, layout, format, version })
}

interface Family {
  readonly vendor: string
  readonly family: string
  readonly name: string
}

/** Throws NOT_FOUND, or GONE if it is taken down. */
export async function readFamily(pg: Pg, familyId: number): Promise<Family> {
  const family = await READ_FAMILY.get(pg, { familyId })
  if (!family) throw new AppError('NOT_FOUND', `There is no family ${familyId}.`)
  if (family.takenDown) throw new AppError('GONE', 'This picture was taken down.')
  return family
}

const READ_FAMILY = statement({
  name: 'read-family',
  isPrepared: true,
  text: `select v.username as vendor, f.unique_id as family, f.name, ${FAMILY_TAKEN_DOWN('f')} as "takenDown"
         from family f join vendor v on v.id = f.vendor_id where f.id = :familyId`,
  parameters: { familyId: 'int4' },
  columns: { vendor: 'text', family: 'text', name: 'text', takenDown: 'bool' },
})

/** The recorded picture, if its object is complete; one under the key of another URL secret is copied. */
async function readStored(
  { pg, stores, urlSecret }: Pick<ComposeDeps, 'pg' | 'stores' | 'urlSecret'>,
  at: Pick<WantedComposite, 'familyId' | 'layout' | 'format'> & {
    pick: { membersHash: string; recipeHash: string }
    objectKey: string
  },
): Promise<Delivered | null> {
  const { familyId, layout, format, pick, objectKey } = at
  const { membersHash, recipeHash } = pick
  const found = { familyId, layout: layout.name, format, membersHash, recipeHash }
  const images = storedImagesOf(await READ_IMAGES.all(pg, found))
  const own = imageOf(images, urlSecret)
  const stored = own && (await readWhole({ stores }, own))
  if (stored) return stored
  for (const image of images) {
    if (image === own) continue
    const whole = await readWhole({ stores }, image)
    if (!whole || !(await stores.previews.copy(image.objectKey, objectKey))) continue
    await recordCopies(pg, [{ imageId: image.id, objectKey, urlSecretId: urlSecret.id }])
    return { ...whole, objectKey, wasStored: false }
  }
  return null
}

const READ_IMAGES = statement({
  name: 'read-composites',
  isPrepared: true,
  text: `select ${JOINED_IMAGE} from image m
         where m.owner_type = 'FAMILY' and m.owner_id = :familyId and m.preset = :layout and m.format = :format
           and m.recipe_hash = :recipeHash and m.source_hash = :membersHash`,
  parameters: { familyId: 'int4', layout: 'text', format: 'image_format', recipeHash: 'text', membersHash: 'text' },
  columns: JOINED_IMAGE_COLUMNS,
})

const idsOf = ({ items }: Members) => items.map(({ itemId }) => itemId)

/** Reads the members' sources and renders them in one call: a picture, or the members that cannot be drawn. */
export async function draw(
  app: ComposeDeps,
  wanted: WantedComposite & { vendor: string; name: string; members: Members },
) {
  const { layout, format, name, members } = wanted
  const { sources, failures } = await inStage('source', () => readSources(app, members.items))
  if (failures.length > 0) return { failures }
  const shown = sources.slice(0, countFor(layout, countWithin(sources, SOURCES_MAX_BYTES)))
  const cells = arrange(layout, shown.length).map((cell, index) => ({ ...cell, svg: shown[index] as Buffer }))
  const order = { layout, name: nameOf(layout, name), format, cells }
  const cpuLimitMs = wanted.isBatch ? CELL_LIMIT_MS.batch : CELL_LIMIT_MS.request
  const path = [wanted.vendor, 'composites']
  const composed = await inStage('render', () => app.pool.compose(order, { cpuLimitMs, path }))
  if ('picture' in composed) return composed
  return {
    failures: composed.failures.flatMap(({ cell, code, message }) => {
      const item = members.items[cell]
      if (item) countFailure({ vendor: wanted.vendor, sourceKey: item.sourceKey, code })
      return item ? failureOf(item, new AppError(code, message)) : []
    }),
  }
}

/** The only place that reads the sources of a composite's members. */
async function readSources(
  { stores }: Pick<ComposeDeps, 'stores'>,
  items: readonly Candidate[],
): Promise<{ sources: Buffer[]; failures: FailedItem[] }> {
  const sources: Buffer[] = []
  const failures: FailedItem[] = []
  await mapConcurrent([...items.entries()], READS_AT_ONCE, async ([index, item]) => {
    try {
      sources[index] = checkSource(item, await stores.originals.get(item.originalKey))
    } catch (error) {
      if (!isSourceFailure(error)) throw error
      failures.push(failureOf(item, error))
    }
  })
  return { sources, failures }
}

const failureOf = ({ itemId, sourceHash }: Candidate, error: AppError): FailedItem => ({
  itemId,
  sourceHash,
  error,
  backfillId: null,
})

/** How many sources from the start fit within the limit, at least one. */
function countWithin(sources: readonly Buffer[], bytesMax: number): number {
  let sum = 0
  const tooMany = sources.findIndex((source, index) => {
    sum += source.length
    return sum > bytesMax && index > 0
  })
  return tooMany < 0 ? sources.length : tooMany
}
