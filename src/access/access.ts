import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { logFailure } from '../core/log-failure.ts'
import type { Pg } from '../db/database.ts'
import type { Monitor } from '../db/monitor.ts'
import { type AuditLog, openAuditLog } from './audit.ts'
import { ADMIN, anonymousCaller, type Caller, isTokenScope } from './caller.ts'
import { hashOf, isCredential } from './credential.ts'
import { FIND_TOKEN, FIND_VENDOR, NOTE_USE } from './find-token.ts'
import { createVerifyJwt, isJwt } from './jwt.ts'
import { TOKEN_CHANNEL } from './tokens.ts'

/** A revoked token is refused after this at the latest, even if the notification is lost; 5 s are promised, also for what is checked every 2 s. */
const KNOWN_MS = 2500
/** Results of look-ups that are kept, of valid and of invalid tokens: 300 bytes each. */
const KNOWN_MAX = 10_000
/** The precision of `lastUsedAt`: at most one write a minute for each token. */
const USE_MS = 60_000

/** A credential that is not accepted: the reason, and who it was, as far as that is known. */
export class RefusedCredential extends AppError {
  readonly actor: string
  readonly reason: string
  constructor(actor: string, reason: string) {
    super(
      'FORBIDDEN',
      `The token of the header "Authorization: Bearer TOKEN" is ${reason}: send a valid one, or none for what is public.`,
    )
    this.actor = actor
    this.reason = reason
  }
}

/** What is looked at to identify a caller, and named in the audit log. */
export interface AskingRequest {
  /** The header. */
  readonly authorization: string | null | undefined
  readonly path: string
  readonly requestId: string | null
}

type Found = { readonly caller: Caller; usedAt: number | null } | { readonly refusal: RefusedCredential }

export interface Access {
  /**
   * Who sends this Authorization header; anonymous without one, and with another scheme than Bearer. Throws FORBIDDEN for a credential that
   * is unknown, expired or revoked, and records that; UNAVAILABLE if that cannot be found out.
   */
  readonly identify: (request: AskingRequest) => Promise<Caller>
  readonly audit: AuditLog
  readonly close: () => Promise<void>
}

/** Knows who may do what: admin tokens, tokens of the table, and JWTs. Reads the database only for the latter two, every few seconds. */
export function openAccess(options: {
  readonly pg: Pg
  readonly monitor: Pick<Monitor, 'onNotification' | 'onMissed'>
  readonly config: Pick<Config, 'publicReads' | 'jwt'>
  readonly adminTokens: readonly string[]
}): Access {
  const { pg, monitor, config } = options
  const admins = options.adminTokens.map(hashOf)
  const anonymous = anonymousCaller(config)
  const verifyJwt = config.jwt && createVerifyJwt(config.jwt)
  /** Concurrent requests with one token share its look-up. */
  const known = new LRUCache<string, Promise<Found>>({ max: KNOWN_MAX, ttl: KNOWN_MS })
  const audit = openAuditLog(pg)
  const writing = new Set<Promise<unknown>>()
  const stops = [
    monitor.onNotification(({ channel, payload }) => {
      if (channel === TOKEN_CHANNEL) known.delete(payload)
    }),
    monitor.onMissed(() => known.clear()),
  ]

  async function identify({ authorization, path, requestId }: AskingRequest): Promise<Caller> {
    try {
      return await findCaller(authorization)
    } catch (error) {
      if (error instanceof RefusedCredential) {
        const { actor, reason } = error
        const outcome = `FORBIDDEN: ${reason}`
        audit.refuse({ caller: { actor, vendor: null }, action: 'authenticate', target: path, outcome, requestId })
      }
      throw error
    }
  }

  async function findCaller(authorization: string | null | undefined): Promise<Caller> {
    const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
    if (token === undefined) return anonymous
    const hash = hashOf(token)
    // Of hashes, so that the time reveals neither content nor length; all of them, so that it does not reveal which one.
    if (admins.filter((admin) => timingSafeEqual(admin, hash)).length > 0) return ADMIN
    const found = await lookUp(token, hash)
    if ('refusal' in found) throw found.refusal
    const { caller } = found
    if (caller.expiresAt && caller.expiresAt.getTime() <= Date.now())
      throw new RefusedCredential(caller.actor, 'expired')
    noteUse(found)
    return caller
  }

  function lookUp(token: string, hash: Buffer): Promise<Found> {
    const key = hash.toString('hex')
    const before = known.get(key)
    if (before) return before
    if (!isCredential(token) && !(verifyJwt && isJwt(token))) return Promise.resolve(UNKNOWN)
    const looking = isCredential(token) ? findToken(hash) : findHolder(token)
    known.set(key, looking)
    // A failure is not a result.
    looking.catch(() => known.peek(key) === looking && known.delete(key))
    return looking
  }

  async function findToken(hash: Buffer): Promise<Found> {
    const row = await FIND_TOKEN.get(pg, { hash })
    if (!row) return UNKNOWN
    const actor = `token:${row.prefix}`
    if (row.isRevoked) return { refusal: new RefusedCredential(actor, 'revoked') }
    const { id, vendor, vendorId, expiresAt } = row
    const caller: Caller = {
      actor,
      scopes: withPublicReads(row.scopes.filter(isTokenScope)),
      vendor: vendor === null ? null : { id: vendorId ?? 0, username: vendor },
      tokenId: id,
      expiresAt,
    }
    return { caller, usedAt: row.lastUsedAt?.getTime() ?? 0 }
  }

  async function findHolder(token: string): Promise<Found> {
    const holder = await verifyJwt?.(token)
    if (!holder) return UNKNOWN
    const { subject, scopes, vendor, expiresAt } = holder
    const row = vendor === null ? undefined : await FIND_VENDOR.get(pg, { username: vendor })
    const caller: Caller = {
      actor: `jwt:${subject}`,
      scopes: withPublicReads(scopes),
      vendor: vendor === null ? null : { id: row?.id ?? 0, username: vendor },
      tokenId: null,
      expiresAt,
    }
    return { caller, usedAt: null }
  }

  /** A token never sees less than none would. */
  const withPublicReads = (scopes: Iterable<Caller['scopes'] extends ReadonlySet<infer S> ? S : never>) =>
    new Set([...scopes, ...anonymous.scopes])

  function noteUse(found: Extract<Found, { caller: Caller }>): void {
    const { caller, usedAt } = found
    if (usedAt === null || caller.tokenId === null || Date.now() - usedAt < USE_MS) return
    found.usedAt = Date.now()
    const write = NOTE_USE.run(pg, { id: caller.tokenId })
      .catch((error) => logFailure('the last use of a token could not be recorded', error))
      .finally(() => writing.delete(write))
    writing.add(write)
  }

  return {
    identify,
    audit,
    async close() {
      for (const stop of stops) stop()
      await Promise.all([...writing, audit.close()])
    },
  }
}

const UNKNOWN: Found = { refusal: new RefusedCredential('unknown', 'not valid') }
