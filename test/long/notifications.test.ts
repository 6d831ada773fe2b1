import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { openOwnPostgres } from '../support/own-postgres.ts'
import { testApp, testConfig } from '../support/setup.ts'
import { until } from '../support/until.ts'

it('a process listens on one connection after an outage, and receives notifications again', async () => {
  await using postgres = await openOwnPostgres()
  const app = await testApp(await testConfig({ DATABASE_URL: postgres.url }))
  const stop = new AbortController()
  const followed = app.events.follow('afterimage_backfill', '1', stop.signal)[Symbol.asyncIterator]()
  let heard = followed.next()
  await postgres.stop()
  let tries = 0
  const refusing = createServer((socket) => {
    tries++
    socket.resetAndDestroy()
  }).listen(Number(new URL(postgres.url).port), '127.0.0.1')
  await until(() => tries >= 4)
  await new Promise((resolve) => refusing.close(resolve))
  await postgres.start()
  // Notifications may have been missed meanwhile.
  await heard
  heard = followed.next()
  const notify = () =>
    app.pg.query(`select pg_notify('afterimage_backfill', '1')`).then(
      () => true,
      () => false,
    )
  await until(notify)
  await heard
  expect(await postgres.countListening()).toBe(1)
  stop.abort()
  await app.close()
})

it('a follower that does not read buffers one value, however many notifications arrive', async () => {
  const app = await testApp()
  const stop = new AbortController()
  const followed = app.events.follow('afterimage_backfill', '1', stop.signal)[Symbol.asyncIterator]()
  const tell = (payload: string) => app.pg.query(`select pg_notify('afterimage_backfill', $1)`, [payload])
  const first = followed.next()
  await tell('1')
  await first
  // Each in a separate transaction: Postgres only drops equal ones of one transaction.
  for (let round = 0; round < 200; round++) await tell('1')
  const after = app.events.follow('afterimage_backfill', 'after', stop.signal)[Symbol.asyncIterator]()
  const all = after.next()
  await tell('after')
  await all
  let values = 0
  const reading = (async () => {
    for (let next = await followed.next(); !next.done; next = await followed.next()) values++
  })()
  await until(() => values > 0)
  stop.abort()
  await reading
  expect(values).toBe(1)
})
