import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { JwtConfig } from '../core/config/jwt.ts'
import { AppError } from '../core/errors.ts'
import { causes, log } from '../core/log.ts'
import { isVendorUsername } from '../core/variant.ts'
import { isTokenScope, type TokenScope } from './caller.ts'

/** Only signatures that are verified with a public key: with a shared key, whoever verifies could issue as well. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']
/** Difference of clocks that is tolerated. */
const TOLERANCE_S = 30
/** Time limit for fetching the keys. */
const TIMEOUT_MS = 5000
/** An unknown key id makes it fetch the keys again, at most this often. */
const COOLDOWN_MS = 30_000
/** After this, a key that the identity provider has withdrawn is no longer accepted. */
const KEYS_MAX_AGE_MS = 600_000
/** How long it does not ask for keys after that has failed. */
const PAUSE_MS = 5000
const SUBJECT_MAX = 100

/** What a JWT says of its holder. */
export interface JwtHolder {
  readonly subject: string
  readonly scopes: readonly TokenScope[]
  /** A username; null: all vendors. */
  readonly vendor: string | null
  readonly expiresAt: Date
}

export type VerifyJwt = (token: string) => Promise<JwtHolder | null>

/** Whether a text has the form of a signed JWT. */
export const isJwt = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

/**
 * Verifies JWTs with the keys of the identity provider. Resolves to null for one that is not valid: forged, expired, for another audience,
 * without its claims. Throws UNAVAILABLE if the keys cannot be fetched, so that nobody is refused for that.
 */
export function createVerifyJwt(config: JwtConfig): VerifyJwt {
  const { issuer, audience, scopesClaim, vendorClaim } = config
  const keys = createKeys(config.jwksUrl)
  const requiredClaims = ['exp', 'sub', vendorClaim]
  const options = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: TOLERANCE_S, requiredClaims }
  return async (token) => {
    try {
      return holderOf((await jwtVerify(token, keys, options)).payload)
    } catch (error) {
      if (error instanceof AppError) throw error
      if (!(error instanceof errors.JOSEError)) log.warn('a JWT cannot be verified', { cause: causes(error) })
      return null
    }
  }

  function holderOf({ sub = '', exp = 0, ...claims }: JWTPayload): JwtHolder | null {
    const vendor = claims[vendorClaim]
    if (typeof vendor !== 'string' || !(vendor === '*' || isVendorUsername(vendor))) return null
    const scopes = claims[scopesClaim]
    const named = typeof scopes === 'string' ? scopes.split(' ') : Array.isArray(scopes) ? scopes.map(String) : []
    return {
      subject: sub.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, SUBJECT_MAX),
      scopes: named.filter(isTokenScope),
      vendor: vendor === '*' ? null : vendor,
      expiresAt: new Date((exp + TOLERANCE_S) * 1000),
    }
  }
}

/** The keys at this address. While it does not answer, those that are known are used for their time; others are UNAVAILABLE. */
function createKeys(jwksUrl: string): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
  })
  let pausedUntil = 0
  const unavailable = () => new AppError('UNAVAILABLE', `The keys of ${jwksUrl} cannot be fetched.`, { isLogged: true })
  return async (header, token) => {
    const known = remote.fresh ? remote.jwks() : undefined
    if (performance.now() < pausedUntil) {
      if (known) return await createLocalJWKSet(known)(header, token)
      throw unavailable()
    }
    try {
      return await remote(header, token)
    } catch (error) {
      const isTokens = error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
      if (isTokens || error instanceof errors.JOSENotSupported) throw error
      if (performance.now() >= pausedUntil)
        log.error('JWKS_URL does not answer with its keys: JWTs that need them are answered with 503', {
          url: jwksUrl,
          cause: causes(error),
        })
      pausedUntil = performance.now() + PAUSE_MS
      throw unavailable()
    }
  }
}
