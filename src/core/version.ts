import { createHmac, timingSafeEqual } from 'node:crypto'

/** The versions in picture keys: a key with a version is immutable, and cannot be formed without the secret. */

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** Number of versions cached, about 300 bytes each: popular pages print the same ones again. */
const VERSIONS_MAX = 50_000
let versionCount = 0
/** By recipe hash and source hash, for the latest secret; nested so that a lookup need not build a combined key. */
const versions = new Map<string, Map<string, { readonly secret: string; readonly version: string }>>()

/** 16 base32 characters (80 bits) of HMAC-SHA256(secret, source hash, recipe hash): unguessable without the secret. */
export function versionOf(secret: string, sourceHash: string, recipeHash: string): string {
  const known = versions.get(recipeHash)?.get(sourceHash)
  if (known?.secret === secret) return known.version
  const version = computeVersion(secret, sourceHash, recipeHash)
  if (versionCount >= VERSIONS_MAX) {
    versions.clear()
    versionCount = 0
  }
  const ofRecipe = versions.get(recipeHash) ?? new Map()
  versions.set(recipeHash, ofRecipe.set(sourceHash, { secret, version }))
  versionCount++
  return version
}

function computeVersion(secret: string, sourceHash: string, recipeHash: string): string {
  const digest = createHmac('sha256', secret).update(`${sourceHash}\n${recipeHash}`).digest()
  let version = ''
  for (let bit = 0; bit < 80; bit += 5) {
    const pair = digest.readUInt16BE(bit >> 3)
    version += BASE32[(pair >> (11 - (bit & 7))) & 31]
  }
  return version
}

/** Compares two versions in constant time, so that timing does not reveal how much of a forged one is correct. */
export const sameVersion = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
