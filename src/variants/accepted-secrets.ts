import { randomBytes } from 'node:crypto'
import { log } from '../core/log.ts'
import { logFailure } from '../core/log-failure.ts'
import type { UrlSecret } from '../core/version.ts'
import type { Pg } from '../db/database.ts'
import { MONITOR_NAME } from '../db/monitor.ts'
import { statement } from '../db/statement.ts'

/** Tells the sessions of this process from those of others. */
const PROCESS = randomBytes(4).toString('hex')
const ID_SEPARATOR = ','

/**
 * Under this name, the monitor's session tells other processes which URL secrets this one accepts, by their ids: `1a2b3c4d 1,2`. It ends
 * with the process, however that ends, and comes back with a lost connection.
 */
export const printAccepted = (urlSecrets: readonly UrlSecret[]): string =>
  `${PROCESS} ${urlSecrets.map(({ id }) => id).join(ID_SEPARATOR)}`

const LOOK_EVERY_MS = 10_000

/**
 * The secret that this process issues URLs with until it ends: the first that every other live process accepts, so that no URL of it is a
 * 404 at another one, and the first of its list once all accept that. Call it when the own session is named: of two processes that start at
 * the same time, at least one then sees the other. Logs a warning if the first is not accepted by all, and a line when it is.
 */
export async function chooseIssued(
  pg: Pg,
  urlSecrets: readonly [UrlSecret, ...UrlSecret[]],
): Promise<{ urlSecret: UrlSecret; close: () => void }> {
  const [first] = urlSecrets
  const others = await readOthers(pg)
  if (others.some(({ ids }) => ids.some((id) => urlSecrets.every((own) => own.id !== id))))
    log.warn(
      'another process uses a URL secret that this one does not accept: URLs that are issued with it are 404 here; give all processes the same URL_SECRETS',
      { addresses: addressesOf(others) },
    )
  const lacking = lackingOf(others, first)
  if (lacking.length === 0) return { urlSecret: first, close: () => {} }
  const urlSecret = urlSecrets.find((each) => lackingOf(others, each).length === 0)
  log.warn(
    urlSecret
      ? 'another process does not accept the first of URL_SECRETS yet: this process issues URLs with the next one that all accept; once the others have the same URL_SECRETS, restart it'
      : 'another process accepts none of the URL secrets of this one: URLs that this process issues are 404 there; give all processes the same URL_SECRETS',
    { addresses: addressesOf(lacking) },
  )
  if (!urlSecret) return { urlSecret: first, close: () => {} }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref()
  const close = () => clearInterval(timer)
  async function look(): Promise<void> {
    try {
      if (lackingOf(await readOthers(pg), first).length > 0) return
      close()
      log.info('every process accepts the first of URL_SECRETS now: restart this one, so that it issues URLs with it')
    } catch (error) {
      logFailure('the URL secrets of other processes cannot be read', error)
    }
  }
  return { urlSecret, close }
}

interface Other {
  readonly ids: readonly number[]
  readonly address: string
}

async function readOthers(pg: Pg): Promise<Other[]> {
  const sessions = await FIND_SESSIONS.all(pg, { pattern: `${MONITOR_NAME} %`, own: `${MONITOR_NAME} ${PROCESS} %` })
  return sessions.map(({ name, address }) => ({
    ids: (name.split(' ').at(-1) ?? '').split(ID_SEPARATOR).map(Number),
    address,
  }))
}

const lackingOf = (others: readonly Other[], { id }: UrlSecret) => others.filter(({ ids }) => !ids.includes(id))
const addressesOf = (others: readonly Other[]) => [...new Set(others.map(({ address }) => address))].join(', ')

const FIND_SESSIONS = statement({
  name: 'find-monitor-sessions',
  text: `
    select application_name as name, coalesce(client_addr::text, 'local') as address from pg_stat_activity
    where datname = current_database() and application_name like :pattern and application_name not like :own`,
  parameters: { pattern: 'text', own: 'text' },
  columns: { name: 'text', address: 'text' },
})
