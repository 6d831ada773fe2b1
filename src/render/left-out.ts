/** By code of a warning: what of the document is not in the picture. */
const WORDS: Readonly<Record<string, string>> = {
  EXTERNAL_REFERENCE: 'what it refers to outside of itself',
  PICTURE_LEFT_OUT: 'an embedded picture that cannot be read',
  TOO_LARGE: 'an embedded picture beyond the limits',
  FOREIGN_OBJECT: 'HTML',
  SCRIPT: 'scripts',
  DEAD_REFERENCE: 'a reference to nothing',
  CYCLE: 'a reference to itself',
}

/** A sentence on what was left out of a document before it failed, with a space before it: that is why, most of the time. Empty where nothing was. */
export function leftOut(warnings: readonly string[]): string {
  const missing = warnings.flatMap((warning) => WORDS[warning] ?? [])
  return missing.length === 0 ? '' : ` Left out: ${missing.join(', ')} (${warnings.join(', ')}).`
}
