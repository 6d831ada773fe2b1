import { createHash, randomBytes } from 'node:crypto'

/** A token as its holder sends it: `ai_live_` and a readable part, by which people tell tokens apart, then 256 random bits. */
export interface NewCredential {
  /** The whole token. It is shown once and not stored. */
  readonly secret: string
  /** `ai_live_7KQ2M8XA`, for lists and the audit log. */
  readonly prefix: string
  readonly hash: Buffer
}

/** 32 letters and digits that are not taken for one another, so that a random byte picks one evenly. */
const READABLE = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const READABLE_LENGTH = 8
const SECRET_BYTES = 32
/** The base64url of the secret's bytes has 43 characters; the last one holds four bits. */
const CREDENTIAL = /^ai_live_[2-9A-HJ-NP-Z]{8}_[\w-]{42}[AEIMQUYcgkosw048]$/

/** A new random secret of 256 bits, its beginning that may be shown, and its hash that is stored. */
export function createCredential(): NewCredential {
  const readable = Array.from(randomBytes(READABLE_LENGTH), (byte) => READABLE[byte % READABLE.length]).join('')
  const prefix = `ai_live_${readable}`
  const secret = `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { secret, prefix, hash: hashOf(secret) }
}

/** Whether a text has the form of a token: others need no look-up. */
export const isCredential = (text: string): boolean => CREDENTIAL.test(text)

/** SHA-256. A token has 256 random bits, so that a slow hash would protect nothing. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest()
