import type { Config } from '../core/config.ts'
import type { ItemFailure } from '../variants/states.ts'

/** The kinds of what can be explained, with what each means. */
export const EXPLAINED_KINDS = {
  PICTURE: "an item's picture in a preset",
  TRANSFORM: "an item's picture in a size and look of its own",
  COMPOSITE: "a family's preview",
  STABLE_ADDRESS: 'an address that redirects to the current picture',
  ORIGINAL: 'the key of an original, which is private',
  ITEM: 'the id or slug of an item; its preview is explained',
  FAMILY: 'the id of a family; its preview is explained',
  ICON_SET: 'the id of a set, which has no picture',
  VENDOR: 'the id of a vendor, who has no picture',
  OTHER_HOST: 'a URL that does not lead to this service',
  UNKNOWN: 'nothing that this service knows',
} as const
export type ExplainedKind = keyof typeof EXPLAINED_KINDS

/** What a pasted URL, key, id or slug is, and what became of it. */
export interface Explanation {
  readonly kind: ExplainedKind
  /** Whether it is an address that this service has issued. */
  readonly issued: boolean
  /** Row ids; null: there is none, or none is known. */
  readonly vendorId: number | null
  readonly familyId: number | null
  readonly itemId: number | null
  readonly status: 'READY' | 'PENDING' | 'FAILED' | 'GONE' | null
  /** Where the current picture, or the original, lies or will lie. */
  readonly objectKey: string | null
  /** Whether there is an object with this key; null without one. */
  readonly stored: boolean | null
  readonly failure: ItemFailure | null
  /** What a viewer gets, and from where. */
  readonly cdn: string
  readonly sentence: string
  readonly remedy: string | null
}

/** Of something that is not in the catalogue. */
export const NOTHING = {
  issued: false,
  vendorId: null,
  familyId: null,
  itemId: null,
  status: null,
  objectKey: null,
  stored: null,
  failure: null,
} as const satisfies Partial<Explanation>

type Settings = Pick<Config, 'publicImageUrl'>

/** What a viewer gets for a key. @param isStored whether the bucket has an object with exactly this key */
export function deliveryOf({ publicImageUrl }: Settings, isStored: boolean, answer: string): string {
  if (!publicImageUrl) return `There is no CDN (PUBLIC_IMAGE_URL is not set): this service answers ${answer}.`
  if (isStored) return 'The CDN answers 200 with the picture, from the bucket; edges keep it for a year.'
  return `The bucket has no such object, so the CDN asks this service, which answers ${answer}.`
}

/** What a viewer gets for what only this service answers. */
export const answerOf = ({ publicImageUrl }: Settings, answer: string): string =>
  publicImageUrl ? `The CDN passes on this service's answer: ${answer}.` : `This service answers ${answer}.`

/** The answer for what was never issued. */
export const NOT_FOUND = '404 NOT_FOUND, which a CDN keeps for a minute'

export const FROM_GRAPHQL =
  'Take URLs from GraphQL (Item.image, Item.picture, Family.preview) when a page is rendered, and do not build them.'
