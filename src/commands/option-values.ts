import { InvalidArgumentError } from 'commander'

// Each reads a value of the command line, or says what is wrong with it.

export const FORMATS = ['webp', 'avif', 'png'] as const

/** Names that are separated by commas. */
export const list = (text: string): string[] => text.split(',').filter(Boolean)

/** Formats of pictures, separated by commas. */
export function formats(text: string): string[] {
  const named = list(text.toLowerCase())
  if (named.every((each) => FORMATS.some((format) => format === each))) return named
  throw new InvalidArgumentError(`Use some of ${FORMATS.join(', ')}.`)
}

/** A whole number. */
export function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number, 0 or more.')
}

/** The same, of things of which none would make no sense. */
export function countOfSome(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Use a whole number, 1 or more.')
}

/** An absolute URL. */
export function url(text: string): string {
  if (URL.canParse(text)) return text
  throw new InvalidArgumentError('Use a URL like http://localhost:4000.')
}

/** A moment. */
export function date(text: string): Date {
  const parsed = new Date(text)
  if (!Number.isNaN(parsed.getTime())) return parsed
  throw new InvalidArgumentError('Use a date like 2027-01-31.')
}
