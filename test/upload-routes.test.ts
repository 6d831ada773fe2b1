import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readS3Event } from '../src/uploads/s3-event.ts'
import { signUploadUrl } from '../src/uploads/upload-url.ts'
import { testBuckets } from './support/s3.ts'
import { ADMIN_TOKEN, drawing, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { completeUpload, createUpload, packSets, readUpload, runUploads, send } from './support/uploads.ts'

const archive = () => packSets([{ name: 'Arrows', files: { a: drawing(1), b: drawing(2) } }])

async function open(env: Record<string, string> = {}) {
  const app = await testApp(await testConfig(env))
  const { url } = await testServer(app)
  return { app, url }
}

describe('an upload URL of the service', () => {
  it('accepts the archive once, completely, and with exactly the announced size', async () => {
    const { app, url } = await open()
    const bytes = await archive()
    const created = await createUpload(url, bytes.length)
    expect(new URL(created.url).origin).toBe(url)
    expect((await send(created, bytes.subarray(1))).status).toBe(400)
    expect((await send(created, Buffer.concat([bytes, bytes]))).status).toBe(400)
    // The length is announced, and the body ends before it.
    await new Promise<void>((resolve) => {
      const sending = request(created.url, { method: 'PUT', headers: { 'content-length': bytes.length } })
      sending.on('error', () => resolve())
      sending.write(bytes.subarray(0, 10), () => sending.destroy())
    })
    const drafts = path.join(app.config.dataDir, 'originals/.drafts')
    await until(async () => (await readdir(drafts)).length === 0)
    expect(await app.stores.originals.head('uploads/1.zip')).toBeNull()
    expect((await send(created, bytes)).status).toBe(201)
    expect(await (await send(created, bytes)).text()).toContain('has arrived already')
    expect(await app.stores.originals.get('uploads/1.zip')).toEqual(bytes)
    await completeUpload(url, created.id)
    await runUploads(app)
    expect(await readUpload(url, created.id)).toMatchObject({ status: 'COMPLETED', items: { done: 2 } })
  })

  it('is refused if it is forged, for another upload, or expired; and has no other routes', async () => {
    const { app, url } = await open()
    const bytes = await archive()
    const [first, second] = [await createUpload(url, bytes.length), await createUpload(url, bytes.length)]
    const changed = (change: (at: URL) => void) => {
      const at = new URL(first.url)
      change(at)
      return at.href
    }
    const old = await signUploadUrl(
      { originals: app.stores.originals, urlSecret: app.urlSecret },
      { id: 1, bytes: bytes.length, base: url, now: Date.now() - 3_700_000 },
    )
    const refused: [string, number, string][] = [
      [changed((at) => at.searchParams.set('expires', '99999999999')), 403, 'signature of this URL'],
      [changed((at) => at.searchParams.delete('signature')), 403, 'signature of this URL'],
      [
        changed((at) => at.searchParams.set('signature', new URL(second.url).searchParams.get('signature') ?? '')),
        403,
        'signature of this URL',
      ],
      [first.url.replace('/uploads/1', '/uploads/2'), 403, 'signature of this URL'],
      [old.url, 403, 'expired'],
      [first.url.replace('/uploads/1', '/uploads/x'), 404, 'no upload'],
    ]
    for (const [at, status, sentence] of refused) {
      const response = await send({ ...first, url: at }, bytes)
      expect([at, response.status, await response.text()]).toEqual([at, status, expect.stringContaining(sentence)])
    }
    const read = await fetch(first.url)
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'PUT'])
    expect(await app.stores.originals.head('uploads/1.zip')).toBeNull()
  })
})

describe('an upload URL that is sent to', () => {
  /** Begins to send an archive, and returns the answer, or `closed` if there is none. */
  const begin = (at: string, { length, first }: { length: number; first: Buffer }) => {
    const answer = Promise.withResolvers<string>()
    const sending = request(at, { method: 'PUT', headers: { 'content-length': length } }, (response) => {
      answer.resolve(text(response).then((said) => `${response.statusCode} ${said}`))
    })
    sending.on('error', () => answer.resolve('closed'))
    sending.write(first)
    onTestFinished(() => void sending.destroy())
    return { sending, answer: answer.promise }
  }

  it('twenty times at once keeps one draft, and takes the archive of the one that began', async () => {
    const { app, url } = await open()
    const bytes = await archive()
    const created = await createUpload(url, bytes.length)
    const drafts = path.join(app.config.dataDir, 'originals/.drafts')
    const part = { length: bytes.length, first: bytes.subarray(0, 20) }
    const first = begin(created.url, part)
    await until(async () => (await readdir(drafts)).length === 2)
    const others = await Promise.all(Array.from({ length: 20 }, () => begin(created.url, part).answer))
    expect(others).toEqual(Array(20).fill(expect.stringMatching(/^400 .*uploads\/1\.zip is being received already/)))
    expect(await readdir(drafts)).toHaveLength(2)
    first.sending.end(bytes.subarray(20))
    expect(await first.answer).toMatch(/^201 /)
    await until(async () => (await readdir(drafts)).length === 0)
  })

  it('and stalls, or arrives drop by drop, is answered and freed', async () => {
    const app = await testApp(await testConfig())
    const { url } = await testServer(app, { leastRate: { bytes: 1000, ms: 300 } })
    const drafts = path.join(app.config.dataDir, 'originals/.drafts')
    const [stalled, dripping] = [await createUpload(url, 5000), await createUpload(url, 5000)]
    const part = { length: 5000, first: Buffer.alloc(10) }
    const still = begin(stalled.url, part)
    const drops = begin(dripping.url, part)
    const timer = setInterval(() => drops.sending.write('x'), 20)
    onTestFinished(() => clearInterval(timer))
    expect(await still.answer).toMatch(/^408 REQUEST_TIMEOUT: Only 10 bytes .* in 0\.3 s, and 1000 are needed/)
    expect(await drops.answer).toMatch(/^408 REQUEST_TIMEOUT: Only \d+ bytes/)
    await until(async () => (await readdir(drafts)).length === 0)
  })

  it('from many addresses of one vendor leaves room for others', async () => {
    const { app, url } = await open({ UPLOADS_IN_PROGRESS: '2' })
    const releases = [1, 2].map(() => app.limits.archivesOfVendor.acquire('acme'))
    await app.pg.query('update upload set finished_at = now()')
    const created = await createUpload(url, 100)
    expect(await (await send(created, Buffer.alloc(100))).text()).toMatch(/^RATE_LIMITED: /)
    for (const release of releases) release()
    expect((await send(created, Buffer.alloc(100))).status).toBe(201)
  })
})

/** An event as each kind of sender formats it. */
const bridged = (bucket: string, key: string) => ({
  version: '0',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  detail: { version: '0', bucket: { name: bucket }, object: { key, size: 5, etag: 'x' }, reason: 'PutObject' },
})
const notified = (bucket: string, key: string) => ({
  Records: [
    { eventVersion: '2.1', eventName: 'ObjectCreated:Put', s3: { bucket: { name: bucket }, object: { key, size: 5 } } },
  ],
})

describe('with buckets', () => {
  const post = (url: string, body: object | string, token: string | null = ADMIN_TOKEN) =>
    fetch(`${url}/events/s3`, {
      method: 'POST',
      headers: token ? { authorization: `Bearer ${token}` } : {},
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })

  it('the archive goes to the bucket by a presigned PUT, and its event starts the upload', async () => {
    const env = { ...(await testBuckets()), EVENTS_TOKEN: 'of-event-bridge' }
    const { app, url } = await open(env)
    const bytes = await archive()
    const formats = [
      (key: string) => bridged(env.ORIGINALS_BUCKET, key),
      (key: string) => notified(env.ORIGINALS_BUCKET, key.replace('/', '%2F')),
      (key: string) => ({ Type: 'Notification', Message: JSON.stringify(notified(env.ORIGINALS_BUCKET, key)) }),
    ]
    for (const [index, format] of formats.entries()) {
      const created = await createUpload(url, bytes.length)
      const at = new URL(created.url)
      expect(at.href).toContain(`${env.AWS_ENDPOINT_URL_S3}/${env.ORIGINALS_BUCKET}/uploads/${index + 1}.zip?`)
      expect(at.searchParams.get('X-Amz-SignedHeaders')).toMatch(/^content-length;host/)
      expect(at.searchParams.get('X-Amz-Expires')).toBe('3600')
      expect(created.headers).toContainEqual({ name: 'content-length', value: String(bytes.length) })
      expect((await send(created, bytes)).status).toBe(200)
      const event = format(`uploads/${index + 1}.zip`)
      for (const token of [null, 'wrong']) expect((await post(url, event, token)).status).toBe(403)
      expect((await readUpload(url, created.id)).status).toBe('CREATED')
      const started = await post(url, event, index === 0 ? env.EVENTS_TOKEN : ADMIN_TOKEN)
      expect(await started.json()).toMatchObject({ results: [{ upload: index + 1, started: true }] })
      expect(await (await post(url, event)).json()).toMatchObject({ results: [{ upload: index + 1, started: false }] })
      await runUploads(app)
      expect(await readUpload(url, created.id)).toMatchObject({ status: 'COMPLETED', items: { done: 2 } })
      // Much later, once more.
      expect(await (await post(url, event)).json()).toMatchObject({ results: [{ started: false }] })
      // Deleted shortly after they have run; none was added.
      const left = `select from graphile_worker.jobs where task_identifier like '%upload'`
      await until(async () => (await app.pg.query(left)).rowCount === 0)
    }
    expect(await app.prisma.item.count()).toBe(2)
    const headers = { authorization: `Bearer ${env.EVENTS_TOKEN}` }
    expect((await fetch(`${url}/metrics`, { headers })).status).toBe(403)
  })

  it('irrelevant events are accepted with a note; anything else is refused', async () => {
    const env = await testBuckets()
    const { url } = await open(env)
    const { ORIGINALS_BUCKET: bucket } = env
    await createUpload(url, 100)
    const harmless = [
      bridged(bucket, 'uploads/99.zip'),
      bridged('elsewhere', 'uploads/1.zip'),
      bridged(bucket, 'uploads/1.zip'),
      notified(bucket, 'acme/icons/AAAAAAAAAAAA/BBBBBBBBBBBB/a.svg'),
      notified(bucket, 'uploads/%E0%A4%A.zip'),
    ]
    for (const event of harmless) {
      const response = await post(url, event)
      const { results } = (await response.json()) as { results: { started: boolean; note: string }[] }
      expect([response.status, results[0]?.started, typeof results[0]?.note]).toEqual([200, false, 'string'])
    }
    expect(await (await post(url, { Event: 's3:TestEvent' })).json()).toEqual({ results: [] })
    for (const body of ['', '{', '{}', '[]', '{"Records":[{}]}']) expect((await post(url, body)).status).toBe(400)
    expect((await post(url, 'x'.repeat(200_000))).status).toBe(400)
    expect((await fetch(`${url}/events/s3`)).status).toBe(405)
    expect((await fetch(`${url}/uploads/1?expires=1&signature=x`, { method: 'PUT', body: 'x' })).status).toBe(404)
  })
})

it('decodes the keys of notifications like HTML forms', () => {
  expect(readS3Event(JSON.stringify(notified('b', 'a+b%2Bc.zip')))).toEqual([{ bucket: 'b', key: 'a b+c.zip' }])
  expect(readS3Event(JSON.stringify(bridged('b', 'a+b.zip')))).toEqual([{ bucket: 'b', key: 'a+b.zip' }])
  expect(readS3Event(JSON.stringify({ ...bridged('b', 'a'), 'detail-type': 'Object Deleted' }))).toEqual([])
})
