import { AppError } from './errors.ts'
import { backgroundOf, isNamedBackground } from './preset-fields.ts'
import { isTransform, type Transform } from './transform.ts'

/** Turns a client's request into a transform of the ladder. Pure. */

export const THEMES = ['LIGHT', 'DARK', 'TRANSPARENT'] as const
export type Theme = (typeof THEMES)[number]

/** The background of each theme, and the colour in which it draws `currentColor`. */
export const THEME_COLOURS: Readonly<Record<Theme, Pick<Transform, 'background' | 'color'>>> = {
  LIGHT: { background: '#ffffff', color: null },
  DARK: { background: '#1f1f24', color: '#f4f4f6' },
  TRANSPARENT: { background: null, color: null },
}

/** What a front end requests; omitted fields take their defaults. Sizes in CSS px. */
export interface TransformRequest {
  readonly width?: number | null | undefined
  readonly height?: number | null | undefined
  readonly fit?: 'CONTAIN' | 'COVER' | null | undefined
  readonly padding?: number | null | undefined
  readonly background?: string | null | undefined
  readonly color?: string | null | undefined
  readonly theme?: Theme | null | undefined
  readonly dpr?: number | null | undefined
}

export const DPR = { min: 0.5, max: 4 } as const
const HEX = /^#[0-9a-f]{6}$/i
export const isHexColour = (text: string): boolean => HEX.test(text)

/**
 * The transform issued for a request: sides and padding are multiplied by `dpr`, and sides are rounded up to the ladder or, beyond it,
 * reduced to its largest size. Throws BAD_INPUT.
 */
export function offeredTransform(ladder: readonly number[], request: TransformRequest): Transform {
  if (ladder.length === 0) refuse('This service offers presets only: use one of those in { presets { name } }.')
  const dpr = request.dpr ?? 1
  if (!(dpr >= DPR.min && dpr <= DPR.max)) refuse(`The dpr is ${dpr}; it must be from ${DPR.min} to ${DPR.max}.`)
  const width = snap(ladder, { name: 'width', side: request.width, dpr })
  const height = snap(ladder, { name: 'height', side: request.height, dpr })
  if (width === null && height === null) refuse('A picture needs a width or a height.')
  const padding = request.padding ?? 0
  if (!Number.isInteger(padding) || padding < 0)
    refuse(`The padding is ${padding}; it must be a whole number of px, at least 0.`)
  const usual = THEME_COLOURS[request.theme ?? 'LIGHT']
  const transform: Transform = {
    width,
    height,
    // With one side the box has the art's ratio, so contain and cover are the same.
    fit: request.fit === 'COVER' && width !== null && height !== null ? 'cover' : 'contain',
    padding: Math.round(padding * dpr),
    background: request.background ? groundOf(request.background) : usual.background,
    color: request.color ? colourOf('color', request.color) : usual.color,
  }
  if (isTransform(transform)) return transform
  return refuse(
    `A padding of ${transform.padding} px on each side leaves no room in ${[width, height].filter(Boolean).join(' x ')} px.`,
  )
}

/** The ladder's size for a side of a request. */
function snap(
  ladder: readonly number[],
  { name, side, dpr }: { name: string; side: number | null | undefined; dpr: number },
): number | null {
  if (side === null || side === undefined) return null
  if (!Number.isInteger(side) || side < 1)
    refuse(`The ${name} is ${side}; it must be a whole number of px, at least 1.`)
  return snapUp(ladder, side * dpr)
}

/** The smallest size of the ladder that is large enough, or else its largest. @param ladder not empty */
export const snapUp = (ladder: readonly number[], side: number): number =>
  ladder.find((each) => each >= side) ?? (ladder.at(-1) as number)

function groundOf(text: string): string | null {
  if (isNamedBackground(text) || HEX.test(text)) return backgroundOf(text.toLowerCase())
  return refuse(`The background is ${show(text)}; it must be transparent, white, auto or #rrggbb.`)
}

const colourOf = (name: string, text: string): string =>
  HEX.test(text) ? text.toLowerCase() : refuse(`The ${name} is ${show(text)}; it must be #rrggbb.`)

const show = (text: string) => JSON.stringify(text.slice(0, 40))

function refuse(sentence: string): never {
  throw new AppError('BAD_INPUT', sentence)
}
