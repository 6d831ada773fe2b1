import { expect, it } from 'vitest'
import { ADMIN_TOKEN, ask, importDrawings, testApp, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

it('an API that drains still serves, says so at /readyz, and ends subscriptions with a hint when it closes', async () => {
  const app = await testApp()
  const server = await testServer(app)
  await importDrawings(app, 1)
  const { data } = await ask<{ startBackfill: { id: string } }>(server.url, 'mutation { startBackfill { id } }')
  const document = `subscription { backfillProgress(id: "${data.startBackfill.id}") { status } }`
  const watching = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${ADMIN_TOKEN}`,
    },
    body: JSON.stringify({ query: document }),
  })
  let events = ''
  const ended = (async () => {
    for await (const chunk of watching.body ?? []) events += new TextDecoder().decode(chunk)
  })()
  await until(() => events.includes('PLANNING'))
  const readiness = async () => {
    const response = await fetch(`${server.url}/readyz`)
    return [
      response.status,
      response.headers.get('connection'),
      ((await response.json()) as { draining: boolean }).draining,
    ]
  }
  expect(await readiness()).toEqual([200, 'keep-alive', false])

  const drained = server.drain(1)
  expect(await readiness()).toEqual([503, 'close', true])
  const served = await fetch(`${server.url}/graphql?query={items{totalCount}}`, {
    headers: { 'content-type': 'application/json' },
  })
  expect([served.status, served.headers.get('connection'), await served.json()]).toEqual([
    200,
    'close',
    { data: { items: { totalCount: 1 } } },
  ])
  await drained
  expect(events).not.toContain('RESTARTING')
  await server.close()
  await ended
  expect(events).toMatch(/"code":"RESTARTING","retryAfterS":1/)
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()
})
