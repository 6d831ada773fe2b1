import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerOf, expectAway, outlive } from '../support/outage.ts'
import { openService, type Service, startBackfill } from '../support/service.ts'
import { until } from '../support/until.ts'

const ITEMS = 4000
/** Viewers that send requests continuously, one after the other. */
const VIEWERS = 8

/** Each fault for as long as fail-overs and administrators take, under load: the short ones are in unavailable-database.test.ts. */
describe('an outage of the database', () => {
  let service: Service
  let progress: Awaited<ReturnType<typeof startBackfill>>
  const leaving = new AbortController()
  let viewing: Promise<unknown>
  const answers = new Map<string, number>()

  beforeAll(async () => {
    service = await openService(ITEMS)
    progress = await startBackfill(service.url)
    viewing = Promise.all(Array.from({ length: VIEWERS }, view))
  }, 300_000)
  afterAll(async () => {
    leaving.abort()
    await viewing
    await service?.[Symbol.asyncDispose]()
  }, 60_000)

  /** Any response other than 200 or a timely 503 with Retry-After fails the running test. */
  async function view(_: unknown, viewer: number): Promise<void> {
    for (let round = 0; !leaving.signal.aborted; round++) {
      const picture = service.pictures[(round * 7919 + viewer * 503) % ITEMS] ?? ''
      const answer = await answerOf(picture)
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      // A refused viewer returns after Retry-After.
      if (answer !== '200') await passed(1)
    }
  }

  async function passed(seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000
    await until(() => Date.now() > end, seconds * 1000 + 60_000)
  }

  async function expectServed(): Promise<void> {
    const before = answers.get('200') ?? 0
    await until(() => (answers.get('200') ?? 0) > before + 20)
    await Promise.race([viewing, Promise.resolve()])
  }

  for (const seconds of [5, 12, 20, 60]) {
    it(`of ${seconds} s`, { timeout: 300_000 }, async () => {
      const { postgres } = service
      await outlive(service, { begin: postgres.stop, end: postgres.start }, async () => {
        await passed(seconds)
        await expectAway(service)
      })
      await expectServed()
    })
  }

  it('by four restarts in a row', { timeout: 300_000 }, async () => {
    const { postgres } = service
    const restart = async () => {
      await postgres.stop()
      await postgres.start()
    }
    const often = { begin: restart, end: restart, linesMax: 20 }
    await outlive(service, often, async () => {
      await passed(3)
      await restart()
      await restart()
    })
    await expectServed()
  })

  it('that is read-only for a minute', { timeout: 300_000 }, async () => {
    const { postgres } = service
    const readOnly = { begin: () => postgres.setReadOnly(true), end: () => postgres.setReadOnly(false) }
    await outlive(service, readOnly, () => passed(60))
    await expectServed()
  })

  it('that has no room for connections for a minute', { timeout: 300_000 }, async () => {
    const { postgres } = service
    const full = {
      begin: async () => {
        await postgres.limitConnections(1)
        // One stays: the six oldest could be all that one of the processes has, which then lacked nothing.
        await postgres.run(
          `select pg_terminate_backend(pid) from (
             select pid from pg_stat_activity where application_name = 'afterimage' order by backend_start offset 1
           ) as all_but_one`,
        )
      },
      end: () => postgres.limitConnections(null),
      linesMax: 20,
    }
    await outlive(service, full, () => passed(60))
    await expectServed()
  })

  it('that hangs for a minute', { timeout: 300_000 }, async () => {
    const { postgres } = service
    await outlive(service, { begin: postgres.freeze, end: postgres.thaw }, async () => {
      await passed(60)
      await expectAway(service)
    })
    await expectServed()
  })

  it('costs the backfill nothing', { timeout: 600_000 }, async () => {
    const done = await until(async () => {
      const now = await progress()
      return now?.status !== 'RUNNING' && now?.status !== 'PLANNING' && now
    }, 500_000)
    expect(done).toMatchObject({ status: 'COMPLETED', failedItems: 0 })
    expect([...answers.keys()].filter((answer) => !['200', 'BUSY', 'UNAVAILABLE'].includes(answer))).toEqual([])
  })
})
