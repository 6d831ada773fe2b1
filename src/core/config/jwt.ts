import { jwks, type Read, token } from './values.ts'

/** The environment variables for an identity provider: a part of variables.ts. */
export const JWT_VARIABLES = [
  {
    name: 'JWKS_URL',
    default: 'none',
    meaning:
      'Address of the key set of your identity provider, whose JWTs are then valid as Bearer tokens; needs `JWT_ISSUER` and `JWT_AUDIENCE` too.',
  },
  { name: 'JWT_ISSUER', default: 'none', meaning: 'The `iss` that JWTs must have.' },
  { name: 'JWT_AUDIENCE', default: 'none', meaning: 'The `aud` that JWTs must have.' },
  {
    name: 'JWT_SCOPES_CLAIM',
    default: 'scope',
    meaning:
      'Claim of a JWT that lists its scopes: text separated by spaces, or a list. Others than those of docs/operating/security.md are ignored.',
  },
  {
    name: 'JWT_VENDOR_CLAIM',
    default: 'vendor',
    meaning: 'Claim of a JWT with the username of its vendor, or `*` for all vendors; without it the JWT is refused.',
  },
] as const

/** Whose JWTs are accepted, and what their claims are called. */
export interface JwtConfig {
  readonly jwksUrl: string
  readonly issuer: string
  readonly audience: string
  readonly scopesClaim: string
  readonly vendorClaim: string
}

/** From the environment; null unless the first three variables are set. */
export function readJwtConfig(read: Read<typeof JWT_VARIABLES>): JwtConfig | null {
  const jwksUrl = read<string | null>('JWKS_URL', null, jwks)
  const issuer = read<string | null>('JWT_ISSUER', null, token)
  const audience = read<string | null>('JWT_AUDIENCE', null, token)
  const scopesClaim = read<string>('JWT_SCOPES_CLAIM', 'scope', token)
  const vendorClaim = read<string>('JWT_VENDOR_CLAIM', 'vendor', token)
  return jwksUrl && issuer && audience ? { jwksUrl, issuer, audience, scopesClaim, vendorClaim } : null
}
