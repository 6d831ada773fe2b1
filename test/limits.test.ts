import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { lengthOf } from '../src/graphql/server/response-limit.ts'
import { serve } from '../src/http/server.ts'
import { ask, importDrawings, testApp, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

it('ids cost what their nodes cost', async () => {
  const { url } = await testServer(await testApp())
  const ids = Array.from({ length: 900 }, (_, index) => Buffer.from(`Icon:${index + 1}`).toString('base64'))
  const images = Array.from({ length: 40 }, (_, index) => `i${index}: image { url status }`).join(' ')
  const { errors } = await ask(url, `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Icon { ${images} } } }`, {
    variables: { ids },
  })
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/costs \d+ points, of which nodes costs \d+; at most 60000/),
    extensions: { code: 'BAD_INPUT' },
  })
})

it('expensive fields cost more, and a long response is refused before it is serialised', async () => {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, 60)
  const widths = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768]
  const dear = Array.from({ length: 60 }, (_, index) => `p${index}: picture(widths: [${widths}]) { srcSet }`).join(' ')
  expect((await ask(url, `{ items(first: 60) { nodes { ${dear} } } }`)).errors?.[0]?.message).toMatch(
    /costs \d+ points/,
  )
  await app.prisma.item.updateMany({ data: { name: 'x'.repeat(10_000) } })
  const long = Array.from({ length: 30 }, (_, index) => `n${index}: name`).join(' ')
  const { data, errors } = await ask(url, `{ items(first: 60) { nodes { ${long} } } }`)
  expect(data ?? null).toBeNull()
  expect(errors).toMatchObject([
    { message: expect.stringContaining('8000000 bytes'), extensions: { code: 'BAD_INPUT' } },
  ])
  expect((await ask(url, '{ items(first: 60) { nodes { name } } }')).errors).toBeUndefined()
})

it('estimates the size of JSON, and stops above the limit', () => {
  const value = { items: [{ name: 'Arrow', size: 12, gone: null }, { name: '→' }] }
  expect(Math.abs(lengthOf(value, 1e6) - JSON.stringify(value).length)).toBeLessThan(20)
  expect(lengthOf(Array(1e6).fill('x'.repeat(100)), 1000)).toBeLessThan(1200)
})

it('a client that does not read its response is disconnected', async () => {
  const app = await testApp()
  const server = await serve(app, { stalledMs: 300 })
  onTestFinished(server.close)
  await importDrawings(app, 60)
  await app.prisma.item.updateMany({ data: { name: 'x'.repeat(10_000) } })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.pause()
  socket.on('error', () => {})
  const names = Array.from({ length: 12 }, (_, index) => `n${index}: name`).join(' ')
  const body = JSON.stringify({ query: `{ items(first: 60) { nodes { ${names} } } }` })
  const head = `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  // Several responses of 7 MB, more than the kernel buffers without a reader.
  socket.write((head + body).repeat(3))
  await until(async () => (await establishedTo(server.url)) === 1)
  await until(async () => (await establishedTo(server.url)) === 0)
})

/** Connections that a server on this machine holds open, from the kernel: a client that does not read gets no events. */
async function establishedTo(url: string): Promise<number> {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n')
  return lines.filter((line) => new RegExp(`^\\s*\\d+: 0100007F:${port} \\S+ 01 `).test(line)).length
}
