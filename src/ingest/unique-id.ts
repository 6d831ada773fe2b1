import { createHash } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A 12-character id [A-Z2-7] (60 bits) that the same text always gets, so that imports are idempotent. */
export function uniqueIdOf(text: string): string {
  const digest = createHash('sha256').update(text).digest()
  return Array.from(digest.subarray(0, 12), (byte) => ALPHABET[byte & 31]).join('')
}
