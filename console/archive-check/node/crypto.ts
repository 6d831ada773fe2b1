import { sha256 } from '@noble/hashes/sha2.js'

/** In place of node:crypto: unique ids are beginnings of SHA-256 hashes. */
export function createHash(algorithm: string) {
  if (algorithm !== 'sha256') throw new Error(`${algorithm} is not available in a browser`)
  const hash = sha256.create()
  return {
    update(text: string) {
      hash.update(new TextEncoder().encode(text))
      return this
    },
    digest: () => hash.digest(),
  }
}
