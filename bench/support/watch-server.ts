import pg from 'pg'

const SAMPLE_EVERY_MS = 100
const WAITS_SHOWN = 4
const STATEMENTS_SHOWN = 8

export interface Watch {
  /** What happened since it began. */
  end(): Promise<{
    readonly ms: number
    readonly samples: number
    /** The most connections at once, without this one. */
    readonly connections: number
    readonly statements: number
    /** Sessions that were seen waiting for a lock of Postgres in each sample, by the kind of lock, summed over the samples. */
    readonly waits: readonly (readonly [string, number])[]
    /** The statements that took most time. */
    readonly top: readonly string[]
    /** Statements of the schedule of tasks, and their time in ms. */
    readonly scheduling: { readonly calls: number; readonly ms: number }
  }>
}

/** Watches a server's sessions and statements, which needs pg_stat_statements and the superuser's URL. */
export async function watchServer(adminUrl: string): Promise<Watch> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  await client.query('select pg_stat_statements_reset()')
  const from = performance.now()
  const waits = new Map<string, number>()
  let [samples, connections] = [0, 0]
  let sampling = Promise.resolve()
  const sample = async () => {
    const { rows } = await client.query(
      `select state, wait_event_type as type, wait_event as event from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
    samples++
    connections = Math.max(connections, rows.length)
    for (const { state, type, event } of rows)
      if (state === 'active' && (type === 'Lock' || type === 'LWLock'))
        waits.set(`${type}:${event}`, (waits.get(`${type}:${event}`) ?? 0) + 1)
  }
  const timer = setInterval(() => {
    sampling = sampling.then(sample)
  }, SAMPLE_EVERY_MS)
  return {
    async end() {
      clearInterval(timer)
      await sampling
      const ms = performance.now() - from
      const { rows } = await client.query(
        `select calls::int, total_exec_time as ms, mean_exec_time as mean, regexp_replace(left(query, 110), '\\s+', ' ', 'g') as text, sum(calls) over ()::int as all
         from pg_stat_statements order by total_exec_time desc limit ${STATEMENTS_SHOWN}`,
      )
      const scheduling = await client.query(
        `select coalesce(sum(calls), 0)::int as calls, coalesce(sum(total_exec_time), 0) as ms
         from pg_stat_statements where query like '%known_crontabs%' and query not like '%pg_stat_statements%'`,
      )
      await client.end()
      return {
        ms,
        samples,
        connections,
        statements: rows[0]?.all ?? 0,
        waits: [...waits].sort((a, b) => b[1] - a[1]).slice(0, WAITS_SHOWN),
        top: rows.map(
          (row) => `  ${row.calls} x ${row.mean.toFixed(2)} ms = ${(row.ms / 1000).toFixed(1)} s: ${row.text}`,
        ),
        scheduling: scheduling.rows[0],
      }
    },
  }
}
