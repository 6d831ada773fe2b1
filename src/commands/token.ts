import { AppError } from '../core/errors.ts'
import type { Ask } from './ask-service.ts'
import { CREATE_TOKEN, REVOKE_TOKEN, TOKENS } from './documents.ts'
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

/** Prints a new token. */
export async function createToken(
  name: string,
  { expires, ...wanted }: { scopes: readonly string[]; vendor?: string; expires?: Date },
): Promise<number> {
  const { createToken: created } = await withService((ask) =>
    ask<{ createToken: { secret: string } }>(CREATE_TOKEN, { name, ...wanted, expiresAt: expires?.toISOString() }),
  )
  process.stdout.write(`${created.secret}\n`)
  return 0
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
export async function revokeToken(prefix: string): Promise<number> {
  await withService(async (ask) => {
    const token = (await readTokens(ask)).find((each) => each.prefix === prefix)
    if (!token) throw new AppError('NOT_FOUND', `There is no token ${prefix}; afterimage token list shows them.`)
    await ask(REVOKE_TOKEN, { id: token.id })
  })
  process.stdout.write(`${prefix} is revoked\n`)
  return 0
}

const readTokens = (ask: Ask): Promise<Token[]> =>
  Array.fromAsync(allPages<Token>(ask, { query: TOKENS, field: 'tokens' }))
