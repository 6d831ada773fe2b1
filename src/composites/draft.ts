import { AppError } from '../core/errors.ts'
import type { Layout } from '../core/layouts.ts'
import { mimeTypeOf } from '../core/variant.ts'
import type { Rect } from '../render/messages.ts'
import type { AdmissionLimiter } from '../variants/admission.ts'
import { arrange } from './arrange.ts'
import { chooseMembers } from './choose-members.ts'
import { type ComposeDeps, draw, NO_SETTINGS, readFamily } from './make.ts'
import { readPick, type Settings } from './record.ts'
import { checkSettings } from './regenerate.ts'

/** A composite that was drawn but not stored. */
export interface Draft {
  /** `data:image/webp;base64,…` */
  readonly dataUrl: string
  /** px */
  readonly width: number
  readonly height: number
  readonly seed: number
  /** Item ids in the order of their cells. */
  readonly members: readonly number[]
  /** Where each member is drawn, in px of the picture. */
  readonly cells: readonly Rect[]
  /** Item ids, as given or stored. */
  readonly pinned: readonly number[]
  readonly excluded: readonly number[]
}

const DATA_URL_MAX = 1_000_000
/** Each round leaves out the members that could not be drawn in the one before. */
const ROUNDS_MAX = 3

/**
 * Composes a family's picture with these settings, omitted ones as stored, in the layout's first format, and stores nothing, not even
 * which members could not be drawn. The same settings give the same picture as regeneratePreview, which may replace such members. Throws
 * BAD_INPUT for an invalid seed, list or item, NOT_FOUND if nothing remains to be shown, GONE, BUSY, TOO_LARGE above 1 MB.
 */
export async function draftComposite(
  app: ComposeDeps & { readonly admission: AdmissionLimiter },
  wanted: {
    readonly familyId: number
    readonly layout: Layout
    readonly seed?: number | null | undefined
    readonly pinned?: readonly number[] | null | undefined
    readonly excluded?: readonly number[] | null | undefined
  },
): Promise<Draft> {
  const { familyId, layout } = wanted
  await checkSettings(app, wanted)
  const family = await readFamily(app.pg, familyId)
  const latest = (await readPick(app.pg, familyId, layout.name)) ?? NO_SETTINGS
  const settings: Settings = {
    seed: wanted.seed ?? latest.seed,
    pinned: wanted.pinned ?? latest.pinned,
    excluded: wanted.excluded ?? latest.excluded,
  }
  const [format = 'WEBP'] = layout.formats
  const place = await app.admission.acquire({ path: ['', 'operator'], lane: 'quick' })
  try {
    const failed: number[] = []
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const usable = { ...settings, excluded: [...settings.excluded, ...failed] }
      const members = await chooseMembers(app.pg, { familyId, name: family.name, layout, settings: usable, kept: null })
      if (members.items.length === 0) throw new AppError('NOT_FOUND', 'This family has nothing left to show.')
      const drawn = await draw(app, { familyId, layout, format, vendor: family.vendor, name: family.name, members })
      if ('failures' in drawn) {
        failed.push(...drawn.failures.map(({ itemId }) => itemId))
        continue
      }
      const { bytes, width, height } = drawn.picture
      const dataUrl = `data:${mimeTypeOf(format)};base64,${Buffer.from(bytes).toString('base64')}`
      if (dataUrl.length > DATA_URL_MAX)
        throw new AppError('TOO_LARGE', `The picture has ${bytes.length} bytes, too many for a data: URL of 1 MB.`)
      const shown = members.items.map(({ itemId }) => itemId)
      return { dataUrl, width, height, ...settings, members: shown, cells: arrange(layout, shown.length) }
    }
  } finally {
    place.release()
  }
  throw new AppError('BUSY', `Family ${family.family} has many items that cannot be rendered; try again in a minute.`)
}
