import { statement } from '../db/statement.ts'

/** The token with this hash. */
export const FIND_TOKEN = statement({
  name: 'find-token',
  isPrepared: true,
  text: `
    select t.id, t.prefix, t.scopes, t.vendor, v.id as "vendorId", t.expires_at as "expiresAt",
      t.last_used_at as "lastUsedAt", t.revoked_at is not null as "isRevoked"
    from token t left join vendor v on v.username = t.vendor where t.hash = :hash`,
  parameters: { hash: 'bytea' },
  columns: {
    id: 'int4',
    prefix: 'text',
    scopes: 'text[]',
    vendor: 'text?',
    vendorId: 'int4?',
    expiresAt: 'timestamptz?',
    lastUsedAt: 'timestamptz?',
    isRevoked: 'bool',
  },
})

/** The vendor with this username. */
export const FIND_VENDOR = statement({
  name: 'find-vendor-id',
  isPrepared: true,
  text: 'select id from vendor where username = :username',
  parameters: { username: 'text' },
  columns: { id: 'int4' },
})

/** Notes that a token is in use; one write a minute, whatever the number of processes. */
export const NOTE_USE = statement({
  name: 'note-token-use',
  text: `
    update token set last_used_at = now()
    where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
  parameters: { id: 'int4' },
})
