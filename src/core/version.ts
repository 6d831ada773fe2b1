import { createHmac, timingSafeEqual } from 'node:crypto'

/** The versions in picture keys: a key with a version is immutable, and cannot be formed without a secret. */

/** A secret that versions are made with. */
export interface UrlSecret {
  /** The order in which secrets were first used: one with a higher id is newer. */
  readonly id: number
  readonly value: string
}

/** The URL secrets of a process: keys are made with the first, and accepted with any. */
export interface UrlSecrets {
  readonly urlSecret: UrlSecret
  readonly urlSecrets: readonly UrlSecret[]
}

/** What a version is made from: hashes of a source and a recipe, or of a composite's members and layout. */
export interface Versioned {
  readonly sourceHash: string
  readonly recipeHash: string
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** Number of versions cached, about 300 bytes each: popular pages print the same ones again. */
const VERSIONS_MAX = 50_000
let versionCount = 0
/** By secret, recipe hash and source hash; nested so that a lookup need not build a combined key. */
const versions = new Map<string, Map<string, Map<string, string>>>()

/** 16 base32 characters (80 bits) of HMAC-SHA256(secret, source hash, recipe hash): unguessable without the secret. */
export function versionOf(secret: string, sourceHash: string, recipeHash: string): string {
  const known = versions.get(secret)?.get(recipeHash)?.get(sourceHash)
  if (known !== undefined) return known
  const version = computeVersion(secret, sourceHash, recipeHash)
  if (versionCount >= VERSIONS_MAX) {
    versions.clear()
    versionCount = 0
  }
  const ofSecret = versions.get(secret) ?? new Map<string, Map<string, string>>()
  const ofRecipe = ofSecret.get(recipeHash) ?? new Map<string, string>()
  versions.set(secret, ofSecret.set(recipeHash, ofRecipe.set(sourceHash, version)))
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

/** Which of the secrets has made this version of one of these, the secrets in their order. Null: none. */
export const secretOf = (version: string, secrets: readonly UrlSecret[], all: readonly Versioned[]): UrlSecret | null =>
  secrets.find(({ value }) =>
    all.some(({ sourceHash, recipeHash }) => sameVersion(version, versionOf(value, sourceHash, recipeHash))),
  ) ?? null
