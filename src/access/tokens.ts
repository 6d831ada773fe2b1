import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { isVendorUsername } from '../core/variant.ts'
import { nameTarget } from '../db/change.ts'
import type { Pg } from '../db/database.ts'
import { inTransaction } from '../db/database.ts'
import { lockTransaction, TOKEN_LOCK } from '../db/locks.ts'
import { notify } from '../db/notify.ts'
import { statement } from '../db/statement.ts'
import { type Caller, isTokenScope, OPERATOR_SCOPES, TOKEN_SCOPES, type TokenScope } from './caller.ts'
import { createCredential } from './credential.ts'

/** The channel on which revocations are notified; the payload is the hash of the token, in hex. */
export const TOKEN_CHANNEL = 'afterimage_token'

const NAME_MAX = 100
/** Valid tokens of one vendor, or of all operators. */
const TOKENS_MAX = 1000

export interface NewToken {
  readonly name: string
  readonly scopes: readonly string[]
  /** A username; null: all vendors. */
  readonly vendor: string | null
  readonly expiresAt: Date | null
}

/**
 * Creates a token and returns its secret, which is shown only here. Its creator cannot give it more than they have: neither scopes, nor
 * other vendors, nor a later expiry. Throws BAD_INPUT for an invalid name, scope, vendor or date, FORBIDDEN for more than they have.
 */
export async function createToken(
  { pg }: { pg: Pg },
  { by, ...wanted }: NewToken & { readonly by: Caller },
): Promise<{ id: number; secret: string }> {
  const name = wanted.name.trim()
  if (name.length === 0 || name.length > NAME_MAX || /\p{Cc}/u.test(name))
    throw new AppError('BAD_INPUT', `name has ${name.length} characters; 1 to ${NAME_MAX} printable ones are allowed.`)
  const vendor = vendorOf(wanted.vendor, by)
  const scopes = scopesOf(wanted.scopes, { by, vendor })
  const expiresAt = expiryOf(wanted.expiresAt, by)
  const { secret, prefix, hash } = createCredential()
  const id = await inTransaction(pg, async (client) => {
    await lockTransaction(client, TOKEN_LOCK)
    // A process may not know it yet.
    if (by.tokenId !== null && (await FIND_REVOKED.get(client, { id: by.tokenId })))
      throw new AppError('FORBIDDEN', 'Your token is revoked: it cannot create another one.')
    const token = { name, prefix, hash, scopes, vendor, expiresAt, parentId: by.tokenId, max: TOKENS_MAX }
    const added = await ADD_TOKEN.get(client, token)
    if (!added)
      throw new AppError('BAD_INPUT', `There are ${TOKENS_MAX} valid tokens, which is the maximum: revoke one first.`)
    nameTarget(printGlobalId('Token', added.id))
    return added.id
  })
  return { id, secret }
}

const shown = (text: string) => JSON.stringify(text.slice(0, 100))

function vendorOf(wanted: string | null, { vendor }: Caller): string | null {
  if (wanted !== null && !isVendorUsername(wanted))
    throw new AppError('BAD_INPUT', `${shown(wanted)} is not a vendor's username.`)
  if (!vendor) return wanted
  if (wanted === null || wanted === vendor.username) return vendor.username
  throw new AppError('FORBIDDEN', `A token of ${vendor.username} can only create tokens of ${vendor.username}.`)
}

function scopesOf(wanted: readonly string[], { by, vendor }: { by: Caller; vendor: string | null }): TokenScope[] {
  if (wanted.length === 0 || wanted.length > TOKEN_SCOPES.length)
    throw new AppError('BAD_INPUT', `scopes has ${wanted.length} entries; 1 to ${TOKEN_SCOPES.length} are allowed.`)
  const unknown = wanted.find((scope) => !isTokenScope(scope))
  if (unknown !== undefined)
    throw new AppError('BAD_INPUT', `${shown(unknown)} is not a scope; the scopes are ${TOKEN_SCOPES.join(', ')}.`)
  const scopes = TOKEN_SCOPES.filter((scope) => wanted.includes(scope))
  const unbindable = vendor !== null && scopes.find((scope) => OPERATOR_SCOPES.has(scope))
  if (unbindable)
    throw new AppError('BAD_INPUT', `A vendor's token cannot have ${unbindable}, which shows the whole installation.`)
  const missing = scopes.find((scope) => !by.scopes.has(scope))
  if (missing) throw new AppError('FORBIDDEN', `You cannot give the scope ${missing}, which your token does not have.`)
  return scopes
}

function expiryOf(wanted: Date | null, by: Caller): Date | null {
  if (wanted && wanted.getTime() <= Date.now())
    throw new AppError('BAD_INPUT', `expiresAt is ${wanted.toISOString()}, which has passed.`)
  if (!by.expiresAt) return wanted
  if (wanted && wanted > by.expiresAt)
    throw new AppError('FORBIDDEN', `expiresAt is after your own token expires, at ${by.expiresAt.toISOString()}.`)
  return wanted ?? by.expiresAt
}

const FIND_REVOKED = statement({
  name: 'find-revoked-token',
  text: 'select id from token where id = :id and revoked_at is not null',
  parameters: { id: 'int4' },
  columns: { id: 'int4' },
})

const ADD_TOKEN = statement({
  name: 'add-token',
  text: `
    insert into token (name, prefix, hash, scopes, vendor, expires_at, parent_id)
    select :name, :prefix, :hash, :scopes, :vendor, :expiresAt, :parentId
    where (select count(*) from token
           -- "is not distinct from" would use no index.
           where (vendor = :vendor or (:vendor::text is null and vendor is null)) and revoked_at is null and (expires_at is null or expires_at > now())) < :max
    returning id`,
  parameters: {
    name: 'text',
    prefix: 'text',
    hash: 'bytea',
    scopes: 'text[]',
    vendor: 'text?',
    expiresAt: 'timestamptz?',
    parentId: 'int4?',
    max: 'int8',
  },
  columns: { id: 'int4' },
})

/**
 * Revokes a token and all that were created with it. Every process refuses them at once, or after 5 s if a notification is lost. Has no
 * effect on a revoked one. Throws NOT_FOUND, also for another vendor's.
 */
export async function revokeToken(
  { pg }: { pg: Pg },
  id: number,
  { vendor }: { readonly vendor: string | null },
): Promise<void> {
  await inTransaction(pg, async (client) => {
    await lockTransaction(client, TOKEN_LOCK)
    const revoked = await REVOKE.all(client, { id, vendor })
    if (revoked.length === 0) throw new AppError('NOT_FOUND', `There is no token ${id}.`)
    for (const { hash } of revoked) await notify(client, TOKEN_CHANNEL, hash.toString('hex'))
  })
}

const REVOKE = statement({
  name: 'revoke-token',
  text: `
    with recursive family as (
      select id from token where id = :id and (:vendor::text is null or vendor = :vendor)
      union select t.id from token t join family on t.parent_id = family.id
    )
    update token set revoked_at = coalesce(revoked_at, now()) where id in (select id from family) returning hash`,
  parameters: { id: 'int4', vendor: 'text?' },
  columns: { hash: 'bytea' },
})
