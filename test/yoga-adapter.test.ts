import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readBody, sendResponse } from '../src/http/yoga-adapter.ts'

describe('the body of a request', () => {
  it('is the text of all chunks, also if a character is in two', async () => {
    const request = new IncomingMessage(new Socket())
    const read = readBody(request)
    const bytes = Buffer.from('flèche')
    request.push(bytes.subarray(0, 3))
    request.push(bytes.subarray(3))
    request.push(null)
    expect(await read).toBe('flèche')
  })

  it('is refused when the request ends before its whole body has come, however it ends', async () => {
    const closed = new IncomingMessage(new Socket())
    closed.destroy()
    await expect(readBody(closed), 'the client was gone already').rejects.toThrow('disconnected')
    const timedOut = new IncomingMessage(new Socket())
    const read = readBody(timedOut)
    timedOut.push('{')
    setImmediate(() => timedOut.destroy())
    await expect(read, 'without an error, as after a response 408').rejects.toThrow('disconnected')
    const reset = new IncomingMessage(new Socket())
    setImmediate(() => reset.destroy(new Error('aborted')))
    await expect(readBody(reset)).rejects.toThrow('aborted')
  })
})

it('events end when the client has disconnected before the first', async () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  await new Promise<void>((closed) => response.once('close', closed).destroy())
  let isEnded = false
  const events = new ReadableStream({
    cancel() {
      isEnded = true
    },
  })
  const from = new Response(events, { headers: { 'content-type': 'text/event-stream' } })
  await sendResponse(from, { request: new Request('http://localhost/'), response })
  expect(isEnded).toBe(true)
})
