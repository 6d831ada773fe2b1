import { createHmac } from 'node:crypto'
import type { Config } from '../core/config.ts'
import { inTransaction, type Pg } from '../db/database.ts'
import { fetchAll, query } from '../db/query.ts'
import { statement } from '../db/statement.ts'
import type { AuditLog } from './audit.ts'

/** Variables that differ between processes of one installation, and say nothing of what anybody may do. */
const LOCAL: ReadonlySet<string> = new Set([
  'PORT',
  'HOST',
  'DATA_DIR',
  'DATABASE_URL',
  'DATABASE_CONNECTIONS',
  'RENDERERS',
  'WORKER_NICENESS',
  'LOG_FORMAT',
  'LOG_LEVEL',
  'DEMO',
])

/**
 * Writes the names of the variables that have changed since the last start of an API into the audit log; the first start writes those that
 * are set. Files count with their contents: presets, layouts. Values are stored as fingerprints with the key of the URLs, so that nobody
 * can guess a secret from the table.
 * @param options.keys the URL secrets: a fingerprint by any of them is known, so that rotating them changes URL_SECRETS alone
 */
export async function recordConfiguration(
  pg: Pg,
  { config, keys, audit }: { config: Config; keys: readonly string[]; audit: AuditLog },
): Promise<void> {
  const { presets, layouts } = config
  const files = { PRESETS_FILE: JSON.stringify([...presets]), LAYOUTS_FILE: JSON.stringify([...layouts]) }
  const values = Object.entries({ ...config.settings, ...files }).filter(([name]) => !LOCAL.has(name))
  await inTransaction(pg, async (client) => {
    const stored = await fetchAll(
      client,
      query.selectFrom('configuration').select(['variable', 'fingerprint']).forUpdate(),
    )
    const before = new Map(stored.map(({ variable, fingerprint }) => [variable, fingerprint]))
    const isSame = ([name, value]: readonly [string, string]) =>
      keys.some((key) => fingerprintOf(key, value) === before.get(name))
    const names = new Set(values.map(([name]) => name))
    const gone = stored.map(({ variable }) => variable).filter((name) => !names.has(name))
    const changed = [...values.filter((each) => !isSame(each)).map(([name]) => name), ...gone].sort()
    await REMEMBER.run(client, {
      variables: [...names],
      fingerprints: values.map(([, value]) => fingerprintOf(keys[0] ?? '', value)),
    })
    if (changed.length === 0) return
    const caller = { actor: 'system', vendor: null }
    const target = changed.join(', ')
    await audit.write(client, { caller, action: 'configure', target, outcome: 'DONE', requestId: null })
  })
}

const fingerprintOf = (key: string, value: string): string =>
  createHmac('sha256', key).update(value).digest('base64url').slice(0, 22)

const REMEMBER = statement({
  name: 'remember-configuration',
  text: `
    with gone as (delete from configuration where variable <> all(:variables))
    insert into configuration (variable, fingerprint)
    select * from unnest(:variables::text[], :fingerprints::text[]) as t(variable, fingerprint) order by 1
    on conflict (variable) do update set fingerprint = excluded.fingerprint, seen_at = now()`,
  parameters: { variables: 'text[]', fingerprints: 'text[]' },
})
