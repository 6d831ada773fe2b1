import { expect } from 'vitest'
import type { Service } from './service.ts'
import { ADMIN_TOKEN, ask } from './setup.ts'
import { until } from './until.ts'

/** Time limit of every request, whatever the database does: well below what a CDN waits for an origin. */
const ANSWER_MAX_MS = 25_000

const get = (url: string, init: RequestInit = {}) => fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_MAX_MS) })

/** The result of a request for a picture, which a CDN must be able to handle: `200`, or the code of a 503. */
export async function answerOf(picture: string): Promise<string> {
  const response = await get(picture)
  const body = Buffer.from(await response.arrayBuffer())
  if (response.status === 200) return '200'
  expect([response.status, response.headers.get('retry-after')], String(body)).toEqual([503, '1'])
  return response.headers.get('x-afterimage-error') ?? ''
}

/** Every entry point reports an unavailable database in the same way. */
export async function expectAway({ url, pictures }: Pick<Service, 'url' | 'pictures'>): Promise<void> {
  expect(await answerOf(pictures.at(-1) ?? '')).toBe('UNAVAILABLE')
  const failures = await get(`${url}/failures.jsonl`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  expect([failures.status, failures.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await failures.text()).toMatch(/^UNAVAILABLE: /)
  const items = await ask(url, '{ items(first: 1) { nodes { name } } }')
  expect(items.errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAVAILABLE'])
  const mutation = await ask(url, 'mutation { startBackfill { id } }')
  expect(mutation.errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAVAILABLE'])
  // A statement fails immediately; the database is AWAY after the next attempt to connect.
  const ready = await until(async () => {
    const answer = await get(`${url}/readyz`)
    const body = (await answer.json()) as { checks: { database: { state?: string } } }
    return body.checks.database.state !== undefined && { status: answer.status, body }
  })
  expect(ready).toMatchObject({
    status: 503,
    body: {
      ready: false,
      degraded: true,
      checks: { database: { ok: false, code: 'UNAVAILABLE', state: 'AWAY' } },
    },
  })
}

interface Trouble {
  readonly begin: () => Promise<void>
  readonly end: () => Promise<void>
  /** Lines of one process's log. */
  readonly linesMax?: number
}

/** Runs `during` while the database is unavailable; then everything continues by itself, and the log has one line for each change. */
export async function outlive(service: Service, trouble: Trouble, during: () => Promise<unknown>): Promise<void> {
  const { api, worker, postgres, url } = service
  const processes = [api, worker].map(({ child, lines }) => {
    const before = lines().length
    return { child, said: () => lines().slice(before) }
  })
  const all = (what: string) => until(() => processes.every(({ said }) => said().some((line) => line.includes(what))))
  await trouble.begin()
  try {
    await during()
    await all('the database is unavailable or degraded')
  } finally {
    await trouble.end()
  }
  await all('the database is available again')
  await until(async () => {
    const ready = await get(`${url}/readyz`)
    const { degraded } = (await ready.json()) as { degraded?: boolean }
    return ready.status === 200 && !degraded
  })
  for (const { child, said } of processes) {
    expect([child.exitCode, child.signalCode]).toEqual([null, null])
    expect(said().length, said().join('\n')).toBeLessThanOrEqual(trouble.linesMax ?? 6)
  }
  await until(async () => (await postgres.countListening()) === 2)
}
