/** All scopes, in the order of the documentation: what a token may do. Operators are those who hold one that is not `catalogue:read`. */
export const TOKEN_SCOPES = [
  'catalogue:read',
  'catalogue:write',
  'upload:write',
  'backfill:write',
  'takedown:write',
  'preview:write',
  'webhook:write',
  'delivery:read',
  'operations:read',
  'originals:read',
  'token:write',
] as const

export type TokenScope = (typeof TOKEN_SCOPES)[number]

/** A vendor whose things are all that a caller sees and changes. */
export interface BoundVendor {
  /** Row id; 0 while the catalogue has no vendor of this name, so that no row matches it. */
  readonly id: number
  readonly username: string
}

/** Who makes a request, and what they may do. */
export interface Caller {
  /** For the audit log: `admin`, `token:ai_live_7KQ2`, `jwt:SUBJECT`, `anonymous`. */
  readonly actor: string
  readonly scopes: ReadonlySet<TokenScope>
  /** The only vendor whose things they see and change; null: all vendors. */
  readonly vendor: BoundVendor | null
  /** Row id of the token, null for other callers. */
  readonly tokenId: number | null
}

/** Without a token: public reads, unless they are closed. */
export const anonymousCaller = ({ publicReads }: { publicReads: boolean }): Caller => ({
  actor: 'anonymous',
  scopes: new Set(publicReads ? ['catalogue:read'] : []),
  vendor: null,
  tokenId: null,
})

export const ADMIN: Caller = { actor: 'admin', scopes: new Set(TOKEN_SCOPES), vendor: null, tokenId: null }
