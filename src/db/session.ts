import pg from 'pg'
import { AppError } from '../core/errors.ts'
import { statement } from './statement.ts'

const ANSWER_LIMIT_MS = 10_000
/** One round is enough with any number of servers if a pooler hands them out last in, first out, or in turn. */
const ROUNDS = 4

/**
 * Throws CONFIG if connections do not keep a session, as behind PgBouncer in transaction mode: statements of one connection then run in
 * different server processes, and locks and LISTEN of an earlier statement are lost.
 * Postgres reports its process id to each connection when it opens; a pooler, which has no server process yet, makes one up. If that is
 * not the process that answers, a second connection takes a process for a transaction, between two queries of the first one: the pooler
 * is proven if the second gets the first one's process, or if the first gets a different one.
 * @param open replaced in tests, which have no pooler
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
  'DATABASE_URL leads to a pooler that shares sessions (PgBouncer in transaction or statement mode), which breaks locks and LISTEN: set pool_mode = session there, or connect to Postgres itself and limit connections with DATABASE_CONNECTIONS.'

/** The parts of a connection used here. */
export interface Session extends AsyncDisposable {
  /** The process id that it was sent when it connected. */
  readonly announced: number
  /** The process id that answers. */
  readonly process: () => Promise<number | undefined>
  /** Begins a transaction; returns the process id that answers in it. */
  readonly begin: () => Promise<number | undefined>
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
    // Missing in pg's types.
    announced: (client as unknown as { processID: number }).processID,
    process,
    async begin() {
      // A pooler in statement mode refuses transactions.
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
