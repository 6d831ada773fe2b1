import { AppError } from '../../core/errors.ts'
import { leftOut } from '../left-out.ts'
import type { NormalisedSvg } from './normalise/normalise.ts'

/** The error for a document that shows nothing, with what was left out of it. */
export const blank = ({ warnings }: Pick<NormalisedSvg, 'warnings'>): AppError =>
  new AppError('BLANK', `Nothing of the document is visible.${leftOut(warnings)}`, { warnings })
