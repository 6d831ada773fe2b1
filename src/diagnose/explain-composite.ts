import { findComposite } from '../composites/find.ts'
import { type LocatedComposite, locateComposite } from '../composites/locate.ts'
import { compositeKeyOf } from '../composites/make.ts'
import { quoted } from '../core/text.ts'
import { type CompositePath, printCompositeKey } from '../core/variant.ts'
import { execute, query } from '../db/query.ts'
import type { Store } from '../store/store.ts'
import { readMaking } from '../variants/latest.ts'
import { timeOf } from './explain-variant.ts'
import { deliveryOf, type Explanation, FROM_GRAPHQL, NOT_FOUND, NOTHING } from './explanation.ts'
import { type GroupFacts, readGroup, type Sees } from './read-subject.ts'

export type ExplainCompositeDeps = Parameters<typeof findComposite>[0] &
  Sees & {
    readonly stores: { readonly previews: Pick<Store, 'head'> }
    readonly config: { readonly publicImageUrl: string | null }
  }

/** Explains the key of a family's picture. Makes nothing. */
export async function explainComposite(
  app: ExplainCompositeDeps,
  path: CompositePath,
  key: string,
): Promise<Explanation> {
  const refuse = (sentence: string, remedy: string, known: Partial<Explanation> = {}): Explanation => ({
    ...NOTHING,
    kind: 'COMPOSITE',
    cdn: deliveryOf(app.config, known.stored ?? false, NOT_FOUND),
    sentence,
    remedy,
    ...known,
  })
  const group = await readGroup(app, { uniqueId: path.family })
  if (group?.typename !== 'Family' || group.vendor !== path.vendor)
    return refuse(`There is no family ${path.family} of ${path.vendor}.`, FROM_GRAPHQL)
  const subject = { vendorId: group.vendorId, familyId: group.id }
  if (group.isPrivate)
    return refuse(
      `Family ${quoted(group.name, { charactersMax: 80 })} is PRIVATE, so it has no preview.`,
      'If it may be shown, change its visibility: mutation setFamilyVisibility.',
      subject,
    )
  const layout = app.layouts.get(path.layout)
  if (!layout) {
    const issued = (await execute(app.pg, query.selectFrom('layout_use').where('layout', '=', path.layout))) > 0
    return refuse(
      issued
        ? `Layout ${path.layout} was removed from layouts.json: its pictures are deleted some days later.`
        : `There is no layout ${path.layout}, and there never was; there are ${[...app.layouts.keys()].join(', ')}.`,
      issued ? `Put ${path.layout} back into layouts.json, or use another layout.` : FROM_GRAPHQL,
      { ...subject, issued, stored: await exists(app, key) },
    )
  }
  if (!layout.formats.includes(path.format))
    return refuse(
      `Layout ${layout.name} is not offered as ${path.format}, only as ${layout.formats.join(', ')}.`,
      `Add ${path.format.toLowerCase()} to the formats of the layout, or use one that it offers.`,
      subject,
    )
  const located = await locateComposite(app.pg, { ...path, layout })
  const found = await findComposite(app, key)
  if (!located || !found)
    return refuse(
      `The version ${path.version} was never issued for family ${path.family}: it is mistyped or made up, of another URL_SECRET, or of a pick from long ago.`,
      `${FROM_GRAPHQL} If the URL came from this service's GraphQL, give all processes the same URL_SECRET.`,
      subject,
    )
  const current = located.pick && compositeKeyOf(app, { ...path, layout: layout.name }, located.pick)
  const stored = current ? await exists(app, current) : null
  const isAskedStored = key === current ? stored === true : await exists(app, key)
  const state = await stateOf(app, located, { current, stored, group })
  return {
    ...NOTHING,
    kind: 'COMPOSITE',
    issued: true,
    ...subject,
    status: state.status,
    objectKey: current,
    stored,
    cdn: deliveryOf(app.config, isAskedStored, answerTo(state, found.freshness)),
    sentence: `${LEADS[found.freshness === 'current' || found.freshness === 'alias' ? found.freshness : 'outdated']} ${state.sentence}`,
    remedy: state.remedy,
  }
}

const LEADS = {
  current: "This is the family's current picture in this layout.",
  alias: "This address without a version leads to the family's current picture in this layout.",
  outdated: 'This URL was issued for an earlier picture of the family; it leads to the current one.',
} as const

const exists = async (app: ExplainCompositeDeps, key: string): Promise<boolean> =>
  (await app.stores.previews.head(key)) !== null

interface State extends Pick<Explanation, 'status' | 'sentence' | 'remedy'> {
  /** Null: that of a picture. */
  readonly refusal: string | null
}

const answerTo = ({ refusal, status }: State, freshness: string): string =>
  refusal ??
  (freshness === 'current'
    ? `200 with the picture${status === 'READY' ? '' : ', which it composes now'}`
    : `302 to the current picture${status === 'READY' ? '' : ', which it composes first'}`)

async function stateOf(
  app: ExplainCompositeDeps,
  located: LocatedComposite,
  { current, stored, group }: { current: string | null; stored: boolean | null; group: GroupFacts },
): Promise<State> {
  if (located.takenDown)
    return {
      status: 'GONE',
      refusal: '410 GONE',
      sentence: 'The family is taken down, by itself or with its vendor.',
      remedy: 'If it may be shown again, restore it: mutation restore.',
    }
  if (!located.isClean && located.pick)
    return {
      status: 'PENDING',
      refusal: null,
      sentence:
        'It shows an item that is taken down, or less public than the family, so another one is composed in its place.',
      remedy: 'Nothing: a worker composes it shortly, or the next request does.',
    }
  const making = current ? (await readMaking(app.pg, [current])).get(current) : undefined
  if (making && stored)
    return {
      status: 'READY',
      refusal: null,
      sentence: `It was composed on ${timeOf(making.madeAt)}.`,
      remedy: null,
    }
  if (making)
    return {
      status: 'READY',
      refusal: null,
      sentence: `It was composed on ${timeOf(making.madeAt)}, but its object is not in the store any more.`,
      remedy: "Open it, and it is composed again. If many objects are lost, check the bucket's lifecycle rules.",
    }
  return {
    status: 'PENDING',
    refusal: null,
    sentence: `Family ${quoted(group.name, { charactersMax: 80 })} has not been composed in this layout and format yet.`,
    remedy: 'Open it, and it is composed; if it has no item that can be shown, the answer is 404.',
  }
}

/** The stable alias of the picture that stands for a family. */
export function previewOf(
  { layouts }: ExplainCompositeDeps,
  { vendor, family }: GroupFacts,
): { path: CompositePath; key: string } | null {
  const layout = layouts.get('card') ?? [...layouts.values()][0]
  const [format] = layout?.formats ?? []
  if (!layout || !format) return null
  const path = { vendor, family, layout: layout.name, version: null, format }
  return { path, key: printCompositeKey(path) }
}
