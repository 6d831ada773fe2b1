import { compositeKeyOf } from '../composites/make.ts'
import { offeredLayoutFormat } from '../composites/offered.ts'
import type { Layout } from '../core/layouts.ts'
import type { ImageFormat } from '../core/variant.ts'
import type { Context } from './builder.ts'
import type { WantedImage } from './image.ts'

/**
 * A family's picture, null if the family has nothing to show. Until a picture that may be shown is composed, its key is the alias. Throws
 * BAD_INPUT for a format that the layout does not offer.
 */
export async function previewOf(
  familyId: number,
  { layout, format }: { layout: Layout; format: ImageFormat },
  { app, loaders }: Context,
): Promise<WantedImage | null> {
  offeredLayoutFormat(layout, format)
  const { vendor, family, takenDown, hasMembers, picks } = await loaders.picks.load(familyId)
  const pick = picks.find((each) => each.layout === layout.name && each.isClean) ?? null
  if (!pick && !hasMembers && !takenDown) return null
  const key = compositeKeyOf(app, { vendor, family, layout: layout.name, format }, pick)
  const { width, height } = layout
  return {
    key,
    isPrivate: false,
    width,
    height,
    format,
    state: async (context) => {
      const rows = await context.loaders.composites.load(familyId)
      return { isGone: takenDown, facts: rows.find(({ objectKey }) => objectKey === key) ?? null, failure: null }
    },
  }
}
