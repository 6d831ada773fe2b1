import type { ServerResponse } from 'node:http'
import type { App } from '../app.ts'
import { AppError, type ErrorCode, toAppError } from '../core/errors.ts'
import type { DatabaseState } from '../db/health.ts'
import { execute, query } from '../db/query.ts'
import { checkOk } from '../telemetry/metrics.ts'

/** The smallest possible render, with the smallest preset. */
const PROBE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><path d="M0 0h1v1z"/></svg>')
/** For the render itself; the check as a whole, with its time in the queue, may take longer. */
const PROBE_LIMIT_MS = 2000
const CHECK_LIMIT_MS = 5000
/** A readiness result is reused for this long, so that frequent checks cause no load. */
const KEEP_MS = 1000
/** The same for the stores, where each check is a paid request. */
const KEEP_STORES_MS = 10_000
/** No such object exists: a working store answers "not there". */
const ABSENT_KEY = 'readyz'

/** Codes are those of errors.ts: details are in the log, because this endpoint needs no token. */
interface Check {
  readonly ok: boolean
  readonly ms: number
  readonly code?: ErrorCode
  /** The state of the database, if it is not UP. */
  readonly state?: DatabaseState
}

/** `/readyz`, and its checks for `/metrics`. */
export function createHealthRoutes(app: App, { isDraining }: { isDraining: () => boolean }) {
  let probes = 0
  const checkOwn = reuse(KEEP_MS, async () => {
    const [database, renderer] = await Promise.all([checkDatabase(), check(render)])
    return { database, renderer }
  })
  const checkStores = reuse(KEEP_STORES_MS, async () => {
    const { originals, previews } = app.stores
    const [ofOriginals, ofPreviews] = await Promise.all([
      check(() => originals.head(ABSENT_KEY)),
      check(() => previews.head(ABSENT_KEY)),
    ])
    return { originals: ofOriginals, previews: ofPreviews }
  })
  const checkAll = async () => {
    const [own, stores] = await Promise.all([checkOwn(), checkStores()])
    return { ...own, ...stores }
  }

  async function checkDatabase(): Promise<Check> {
    const found = await check(() => execute(app.pg, query.selectFrom('item').limit(1)))
    const { state } = app.health
    return state === 'UP' ? found : { ok: false, ms: found.ms, code: 'UNAVAILABLE', state }
  }

  async function render(): Promise<unknown> {
    const smallest = [...app.presets.values()].reduce((a, b) => (a.width * a.height <= b.width * b.height ? a : b))
    probes++
    const variants = [{ preset: smallest.name, format: smallest.formats[0] ?? 'WEBP' } as const]
    return await app.pool.render(PROBE, variants, { cpuLimitMs: PROBE_LIMIT_MS })
  }

  return {
    /**
     * 503 if this process cannot serve: its renderers do not draw, or the database cannot even be read. A failure that all processes
     * share and that many responses do not depend on (a store, a read-only database) makes it `degraded`: taking all of them out of
     * rotation would only make it worse. Also 503 while it drains.
     */
    async ready(response: ServerResponse): Promise<void> {
      const checks = await checkAll()
      const { database, renderer } = checks
      const draining = isDraining()
      const ready =
        !draining && renderer.ok && (database.ok || database.state === 'READ_ONLY' || database.state === 'TROUBLED')
      const degraded = Object.values(checks).some(({ ok }) => !ok)
      response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(`${JSON.stringify({ ready, degraded, draining, checks }, null, 2)}\n`)
    },
    /** Sets the metric of the checks. */
    async setChecks(): Promise<void> {
      for (const [name, { ok }] of Object.entries(await checkAll())) checkOk.set({ check: name }, ok ? 1 : 0)
    },
    /** How many renders were started as probes. */
    probes: () => probes,
  }
}

async function check(work: () => Promise<unknown>): Promise<Check> {
  const from = performance.now()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new AppError('TIMEOUT', `no answer in ${CHECK_LIMIT_MS} ms`)),
    CHECK_LIMIT_MS,
  )
  const failed = await Promise.race([work(), late.promise]).then(
    () => null,
    (error) => toAppError(error).code,
  )
  clearTimeout(timer)
  return { ok: failed === null, ms: Math.round(performance.now() - from), ...(failed ? { code: failed } : {}) }
}

/** Reuses a result for some time. */
function reuse<T>(forMs: number, check: () => Promise<T>): () => Promise<T> {
  let kept: { at: number; answer: Promise<T> } | null = null
  return () => {
    if (!kept || performance.now() - kept.at > forMs) kept = { at: performance.now(), answer: check() }
    return kept.answer
  }
}
