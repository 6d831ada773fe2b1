import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long the code that `npm start` prints can be exchanged. */
export const SIGN_IN_LIFE_MS = 10 * 60_000
/** Wrong codes that are compared within a minute, from all addresses together: 128 bits cannot be guessed at that rate. */
const TRIES_PER_MINUTE = 30

export type Redeemed = 'accepted' | 'refused' | 'too-many'

/** A code of 128 random bits that can be exchanged once, within ten minutes. */
export interface SignInCode {
  readonly text: string
  /** Whether this is the code; it is used up if so. */
  readonly redeem: (given: string) => Redeemed
}

/** @param now the time in ms, of a clock that never goes back */
export function createSignInCode(now: () => number = () => performance.now()): SignInCode {
  const text = randomBytes(16).toString('base64url')
  const expected = digest(text)
  const expiresAt = now() + SIGN_IN_LIFE_MS
  let isUsed = false
  let minute = 0
  let tries = 0

  function redeem(given: string): Redeemed {
    const current = Math.floor(now() / 60_000)
    if (current !== minute) [minute, tries] = [current, 0]
    if (tries >= TRIES_PER_MINUTE) return 'too-many'
    // Hashed first, so that the comparison's time reveals neither content nor length.
    const isRight = timingSafeEqual(digest(given), expected)
    if (!isRight || isUsed || now() > expiresAt) {
      tries++
      return 'refused'
    }
    isUsed = true
    return 'accepted'
  }

  return { text, redeem }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
