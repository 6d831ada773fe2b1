import { AppError } from '../../core/errors.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'

const WORDS: Readonly<Record<string, string>> = {
  EXTERNAL_REFERENCE: 'what it refers to outside of itself',
  PICTURE_LEFT_OUT: 'an embedded picture that cannot be read',
  TOO_LARGE: 'an embedded picture beyond the limits',
  FOREIGN_OBJECT: 'HTML',
  SCRIPT: 'scripts',
  DEAD_REFERENCE: 'a reference to nothing',
  CYCLE: 'a reference to itself',
}

/** The error for a document that shows nothing, with what was left out of it: usually the reason. */
export function blank({ warnings }: Pick<NormalisedSvg, 'warnings'>): AppError {
  const missing = warnings.flatMap((warning) => WORDS[warning] ?? [])
  const why = missing.length === 0 ? '' : ` Left out: ${missing.join(', ')} (${warnings.join(', ')}).`
  return new AppError('BLANK', `Nothing of the document is visible.${why}`)
}
