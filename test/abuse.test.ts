import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { serve } from '../src/http/server.ts'
import { ABUSES, sendAbuse } from './support/abuse.ts'
import { ADMIN_TOKEN, importDrawings, testApp, testServer } from './support/setup.ts'

it('documents and requests of each abusive kind are refused with one sentence, without a statement', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, 3)
  expect(ABUSES.length).toBeGreaterThanOrEqual(50)
  expect(new Set(ABUSES.map(({ kind }) => kind)).size).toBe(ABUSES.length)
  const wrong: unknown[] = []
  for (const abuse of ABUSES) {
    const answer = await sendAbuse(url, abuse, ADMIN_TOKEN)
    const { errors } = answer.body.startsWith('{')
      ? (JSON.parse(answer.body) as { errors?: { message: string; extensions: { code: string } }[] })
      : { errors: [{ message: answer.body, extensions: { code: answer.body.split(':')[0] ?? '' } }] }
    const [first] = errors ?? []
    const isRight =
      answer.status === abuse.status && first?.extensions.code === abuse.code && abuse.says.test(first.message)
    if (!isRight || answer.body.length > 6000) wrong.push([abuse.kind, answer.status, answer.body.slice(0, 300)])
  }
  expect(wrong).toEqual([])
}, 60_000)

it('a body that arrives too slowly is refused with 408', async () => {
  const server = await serve(await testApp(), { requestMs: 300 })
  onTestFinished(server.close)
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 90000\r\n\r\n{')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 .*REQUEST_TIMEOUT: The request did not arrive within 0\.3 s/s)
})
