import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const LOG = path.join(import.meta.dirname, '../src/core/log.ts')

/** The stderr, a pipe, of a process that runs this body and exits immediately. */
async function stderrOf(body: string): Promise<string[]> {
  const script = `const { log, configureLog } = await import(${JSON.stringify(LOG)}); ${body}; process.exit(0)`
  const args = ['--input-type=module', '--eval', script]
  const { stderr } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 << 20 })
  return stderr.trimEnd().split('\n')
}

it('is one JSON object per line if stderr is not a terminal, and no line is lost when the process exits', async () => {
  const text = 'x'.repeat(500)
  const lines = await stderrOf(
    `for (let n = 0; n < 3000; n++) log.warn('an event', { n, text: '${text}', none: undefined })`,
  )
  const events = lines.map((line) => JSON.parse(line))
  expect(events.map(({ n }) => n)).toEqual(Array.from({ length: 3000 }, (_, n) => n))
  expect(events[0]).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    pid: expect.any(Number),
    hostname: expect.any(String),
    n: 0,
    text,
    msg: 'an event',
  })
})

it('is pretty on a terminal, or when configured so', async () => {
  const event = `log.info('an event', { key: 'a/b.svg', cause: 'two "words"\\nand a line', n: 3 })`
  const expected = /^\S+Z info an event key=a\/b\.svg cause="two \\"words\\"\\nand a line" n=3$/
  const lines = await stderrOf(`configureLog({ format: 'pretty', level: 'info' }); ${event}`)
  expect(lines).toEqual([expect.stringMatching(expected)])
  const terminal = `process.stderr.isTTY = true; const fresh = await import(${JSON.stringify(`${LOG}?terminal`)})`
  expect(await stderrOf(`${terminal}; fresh.${event}`)).toEqual([expect.stringMatching(expected)])
})

it('omits lines below its level', async () => {
  const lines = await stderrOf(
    `for (const level of ['debug', 'info', 'warn', 'error']) { configureLog({ format: 'json', level }); for (const method of Object.keys(log)) log[method](level) }`,
  )
  const found = lines.map((line) => JSON.parse(line)).map(({ msg, level }) => `${msg}:${level}`)
  expect(found).toEqual([
    ...['debug:debug', 'debug:info', 'debug:warn', 'debug:error', 'info:info', 'info:warn', 'info:error'],
    ...['warn:warn', 'warn:error', 'error:error'],
  ])
})

it('redacts passwords and signatures', async () => {
  const [line] = await stderrOf(
    `log.error('no', { a: 'at postgres://user:hunter2@host/db', b: '/uploads/1?expires=1&signature=hunter2', c: 'https://b/k?X-Amz-Signature=hunter2&X-Amz-Expires=1' })`,
  )
  expect(line).not.toContain('hunter2')
  expect(JSON.parse(line ?? '')).toMatchObject({ a: 'at postgres://…@host/db', b: '/uploads/1?expires=1&signature=…' })
})

it('has one line for each request, with its id and why its picture failed; of stored pictures, one in 100, and of refused ones, one in 20', async () => {
  const [observe, sender, context] = ['http/observe-requests', 'http/sender', 'core/request-context'].map((file) =>
    JSON.stringify(path.join(import.meta.dirname, `../src/${file}.ts`)),
  )
  const lines = await stderrOf(`
    const { createServer } = await import('node:http')
    const [{ createObserver }, { assignRequestId }, { inRequest, currentRequest }] =
      await Promise.all([import(${observe}), import(${sender}), import(${context})])
    const observeRequest = createObserver({ accessLog: true })
    const server = createServer((request, response) => {
      const own = { requestId: assignRequestId(request, response), described: {} }
      inRequest(own, () => {
        observeRequest(request, response, own)
        if (request.url.endsWith('broken')) Object.assign(currentRequest().described, { vendor: 'acme', code: 'NOT_SVG' })
        response.writeHead(request.url.endsWith('broken') ? 422 : request.url.endsWith('full') ? 503 : 200).end()
      })
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const send = (path, headers = {}) => fetch('http://127.0.0.1:' + server.address().port + path, { headers })
    const ids = []
    for (const headers of [{ 'x-request-id': 'mine' }, { 'x-amz-cf-id': 'of-the-cdn==' }, { 'x-request-id': 'two words' }])
      ids.push((await send('/graphql?query=secret', headers)).headers.get('x-request-id'))
    await send('/images/broken', { 'x-request-id': 'broken' })
    for (let n = 0; n < 150; n++) await send('/images/a.webp')
    for (let n = 0; n < 30; n++) await send('/images/full')
    log.info('ids', { ids: ids.join(' ') })
    await new Promise((resolve) => server.close(resolve).closeAllConnections())
  `)
  const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  const ids = String(found.find(({ msg }) => msg === 'ids')?.ids).split(' ')
  const requests = found.filter(({ msg }) => msg === 'request')
  expect(ids).toEqual(['mine', 'of-the-cdn==', expect.stringMatching(/^[0-9a-f-]{36}$/)])
  expect(requests.slice(0, 3)).toMatchObject(
    ids.map((requestId) => ({ requestId, level: 'info', method: 'GET', path: '/graphql', status: 200 })),
  )
  expect(requests.slice(3)).toMatchObject([
    { requestId: 'broken', level: 'warn', status: 422, vendor: 'acme', code: 'NOT_SVG' },
    { path: '/images/a.webp', sampled: 100 },
    { path: '/images/a.webp', sampled: 100 },
    { path: '/images/full', status: 503, sampled: 20 },
    { path: '/images/full', status: 503, sampled: 20 },
  ])
  expect(requests).toHaveLength(8)
})
