import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readBody } from '../src/http/yoga-adapter.ts'

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
