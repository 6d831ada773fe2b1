import type { ServerResponse } from 'node:http'
import type { Compilable } from 'kysely'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { App } from '../app.ts'
import { causes } from '../core/log.ts'
import { execute, fetchFirst, query } from '../db/query.ts'

/** The smallest render there is, by the smallest preset: what must work for any other to work. */
const PROBE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><path d="M0 0h1v1z"/></svg>')
const PROBE_LIMIT_MS = 2000
/** A readiness answer serves so long, so that nobody renders us busy by asking. */
const KEEP_MS = 1000

interface Check {
  readonly ok: boolean
  readonly ms: number
  readonly error?: string
}

/** `/readyz` and `/metrics`. */
export function createHealth(app: App) {
  let probes = 0
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  gauge(
    'afterimage_renders_total',
    'Renders given to a renderer by this process, readiness probes left out.',
    () => app.pool.stats.renders - probes,
  )
  gauge(
    'afterimage_render_failures_total',
    'Renders of this process that ended in no picture.',
    () => app.pool.stats.failures,
  )
  gauge('afterimage_renders_waiting', 'Renders that wait for a renderer.', () => app.pool.stats.waiting)
  gauge('afterimage_database_connections_waiting', 'Queries that wait for a connection.', () => app.pg.waitingCount)

  gauge('afterimage_webhook_deliveries_waiting', 'Events that wait to be delivered, for all webhooks.', () =>
    count(query.selectFrom('webhook_line').select((eb) => eb.fn.sum('waiting').as('count'))),
  )
  gauge('afterimage_webhook_dead_letters', 'Events that webhooks did not take after all attempts.', () =>
    count(query.selectFrom('dead_letter').select((eb) => eb.fn.countAll().as('count'))),
  )

  function gauge(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read())
      },
    })
  }

  /** Not a number while the database is away: the others are still told. */
  const count = (counting: Compilable<{ count: string | number | bigint }>) =>
    fetchFirst(app.pg, counting).then(
      (row) => Number(row?.count ?? 0),
      () => Number.NaN,
    )

  let kept: { at: number; answer: Promise<{ database: Check; renderer: Check }> } | null = null
  const check = () => {
    if (!kept || Date.now() - kept.at > KEEP_MS) kept = { at: Date.now(), answer: look() }
    return kept.answer
  }

  async function look() {
    const smallest = [...app.presets.values()].reduce((a, b) => (a.width * a.height <= b.width * b.height ? a : b))
    probes++
    const variants = [{ preset: smallest.name, format: smallest.formats[0] ?? 'WEBP' } as const]
    const [database, renderer] = await Promise.all([
      timed(() => execute(app.pg, query.selectFrom('item').limit(1))),
      timed(() => app.pool.render(PROBE, variants, { timeoutMs: PROBE_LIMIT_MS })),
    ])
    return { database, renderer }
  }

  return {
    /** 200 only when a query and a render would succeed. */
    async ready(response: ServerResponse): Promise<void> {
      const checks = await check()
      const ready = Object.values(checks).every(({ ok }) => ok)
      response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(`${JSON.stringify({ ready, checks }, null, 2)}\n`)
    },
    /** Prometheus text. */
    async metrics(response: ServerResponse): Promise<void> {
      response.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics())
    },
  }
}

async function timed(work: () => Promise<unknown>): Promise<Check> {
  const from = performance.now()
  const ms = () => Math.round(performance.now() - from)
  return await work().then(
    () => ({ ok: true, ms: ms() }),
    (error) => ({ ok: false, ms: ms(), error: causes(error) }),
  )
}
