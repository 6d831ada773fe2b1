import { jwks, type Problem, token } from './values.ts'

/** Whose JWTs are accepted, and what their claims are called. */
export interface JwtConfig {
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  readonly scopesClaim: string
  readonly vendorClaim: string
}

type JwtVariable = 'JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'JWT_SCOPES_CLAIM' | 'JWT_VENDOR_CLAIM'

/** From the environment; null unless the first three variables are set. */
export function readJwtConfig(
  read: <T>(name: JwtVariable, fallback: T, parse: (text: string) => T | Problem) => T,
): JwtConfig | null {
  const jwksUrl = read<string | null>('JWKS_URL', null, jwks)
  const issuer = read<string | null>('JWT_ISSUER', null, token)
  const audience = read<string | null>('JWT_AUDIENCE', null, token)
  const scopesClaim = read<string>('JWT_SCOPES_CLAIM', 'scope', token)
  const vendorClaim = read<string>('JWT_VENDOR_CLAIM', 'vendor', token)
  return jwksUrl && issuer && audience ? { jwksUrl, issuer, audience, scopesClaim, vendorClaim } : null
}
