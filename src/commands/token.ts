import { AppError } from '../core/errors.ts'
import type { Ask } from './ask-service.ts'
import { CREATE_TOKEN, FIND_VENDOR, REVOKE_TOKEN, TOKENS } from './documents.ts'
import { createOutput } from './output.ts'
import { allPages } from './pages.ts'
import { withService } from './service.ts'

interface Token {
  readonly id: string
  readonly prefix: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly vendorUsername: string | null
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}

/** Prints a new token. Throws NOT_FOUND for a vendor that there is not, unless it is said to be new. */
export async function createToken(
  name: string,
  options: { scopes: readonly string[]; vendor?: string; newVendor?: boolean; expires?: Date; json?: boolean },
): Promise<number> {
  const { scopes, vendor, newVendor = false, expires, json } = options
  const { say, result } = createOutput({ json })
  const { createToken: created } = await withService(async (ask) => {
    if (vendor !== undefined && !newVendor) await checkVendor(ask, vendor)
    const wanted = { name, scopes, vendor, expiresAt: expires?.toISOString() }
    return await ask<{ createToken: { secret: string; token: { id: string; prefix: string } } }>(CREATE_TOKEN, wanted)
  })
  say(created.secret)
  result({ ...created.token, secret: created.secret })
  return 0
}

async function checkVendor(ask: Ask, username: string): Promise<void> {
  const { vendor } = await ask<{ vendor: object | null }>(FIND_VENDOR, { username })
  if (!vendor)
    throw new AppError(
      'NOT_FOUND',
      `There is no vendor ${JSON.stringify(username)}: correct the name, or add --new-vendor if the token's first upload is to create it.`,
    )
}

/** Prints the tokens without their secrets, oldest first. */
export async function listTokens({ json = false }: { json?: boolean }): Promise<number> {
  for (const token of await withService(readTokens)) {
    const { prefix, name, scopes, vendorUsername, expiresAt, lastUsedAt, revokedAt } = token
    const state = revokedAt ? 'revoked' : expiresAt && new Date(expiresAt) <= new Date() ? 'expired' : 'valid'
    const line = json
      ? JSON.stringify({ ...token, state })
      : `${prefix}  ${state}  ${vendorUsername ?? 'all vendors'}  ${scopes.join(',')}  ${lastUsedAt ?? 'never used'}  ${name}`
    process.stdout.write(`${line}\n`)
  }
  return 0
}

/** Revokes the token with this prefix. */
export async function revokeToken(prefix: string, { json }: { json?: boolean }): Promise<number> {
  const { say, result } = createOutput({ json })
  const id = await withService(async (ask) => {
    const token = (await readTokens(ask)).find((each) => each.prefix === prefix)
    if (!token) throw new AppError('NOT_FOUND', `There is no token ${prefix}; afterimage token list shows them.`)
    await ask(REVOKE_TOKEN, { id: token.id })
    return token.id
  })
  say(`${prefix} is revoked`)
  result({ id, prefix, state: 'revoked' })
  return 0
}

const readTokens = (ask: Ask): Promise<Token[]> =>
  Array.fromAsync(allPages<Token>(ask, { query: TOKENS, field: 'tokens' }))
