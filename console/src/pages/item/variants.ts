import type { Operation } from '../../data/client.ts'
import type { Preset } from '../../data/presets.ts'
import { type ImageFormat, type VariantFieldsFragment, VariantFieldsText } from '../../generated.ts'

export interface Variant extends VariantFieldsFragment {
  readonly preset: Preset
}

type Answer = { readonly item: Readonly<Record<string, VariantFieldsFragment>> | null }

interface Wanted {
  readonly preset: Preset
  readonly format: ImageFormat
}

const allOf = (presets: readonly Preset[]): readonly Wanted[] =>
  presets.flatMap((preset) => preset.formats.map((format) => ({ preset, format })))

/** One query for an item's pictures in every preset and format; the presets are only known when it runs. */
export function variantsOperation(presets: readonly Preset[]): Operation<Answer, Readonly<Record<string, string>>> {
  const wanted = allOf(presets)
  const names = presets.map((_, at) => `$p${at}:String!`).join(' ')
  const fields = wanted.map(
    ({ preset, format }, at) => `v${at}:image(preset:$p${presets.indexOf(preset)} format:${format}){...VariantFields}`,
  )
  return {
    name: 'Variants',
    text: `query Variants($uniqueId:ID! ${names}){item(uniqueId:$uniqueId){${fields.join(' ')}}}${VariantFieldsText}`,
  }
}

export const variantsVariables = (uniqueId: string, presets: readonly Preset[]): Readonly<Record<string, string>> =>
  Object.fromEntries([['uniqueId', uniqueId], ...presets.map((preset, at) => [`p${at}`, preset.name])])

export const readVariants = (answer: Answer | null, presets: readonly Preset[]): readonly Variant[] =>
  allOf(presets).flatMap(({ preset }, at) => {
    const image = answer?.item?.[`v${at}`]
    return image ? [{ ...image, preset }] : []
  })

/** What docs/errors.md says of each warning, for the place beside a picture. */
const WARNINGS: Readonly<Record<string, string>> = {
  EXTERNAL_REFERENCE: 'External content was left out',
  SCRIPT: 'Scripts were left out',
  ANIMATION: 'Animation was left out',
  TEXT: 'Text is drawn with the bundled fonts',
  MISSING_GLYPH: 'The bundled fonts lack a letter',
  FOREIGN_OBJECT: 'HTML was left out',
  PICTURE_LEFT_OUT: 'An embedded picture was left out',
  UNKNOWN_COLOR: 'An unknown colour was ignored',
  RULE_DROPPED: 'A style rule was ignored',
  DEAD_REFERENCE: 'A reference leads to nothing',
  TOO_LARGE: 'An embedded picture was too large',
  CYCLE: 'A reference to itself was cut',
  CLAMPED: 'A number was reduced',
}
export const warningWords = (code: string): string => WARNINGS[code] ?? code
