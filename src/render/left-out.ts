/** By warning code: the part of the document that is missing from the picture. */
const WORDS: Readonly<Record<string, string>> = {
  EXTERNAL_REFERENCE: 'content that it refers to outside of the document',
  PICTURE_LEFT_OUT: 'an embedded picture that cannot be read',
  TOO_LARGE: 'an embedded picture beyond the limits',
  FOREIGN_OBJECT: 'HTML',
  SCRIPT: 'scripts',
  DEAD_REFERENCE: 'a reference to nothing',
  CYCLE: 'a reference to itself',
}

/** A sentence, with a leading space, on what was left out of a document before it failed, which is often the cause; or ''. */
export function leftOut(warnings: readonly string[]): string {
  const missing = warnings.flatMap((warning) => WORDS[warning] ?? [])
  return missing.length === 0 ? '' : ` Left out: ${missing.join(', ')} (${warnings.join(', ')}).`
}
