/** All scopes, in the order of the documentation: what a token may do. */
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

/** Scopes that show the whole installation, so that a vendor's token cannot have them. */
export const OPERATOR_SCOPES: ReadonlySet<TokenScope> = new Set(['delivery:read'])

export const isTokenScope = (text: string): text is TokenScope => TOKEN_SCOPES.some((scope) => scope === text)

/** A vendor whose things are all that a caller sees and changes. */
export interface BoundVendor {
  /** Row id; 0 while the catalogue has no vendor of this name, so that no row matches it. */
  readonly id: number
  readonly username: string
}

/** Who makes a request, and what they may do. */
export interface Caller {
  /** For the audit log: `admin`, `token:ai_live_7KQ2M8XA`, `jwt:SUBJECT`, `anonymous`. */
  readonly actor: string
  readonly scopes: ReadonlySet<TokenScope>
  /** The only vendor whose things they see and change; null: all vendors. */
  readonly vendor: BoundVendor | null
  /** Row id of the token, null for other callers. */
  readonly tokenId: number | null
  /** When their credential expires; null: never. */
  readonly expiresAt: Date | null
}

const NOBODY = { vendor: null, tokenId: null, expiresAt: null }

/** Without a credential: public reads, unless they are closed. */
export const anonymousCaller = ({ publicReads }: { publicReads: boolean }): Caller => ({
  ...NOBODY,
  actor: 'anonymous',
  scopes: new Set(publicReads ? ['catalogue:read'] : []),
})

export const ADMIN: Caller = { ...NOBODY, actor: 'admin', scopes: new Set(TOKEN_SCOPES) }
