import { parseArgs } from 'node:util'
import { openAuditLog } from '../access/audit.ts'
import { ADMIN, TOKEN_SCOPES } from '../access/caller.ts'
import { createToken, revokeToken } from '../access/tokens.ts'
import { loadConfig } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { printGlobalId } from '../core/global-id.ts'
import { configureLog } from '../core/log.ts'
import { runChange } from '../db/change.ts'
import { openDatabase, type Pg } from '../db/database.ts'
import { migrate } from '../db/migrate.ts'
import { fetchAll, fetchFirst, query } from '../db/query.ts'
import { withDatabase } from '../embedded/with-database.ts'

const HELP = `Creates, lists and revokes the tokens of the service.

  npm run token -- create NAME --scopes SCOPE,SCOPE [--vendor USERNAME] [--expires DATE]
  npm run token -- list
  npm run token -- revoke PREFIX

create prints the token, which is not shown again. With --vendor its holder sees and changes the things of that vendor alone.
DATE is as in 2027-01-31 or 2027-01-31T12:00:00Z. revoke also revokes the tokens that were created with it; PREFIX is the
beginning that list shows, ai_live_ and eight characters.

The scopes are
  ${TOKEN_SCOPES.join('\n  ')}
`

/** The command; returns its exit code. Throws AppError for invalid arguments. */
export async function runToken(): Promise<number> {
  const { values, positionals } = parseCommandLine()
  const [verb, subject, ...others] = positionals
  if (values.help || !verb) {
    process.stdout.write(HELP)
    return values.help ? 0 : 1
  }
  const isComplete = verb === 'list' ? subject === undefined : subject !== undefined
  if (!['create', 'list', 'revoke'].includes(verb) || !isComplete || others.length > 0)
    throw new AppError('BAD_INPUT', 'Use create NAME, list, or revoke PREFIX; see npm run token -- --help.')
  const config = loadConfig()
  configureLog(config.log)
  return await withDatabase(config, async (url) => {
    const { pg, close } = await openDatabase(url, { connectionsMax: 2 })
    try {
      await migrate(pg)
      if (verb === 'list') return await list(pg)
      return verb === 'create' ? await create(pg, subject ?? '', values) : await revoke(pg, subject ?? '')
    } finally {
      await close()
    }
  })
}

interface Options {
  readonly scopes?: string
  readonly vendor?: string
  readonly expires?: string
}

async function create(pg: Pg, name: string, { scopes = '', vendor = '', expires }: Options): Promise<number> {
  const expiresAt = expires === undefined ? null : new Date(expires)
  if (expiresAt && Number.isNaN(expiresAt.getTime()))
    throw new AppError('BAD_INPUT', `--expires ${expires} is not a date like 2027-01-31.`)
  const wanted = { name, scopes: scopes.split(',').filter(Boolean), vendor: vendor || null, expiresAt, by: ADMIN }
  const { secret } = await change(pg, { action: 'createToken', target: name }, () => createToken({ pg }, wanted))
  process.stdout.write(`${secret}\n`)
  return 0
}

async function revoke(pg: Pg, prefix: string): Promise<number> {
  const token = await fetchFirst(pg, query.selectFrom('token').select('id').where('prefix', '=', prefix))
  if (!token) throw new AppError('NOT_FOUND', `There is no token ${prefix}; see npm run token -- list.`)
  const target = printGlobalId('Token', token.id)
  await change(pg, { action: 'revokeToken', target }, () => revokeToken({ pg }, token.id, { vendor: null }))
  process.stdout.write(`${prefix} is revoked\n`)
  return 0
}

/** Runs a change and writes it into the audit log. */
async function change<T>(pg: Pg, { action, target }: { action: string; target: string }, work: () => Promise<T>) {
  const { write } = openAuditLog(pg)
  const record = { caller: { actor: 'command', vendor: null }, action, outcome: 'DONE', requestId: null }
  return await runChange(pg, { target, record: (db, named) => write(db, { ...record, target: named }) }, work)
}

async function list(pg: Pg): Promise<number> {
  const tokens = query
    .selectFrom('token')
    .select(['prefix', 'name', 'scopes', 'vendor', 'expires_at', 'last_used_at', 'revoked_at'])
  for (const token of await fetchAll(pg, tokens.orderBy('id'))) {
    const { prefix, name, scopes, vendor, expires_at, last_used_at, revoked_at } = token
    const state = revoked_at ? 'revoked' : expires_at && expires_at <= new Date() ? 'expired' : 'valid'
    const used = last_used_at?.toISOString() ?? 'never used'
    process.stdout.write(`${prefix}  ${state}  ${vendor ?? 'all vendors'}  ${scopes.join(',')}  ${used}  ${name}\n`)
  }
  return 0
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        scopes: { type: 'string' },
        vendor: { type: 'string' },
        expires: { type: 'string' },
      },
    })
  } catch (error) {
    throw new AppError('BAD_INPUT', `${(error as Error).message}; see npm run token -- --help.`)
  }
}
