import { remedyOf } from '../core/errors.ts'
import { quoted } from '../core/text.ts'
import { findRecipe, parseTransform, recipeOfPreset } from '../core/transform.ts'
import { printSourceKey, type VariantPath } from '../core/variant.ts'
import { placeKey } from '../core/visibility.ts'
import { hasAnyWorker } from '../jobs/workers.ts'
import type { Store } from '../store/store.ts'
import { createVariantFinder } from '../variants/find.ts'
import { readMaking } from '../variants/latest.ts'
import { imageOf, type Located, locateVariant, type StoredImage } from '../variants/locate.ts'
import { variantKeyOf } from '../variants/make.ts'
import { specOf } from '../variants/offered.ts'
import { readStates } from '../variants/states.ts'
import { answerOf, deliveryOf, type Explanation, FROM_GRAPHQL, NOT_FOUND, NOTHING } from './explanation.ts'
import { type ItemFacts, readItem, type Sees } from './read-subject.ts'

export type ExplainVariantDeps = Parameters<typeof createVariantFinder>[0] &
  Sees & {
    readonly stores: { readonly previews: Pick<Store, 'head'> }
    readonly config: { readonly publicImageUrl: string | null }
  }

/** An explanation is no use of a picture. */
const NO_USES = { note: () => {}, flush: async () => {}, close: async () => {} }

/** Explains the key of an item's picture. Reads a few rows and asks the store for one or two objects; makes nothing. */
export async function explainVariant(app: ExplainVariantDeps, path: VariantPath, key: string): Promise<Explanation> {
  const kind = parseTransform(path.preset) ? 'TRANSFORM' : 'PICTURE'
  const refuse = (sentence: string, remedy: string, known: Partial<Explanation> = {}): Explanation => ({
    ...NOTHING,
    kind,
    cdn: deliveryOf(app.config, known.stored ?? false, NOT_FOUND),
    sentence,
    remedy,
    ...known,
  })
  const sourceKey = printSourceKey(path)
  const recipe = findRecipe(app, path.preset)
  const item = await readItem(app, { sourceKey })
  if (!item)
    return refuse(
      `There is no item ${path.slug} in set ${path.iconSet} of family ${path.family}: it was removed, renamed or never imported.`,
      `If it should exist, import it or have ${path.vendor} upload it. ${FROM_GRAPHQL}`,
    )
  const subject = { vendorId: item.vendorId, familyId: item.familyId, itemId: item.id }
  if (!recipe) return await explainUnoffered(app, { path, key, refuse, subject })
  if (!recipe.formats.includes(path.format))
    return refuse(
      `Preset ${path.preset} is not offered as ${path.format}, only as ${recipe.formats.join(', ')}.`,
      `Add ${path.format.toLowerCase()} to the formats of the preset, or use one that it offers.`,
      subject,
    )
  const located = await locateVariant(app.pg, { sourceKey, recipe, format: path.format })
  if (!located) return refuse('The item was removed a moment ago.', FROM_GRAPHQL, subject)
  const found = await createVariantFinder({ ...app, uses: NO_USES })(key)
  const current = variantKeyOf(app, located, specOf(located.preset, path.format))
  if (!found) {
    const recorded = (await readMaking(app.pg, [key])).has(key)
    return refuse(
      recorded
        ? `The picture with this key is recorded, but its version ${path.version} is not one of this URL_SECRET: it was made with another.`
        : `The version ${path.version} was never issued for ${described(item)}: it is mistyped or made up, of another URL_SECRET, or of a source or preset from long ago.`,
      `The current key is ${current}. If the URL came from this service's GraphQL, give all processes the same URL_SECRET.`,
      { ...subject, stored: recorded ? await exists(app, key) : null, objectKey: recorded ? key : null },
    )
  }
  const isAsked = key === current
  const state = await stateOf(app, located, item)
  const objectKey = placeKey(current, located)
  const stored = state.stored ?? (await exists(app, objectKey))
  const isAskedStored = isAsked ? stored : await exists(app, key)
  const lead =
    found.freshness === 'current'
      ? `This is the current ${path.preset} picture of ${described(item)}.`
      : found.freshness === 'alias'
        ? `This address without a version leads to the current ${path.preset} picture of ${described(item)}.`
        : `This URL was issued for an earlier source, preset or secret; it leads to the current ${path.preset} picture of ${described(item)}.`
  const answer = isAsked || state.status === 'GONE' || state.status === 'FAILED' ? state.answer : redirectTo(state)
  return {
    kind,
    issued: true,
    ...subject,
    status: state.status,
    objectKey,
    stored,
    failure: state.failure,
    cdn: located.isPrivate
      ? answerOf(app.config, `${state.answer} at a signed URL, and ${NOT_FOUND} without a signature`)
      : deliveryOf(app.config, isAskedStored, answer),
    sentence: `${lead}${located.isPrivate ? IS_PRIVATE : ''} ${state.sentence}`,
    remedy: state.remedy,
  }
}

const IS_PRIVATE = ' It is PRIVATE: only signed URLs show it, which GraphQL returns to tokens.'

const exists = async (app: Pick<ExplainVariantDeps, 'stores'>, key: string): Promise<boolean> =>
  (await app.stores.previews.head(key)) !== null

export const described = ({ name, uniqueId }: Pick<ItemFacts, 'name' | 'uniqueId'>): string =>
  `${quoted(name, { charactersMax: 80 })} (${uniqueId})`

const redirectTo = ({ status }: State): string =>
  status === 'READY' ? '302 to the current picture' : '302 to the current picture, which it makes first'

/** Why a preset's name or a transform's segment leads nowhere. */
async function explainUnoffered(
  app: ExplainVariantDeps,
  at: {
    path: VariantPath
    key: string
    refuse: (sentence: string, remedy: string, known?: Partial<Explanation>) => Explanation
    subject: Partial<Explanation>
  },
): Promise<Explanation> {
  const { path, key, refuse, subject } = at
  if (parseTransform(path.preset))
    return refuse(
      'Transforms are disabled: the ladder of presets.json is empty.',
      'Give presets.json a ladder of sizes, or use a preset.',
      subject,
    )
  const isRemoved = app.recipes.has(path.preset)
  const [recorded, stored] = await Promise.all([readMaking(app.pg, [key]), exists(app, key)])
  const issued = recorded.has(key)
  return refuse(
    isRemoved
      ? `Preset ${path.preset} was removed from presets.json: its pictures are deleted some days later.`
      : `There is no preset ${path.preset}, and there never was; there are ${[...app.presets.keys()].join(', ')}.`,
    isRemoved ? `Put ${path.preset} back into presets.json, or use another preset.` : FROM_GRAPHQL,
    { ...subject, issued, stored, objectKey: issued ? key : null },
  )
}

interface State extends Pick<Explanation, 'status' | 'failure' | 'sentence' | 'remedy'> {
  /** Whether the recorded object is there; null without a record. */
  readonly stored: boolean | null
  /** What this service answers if asked for the current key. */
  readonly answer: string
}

/** What became of the current picture. */
async function stateOf(app: ExplainVariantDeps, located: Located, item: ItemFacts): Promise<State> {
  const image = imageOf(located.images, app.urlSecret)
  if (located.takenDown)
    return {
      status: 'GONE',
      stored: null,
      failure: null,
      answer: '410 GONE',
      sentence: 'It is taken down, by itself or with its set, family or vendor.',
      remedy: 'If it may be shown again, restore it: mutation restore.',
    }
  if (image) return await storedState(app, image)
  const failure = (await readStates(app, { itemIds: [item.id], presets: [] })).get('')?.get(item.id)?.failure ?? null
  if (failure) return await failedState(app, failure, item)
  const isAhead = !located.recipe.isTransform && app.presets.get(located.preset.name)?.backfill
  return {
    status: 'PENDING',
    stored: null,
    failure: null,
    answer: '200 with the picture, which it makes now',
    sentence: 'It has not been made yet: nobody has requested it, and no backfill has reached it.',
    remedy: isAhead
      ? 'Open it, and it is made; or start a backfill to make it ahead of requests.'
      : 'Open it, and it is made.',
  }
}

async function storedState(app: ExplainVariantDeps, image: StoredImage): Promise<State> {
  const [object, facts] = await Promise.all([
    app.stores.previews.head(image.objectKey),
    readMaking(app.pg, [image.objectKey]),
  ])
  const making = facts.get(image.objectKey)
  const took = making?.renderMs ? ` in ${making.renderMs} ms` : ''
  const made = making ? `It was made on ${timeOf(making.madeAt)}${took} by ${making.engine}` : 'It was made'
  const state = { status: 'READY', failure: null, stored: object !== null } as const
  if (object?.bytes === image.bytes)
    return { ...state, answer: '200 with the picture', sentence: `${made} and has ${image.bytes} bytes.`, remedy: null }
  const what = object ? `has ${object.bytes} bytes instead of ${image.bytes}` : 'is not in the store any more'
  return {
    ...state,
    answer: '200 with the picture, which it makes again now',
    sentence: `${made}, but its object ${what}.`,
    remedy:
      "Open it, and it is made again. If many objects are lost, check the bucket's lifecycle rules and who else may write to it.",
  }
}

async function failedState(app: ExplainVariantDeps, failure: NonNullable<Explanation['failure']>, item: ItemFacts) {
  const { code, message, settled } = failure
  const tries = item.attempts === 1 ? 'one attempt' : `${item.attempts} attempts`
  const when = item.failedAt ? `, the last on ${timeOf(item.failedAt)}` : ''
  if (code === 'SLOW') {
    const isAnyWorker = await hasAnyWorker(app.pg)
    return {
      status: 'PENDING' as const,
      failure,
      stored: null,
      answer: '503 SLOW with a placeholder, until a worker has made it',
      sentence: `Rendering it takes longer than a request may${when}; ${isAnyWorker ? 'a worker renders it next' : 'a worker would render it, but none is running'}.`,
      remedy: isAnyWorker ? 'Wait some seconds.' : 'Start a worker: npm run worker.',
    }
  }
  const sentence = `Its source cannot be rendered: ${code}: ${message} (${tries}${when}).`
  if (settled)
    return {
      status: 'FAILED' as const,
      failure,
      stored: null,
      answer: `422 ${code}`,
      sentence,
      remedy: `${remedyOf(code)} Another attempt: “Try again” in the console, or the mutation retryItem.`,
    }
  return {
    status: 'PENDING' as const,
    failure,
    stored: null,
    answer: '200 with the picture if the next attempt, which it makes now, succeeds',
    sentence: `${sentence} Another attempt may help.`,
    remedy: 'Open it, and it is tried again.',
  }
}

export const timeOf = (date: Date): string => `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** The key of the picture that stands for an item. */
export function previewKeyOf(app: ExplainVariantDeps, item: ItemFacts): { path: VariantPath; key: string } | null {
  const preset = app.presets.get('preview') ?? [...app.presets.values()][0]
  const [format] = preset?.formats ?? []
  if (!preset || !format) return null
  const recipe = recipeOfPreset(preset)
  const key = variantKeyOf(app, item, specOf(recipe.presetFor(item), format))
  return { key, path: { ...item.path, preset: preset.name, version: key.split('.').at(-2) ?? null, format } }
}
