import { createHash, timingSafeEqual } from 'node:crypto'

/** The header in which a CDN proves that a request comes from it: the value is one of ORIGIN_SECRET. */
export const ORIGIN_SECRET_HEADER = 'x-origin-secret'

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * A check of a header's value, whose duration does not tell how much of it is right. Without secrets every request passes.
 * @param secrets of which any is accepted
 */
export function createSecretCheck(
  secrets: readonly string[] | null,
): (given: string | string[] | undefined) => boolean {
  if (secrets === null) return () => true
  const accepted = secrets.map(digest)
  return (given) => {
    if (typeof given !== 'string') return false
    const hash = digest(given)
    return accepted.filter((one) => timingSafeEqual(one, hash)).length > 0
  }
}
