import { z } from 'zod'

/** Output sides above this cost more memory than a preview is worth; WebP itself ends at 16383 px. */
export const SIDE_MAX_PX = 4096

export const side = z.int().min(1).max(SIDE_MAX_PX)
export const hexColour = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, 'must be #rrggbb')
  .toLowerCase()

/**
 * What a preset says of its pictures, as a presets file has it. Sizes in px. A field that comes later is declared here, used by
 * a step of the renderer, and is optional: recipes, drawings and srcsets tell it apart by themselves (test/recipes.test.ts),
 * and the URLs of presets without it stay.
 */
export const presetFields = {
  width: side,
  height: side,
  /** `auto`: white, or dark where most of the art would be lost on white. */
  background: z.union([z.enum(['white', 'transparent', 'auto']), hexColour]).default('white'),
  /** Space on each side, in px. */
  padding: z.int().min(0).max(SIDE_MAX_PX).default(0),
  /** `contain` shows all of the art, `cover` fills the box and crops. */
  fit: z.enum(['contain', 'cover']).default('contain'),
  /** For `currentColor`, which is black without it. */
  color: hexColour.optional(),
  /** The operator's SVG, drawn over the whole picture: its path. */
  watermark: z.string().min(1).optional(),
  encoding: z.enum(['auto', 'lossless', 'lossy']).default('auto'),
}

/** Named backgrounds; null is transparent. */
const BACKGROUNDS: Readonly<Record<string, string | null>> = { white: '#ffffff', transparent: null, auto: 'auto' }
export const isNamedBackground = (text: string): boolean => Object.hasOwn(BACKGROUNDS, text)

/** The background that a name or #rrggbb stands for, as the renderers take it. */
export const backgroundOf = (text: string): string | null =>
  isNamedBackground(text) ? (BACKGROUNDS[text] ?? null) : text

type Read = z.output<z.ZodObject<typeof presetFields>>

/** The fields as a renderer takes them. */
export interface PresetFields extends Readonly<Omit<Read, 'background' | 'color' | 'watermark'>> {
  /** `#rrggbb`, null for transparent, or `auto`. */
  readonly background: string | null
  /** `#rrggbb`, null for black. */
  readonly color: string | null
  /** The SVG itself, null for none. */
  readonly watermark: string | null
}
