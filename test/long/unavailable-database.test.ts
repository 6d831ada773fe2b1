import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/core/config.ts'
import { answerOf, expectAway, outlive } from '../support/outage.ts'
import { openService, type Service, startBackfill } from '../support/service.ts'
import { ask, testApp, testServer } from '../support/setup.ts'
import { until } from '../support/until.ts'

/** Some seconds of each; database.test.ts runs minutes of them. */
describe('an unavailable database', () => {
  let service: Service
  let progress: Awaited<ReturnType<typeof startBackfill>>
  let next = 0
  /** A picture that was not requested yet; the backfill starts at the other end. */
  const cold = () => service.pictures.at(-1 - next++) ?? ''

  beforeAll(async () => {
    service = await openService(400)
    expect(await answerOf(service.pictures[0] ?? '')).toBe('200')
    progress = await startBackfill(service.url)
    // Pictures made for viewers before the plan are not in its count.
    await until(async () => {
      const now = await progress()
      return now !== null && now.status !== 'PLANNING'
    })
  }, 240_000)
  afterAll(() => service?.[Symbol.asyncDispose]())

  it('that is stopped is 503 at every entry point, and then everything continues', async () => {
    const { postgres } = service
    await outlive(service, { begin: postgres.stop, end: postgres.start }, async () => {
      await until(async () => (await ask(service.url, '{ items(first: 1) { nodes { name } } }')).errors)
      await expectAway(service)
    })
    expect(await answerOf(cold())).toBe('200')
  })

  it('that is read-only still serves stored pictures', async () => {
    const { postgres, url, pictures } = service
    const readOnly = { begin: () => postgres.setReadOnly(true), end: () => postgres.setReadOnly(false) }
    await outlive(service, readOnly, async () => {
      expect(await answerOf(cold())).toBe('UNAVAILABLE')
      expect(await answerOf(pictures[0] ?? '')).toBe('200')
      const items = await ask<{ items: { nodes: object[] } }>(url, '{ items(first: 1) { nodes { name } } }')
      expect(items.data.items.nodes).toHaveLength(1)
      const mutation = await ask(url, 'mutation { startBackfill(input: { mode: ALL }) { id } }')
      expect(mutation.errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAVAILABLE'])
      const ready = await until(async () => {
        const answer = await fetch(`${url}/readyz`)
        const body = (await answer.json()) as { degraded: boolean }
        return body.degraded && { status: answer.status, body }
      })
      expect(ready).toMatchObject({
        status: 200,
        body: { ready: true, checks: { database: { ok: false, code: 'UNAVAILABLE', state: 'READ_ONLY' } } },
      })
    })
    expect(await answerOf(cold())).toBe('200')
  })

  it('without room for more connections is used with the existing ones', async () => {
    const { env, postgres } = service
    const app = await testApp(loadConfig(env))
    const { url } = await testServer(app)
    const here = (picture: string) => picture.replace(service.url, url)
    await Promise.all(Array.from({ length: 4 }, () => app.pg.query('select pg_sleep(0.2)')))
    expect(app.pg.totalCount).toBe(4)
    await postgres.limitConnections(1)
    try {
      // More at once than there are connections, so that the pool has to ask for another one.
      const busy = Promise.allSettled(Array.from({ length: 8 }, () => app.pg.query('select pg_sleep(0.2)')))
      const reads = Array.from({ length: 50 }, () => ask(url, '{ items(first: 1) { nodes { name } } }'))
      const answers = new Map<string, number>()
      const untilServed = async (picture: string) => {
        for (let answer = ''; answer !== '200'; ) {
          answer = await answerOf(picture)
          answers.set(answer, (answers.get(answer) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: 12 }, () => untilServed(here(cold()))))
      expect((await Promise.all(reads)).filter(({ errors }) => errors)).toEqual([])
      await busy
      // One may have to fail, so that the others get its connection.
      expect(answers.get('UNAVAILABLE') ?? 0).toBeLessThanOrEqual(1)
      await until(() => app.health.state === 'TROUBLED')
    } finally {
      await postgres.limitConnections(null)
    }
    await until(() => app.health.state === 'UP')
  })

  it('that hangs is 503 as well, and blocks no request', async () => {
    const { postgres } = service
    await outlive(service, { begin: postgres.freeze, end: postgres.thaw }, async () => {
      expect(await answerOf(cold())).toBe('UNAVAILABLE')
      await expectAway(service)
    })
    expect(await answerOf(cold())).toBe('200')
  })

  it('loses nothing of the backfill', { timeout: 120_000 }, async () => {
    const done = await until(async () => {
      const now = await progress()
      return now?.status !== 'RUNNING' && now
    }, 100_000)
    expect(done).toEqual({ status: 'COMPLETED', doneItems: 399, failedItems: 0 })
  })
})
