import { createHash, timingSafeEqual } from 'node:crypto'

/** A token's rights. The admin token has them all. */
export type TokenScope =
  | 'backfill:write'
  | 'takedown:write'
  | 'preview:write'
  | 'delivery:read'
  | 'webhook:write'
  | 'upload:write'

const ALL_SCOPES: ReadonlySet<TokenScope> = new Set([
  'backfill:write',
  'takedown:write',
  'preview:write',
  'delivery:read',
  'webhook:write',
  'upload:write',
])
const NO_SCOPES: ReadonlySet<TokenScope> = new Set()

/**
 * What the bearer of this Authorization header may do; nothing without one.
 * Hashed first, so that the comparison's time reveals neither content nor length of the token.
 */
export function scopesOf(authorization: string | null | undefined, adminToken: string): ReadonlySet<TokenScope> {
  const [, token] = /^Bearer\s+(\S+)$/i.exec(authorization ?? '') ?? []
  if (!token) return NO_SCOPES
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(token), digest(adminToken)) ? ALL_SCOPES : NO_SCOPES
}
