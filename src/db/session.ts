import pg from 'pg'
import { AppError } from '../core/errors.ts'
import { statement } from './statement.ts'

const ANSWER_LIMIT_MS = 10_000
/** Rounds of which one suffices with any number of servers that are handed out last in, first out, or in turn. */
const ROUNDS = 4

/**
 * Throws CONFIG when a connection is no session of its own, as behind PgBouncer in transaction mode: statements of one
 * connection then run on different servers' processes, where a lock or LISTEN of the statement before is not.
 *
 * Postgres tells each connection its process when it begins; a pooler, which has none yet, makes a number up. Where that is
 * not the process that answers, a second connection takes a process for a transaction, between two looks of the first: that
 * it gets the first one's, or that the first one gets another, is the proof.
 * @param open of a test where there is no pooler
 */
export async function checkSession(url: string, open: (url: string) => Promise<Session> = connect): Promise<void> {
  await using one = await open(url)
  let process = await one.process()
  if (process === one.announced) return
  await using other = await open(url)
  for (let round = 0; round < ROUNDS; round++) {
    const taken = await other.begin()
    const now = await one.process()
    await other.end()
    if (taken === process || now !== process) throw new AppError('CONFIG', REMEDY)
    process = now
  }
}

const REMEDY =
  'DATABASE_URL leads to a pooler that shares sessions (PgBouncer in transaction or statement mode), which breaks locks and LISTEN: set pool_mode = session there, or connect to Postgres itself and bound connections by DATABASE_CONNECTIONS.'

/** A connection as far as it is looked at here. */
export interface Session extends AsyncDisposable {
  /** The process that it was told when it connected. */
  readonly announced: number
  /** The process that answers. */
  readonly process: () => Promise<number | undefined>
  /** Begins a transaction; returns the process that answers in it. */
  readonly begin: () => Promise<number | undefined>
  /** Ends it. */
  readonly end: () => Promise<unknown>
}

async function connect(url: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
    application_name: 'afterimage check',
  })
  client.on('error', () => {})
  await using opening = new AsyncDisposableStack()
  opening.defer(() => client.end().catch(() => {}))
  await client.connect()
  const process = async () => (await READ_PROCESS.get(client))?.pid
  const owner = opening.move()
  return {
    // pg's types leave it out.
    announced: (client as unknown as { processID: number }).processID,
    process,
    async begin() {
      // A pooler of single statements refuses transactions.
      await client.query('begin').catch((error) => {
        throw new AppError('CONFIG', REMEDY, { cause: error })
      })
      return await process()
    },
    end: () => client.query('rollback'),
    [Symbol.asyncDispose]: () => owner.disposeAsync(),
  }
}

const READ_PROCESS = statement({
  name: 'read-process',
  text: 'select pg_backend_pid() as pid',
  columns: { pid: 'int4' },
})
