import { createSocket } from 'node:dgram'
import { lookup as lookupOfSystem } from 'node:dns'
import { stat } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { App } from '../src/app.ts'
import { uniqueIdOf } from '../src/core/variant.ts'
import { inTransaction } from '../src/db/database.ts'
import { importItems } from '../src/import/import-items.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { advance, claimCursors, findDueReceivers, findNext } from '../src/webhooks/cursors.ts'
import { lookupPublic } from '../src/webhooks/lookup-public.ts'
import { recordEvents } from '../src/webhooks/outbox.ts'
import { postEvent, signedHeaders, UNREACHABLE } from '../src/webhooks/post-event.ts'
import { pruneEvents } from '../src/webhooks/prune.ts'
import { checkReceiverUrl, guardedLookup, REFUSED_TARGET } from '../src/webhooks/receiver-url.ts'
import { openSender } from '../src/webhooks/sender.ts'
import { testNameServer } from './support/name-server.ts'
import { seededRandom } from './support/random.ts'
import { ask, drawing, entry, listen, readMetrics, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'
import { startWorker } from './support/worker.ts'

const ALL = ['image.variant.created', 'image.variant.failed', 'backfill.completed', 'upload.completed']
const BASICS = uniqueIdOf('acme/basics')

async function open(env: Record<string, string> = {}, known = {}) {
  const nameServers = [await testNameServer({ 'example.com': ['93.184.215.14'], ...known })]
  const app = await testApp(await testConfig({ WEBHOOK_PRIVATE_HOSTS: '127.0.0.1', ...env }), { nameServers })
  const { url } = await testServer(app)
  return { app, url }
}

interface Delivery {
  readonly id: string
  readonly type: string
  readonly data: Record<string, unknown>
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
/** Its response: a status, or null for none. The number is that of the request. */
type Answer = (delivery: Delivery, number: number) => number | null | Promise<number | null>

/** A real receiver. `seen` is every request, `taken` those with a 2xx response. */
async function receiver(answer: Answer = () => 204, headers: Record<string, string> = {}) {
  const seen: Delivery[] = []
  const taken: Delivery[] = []
  const url = await listen(async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    const delivery = { ...JSON.parse(body), headers: incoming.headers, body }
    const status = await answer(delivery, seen.push(delivery))
    if (status === null) return
    if (status < 300) taken.push(delivery)
    response.writeHead(status, headers).end('a body that nobody reads')
  })
  return { url, seen, taken }
}

async function hook(url: string, to: string, types = ALL): Promise<{ id: string; secret: string }> {
  const { data, errors } = await ask<{ createWebhook: { webhook: { id: string }; secret: string } }>(
    url,
    'mutation ($to: String!, $types: [String!]!) { createWebhook(url: $to, types: $types) { webhook { id } secret } }',
    { variables: { to, types } },
  )
  expect(errors).toBeUndefined()
  return { id: data.createWebhook.webhook.id, secret: data.createWebhook.secret }
}

/** The worker's own sender, in this process. */
function startSender(app: App) {
  const sender = openSender(app, { pollEveryMs: 20 })
  onTestFinished(sender.close)
  return sender
}

/** Events of families, recorded as in the service. */
const record = (app: App, ...events: [family: string | null, number: number][]) =>
  recordEvents(
    app.pg,
    events.map(([family, number]) => ({ type: 'upload.completed', family, data: { family, number } })),
  )
const numbers = (deliveries: Delivery[], family: string | null) =>
  deliveries.filter(({ data }) => data.family === family).map(({ data }) => data.number)

/** As if time had passed: retries are due now. */
const hurry = (app: App) => app.pg.query('update webhook_line set next_attempt_at = now() where attempts > 0')

const lines = async (app: App) =>
  (await app.pg.query('select family, waiting, attempts, claimed_until from webhook_line order by family')).rows
const settled = (app: App) => until(async () => (await lines(app)).every(({ waiting }) => waiting === 0))

const LETTERS = '{ deadLetters(first: 5) { totalCount nodes { id eventId type family body attempts status error } } }'
interface Letters {
  deadLetters: { totalCount: number; nodes: { id: string; eventId: string; attempts: number; status: number | null }[] }
}
const letters = async (url: string) => (await ask<Letters>(url, LETTERS)).data.deadLetters

const HOOKS = '{ webhooks { nodes { url types waiting failingSince error disabledAt } } }'
interface Hook {
  waiting: number
  failingSince: string | null
  error: string | null
  disabledAt: string | null
}
const hooks = async (url: string) => (await ask<{ webhooks: { nodes: Hook[] } }>(url, HOOKS)).data.webhooks.nodes

it("a vendor's webhook receives the events of that vendor alone", async () => {
  const { app, url } = await open()
  const stores = { pg: app.pg, originals: app.stores.originals }
  await importItems(stores, [entry('a', drawing(1)), entry('b', drawing(2), { vendor: 'beta' })])
  const types = ['image.variant.created', 'upload.completed']
  const create =
    'mutation ($types: [String!]!, $vendor: String) { createWebhook(url: "https://example.com/", types: $types, vendor: $vendor) { secret } }'
  for (const vendor of [null, 'acme', 'beta', 'gamma']) await ask(url, create, { variables: { types, vendor } })
  await inTransaction(app.pg, (client) =>
    recordEvents(client, [
      { type: 'image.variant.created', family: BASICS, data: {} },
      { type: 'image.variant.created', family: uniqueIdOf('beta/basics'), data: {} },
      { type: 'upload.completed', family: null, data: { vendor: 'beta' } },
    ]),
  )
  const { data } = await ask<{ webhooks: { nodes: { vendor: string | null; waiting: number }[] } }>(
    url,
    '{ webhooks { nodes { vendor waiting } } }',
  )
  expect(data.webhooks.nodes.map(({ vendor, waiting }) => [vendor, waiting])).toEqual([
    [null, 3],
    ['acme', 1],
    ['beta', 2],
    ['gamma', 0],
  ])
  // What is sent is found by other conditions than what is counted.
  const delivered: [number, string][] = []
  await app.pg.query('update webhook_line set next_attempt_at = now()')
  for (const { id } of await findDueReceivers(app.pg))
    for (const cursor of await claimCursors(app.pg, id, 9))
      for (let next: typeof cursor | null = cursor; next; ) {
        const event = await findNext(app.pg, next)
        if (!event) break
        delivered.push([id, event.type])
        next = await advance(app.pg, next, event)
      }
  expect(delivered.sort()).toEqual([
    [1, 'image.variant.created'],
    [1, 'image.variant.created'],
    [1, 'upload.completed'],
    [2, 'image.variant.created'],
    [3, 'image.variant.created'],
    [3, 'upload.completed'],
  ])
})

describe('a delivery', () => {
  it('is signed with the previous secret too after a rotation, until that ends', async () => {
    const { app, url } = await open()
    const to = await receiver()
    const { id, secret: first } = await hook(url, to.url)
    startSender(app)
    const rotate = async (args: string) => {
      const mutation = `mutation { rotateWebhookSecret(${args}) { secret webhook { id previousSecretUntil } } }`
      const { data, errors } = await ask<{
        rotateWebhookSecret: { secret: string; webhook: { id: string; previousSecretUntil: string | null } }
      }>(url, mutation)
      return { ...data?.rotateWebhookSecret, code: errors?.[0]?.extensions.code }
    }
    /** Which of the secrets a receiver can check the next delivery with. */
    const verifying = async (secrets: readonly string[]) => {
      const count = to.taken.length
      await record(app, [BASICS, count])
      await until(() => to.taken.length > count)
      // A claim that goes on would send the next event with the secrets that it began with.
      await settled(app)
      const { body, headers } = to.taken.at(-1) as Delivery
      return secrets.filter((secret) => {
        try {
          return new Webhook(secret).verify(body, headers as Record<string, string>)
        } catch {
          return false
        }
      })
    }
    expect(await verifying([first])).toEqual([first])
    const rotated = await rotate(`id: "${id}"`)
    const second = rotated.secret ?? ''
    const hours = (Date.parse(rotated.webhook?.previousSecretUntil ?? '') - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(23)
    expect(hours).toBeLessThan(25)
    expect(await verifying([first, second])).toEqual([first, second])
    await app.pg.query(`update webhook set previous_secret_until = now() - interval '1 second'`)
    expect(await verifying([first, second])).toEqual([second])
    await pruneEvents(app.pg)
    expect((await app.prisma.webhook.findFirstOrThrow()).previousSecret).toBeNull()
    const { secret: third = '', webhook } = await rotate(`id: "${id}", overlapHours: 0`)
    expect(webhook?.previousSecretUntil).toBeNull()
    expect(await verifying([first, second, third])).toEqual([third])
    expect((await rotate(`id: "${id}", overlapHours: 169`)).code).toBe('BAD_INPUT')
    expect((await rotate(`id: "${id}", overlapHours: -1`)).code).toBe('BAD_INPUT')
    expect((await rotate('id: "V2ViaG9vazo5OTk="')).code).toBe('NOT_FOUND')
  })

  it('reports pictures and failures to a receiver that fails twice: each once, in order, signed', async () => {
    const { app, url } = await open()
    const to = await receiver((_delivery, number) => (number <= 2 ? 500 : 200))
    const { secret } = await hook(url, to.url)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [
      ...['one', 'two', 'three'].map((slug, index) => entry(slug, drawing(index))),
      entry('cup', drawing(7), { family: 'other' }),
      entry('broken', '<svg xmlns="http://www.w3.org/2000/svg"><g>'),
    ])
    startSender(app)
    for (const item of await app.prisma.item.findMany({ orderBy: { id: 'asc' } })) {
      for (const preset of ['thumbnail', 'preview'])
        await fetch(`${url}/images/${variantKeyOf(app, item, { preset, format: 'WEBP' })}`)
    }
    await until(async () => {
      await hurry(app)
      return to.taken.length >= 9
    })
    await settled(app)

    const images = await app.prisma.image.findMany({ orderBy: { id: 'asc' } })
    expect(images).toHaveLength(8)
    const created = to.taken.filter(({ type }) => type === 'image.variant.created')
    expect(created.map(({ data }) => data.objectKey).sort()).toEqual(images.map(({ objectKey }) => objectKey).sort())
    const ofBasics = created.filter(({ data }) => data.family === BASICS).map(({ data }) => data.objectKey)
    const madeOfBasics = images.map(({ objectKey }) => objectKey).filter((key) => key.includes(BASICS))
    expect(ofBasics).toEqual(madeOfBasics)
    const [image] = images
    const item = await app.prisma.item.findUniqueOrThrow({ where: { id: image?.ownerId ?? 0 } })
    expect(created.find(({ data }) => data.objectKey === image?.objectKey)?.data).toEqual({
      family: BASICS,
      item: item.uniqueId,
      sourceKey: item.sourceKey,
      preset: image?.preset,
      format: image?.format,
      objectKey: image?.objectKey,
      width: image?.width,
      height: image?.height,
      bytes: image?.bytes,
    })
    const failed = to.taken.filter(({ type }) => type === 'image.variant.failed')
    expect(failed.map(({ data }) => data)).toMatchObject([
      { code: 'UNSUPPORTED', attempts: 1, final: true, family: BASICS },
    ])

    expect(to.taken).toHaveLength(9)
    expect(to.seen).toHaveLength(11)
    for (const tried of to.seen.slice(0, 2))
      expect(to.taken.filter(({ id, body }) => id === tried.id && body === tried.body)).toHaveLength(1)
    for (const { headers, body, id } of to.seen) {
      expect(Object.keys(JSON.parse(body))).toEqual(['id', 'type', 'createdAt', 'data'])
      expect(headers['webhook-id']).toBe(id)
      // As a receiver does, including the age of the timestamp.
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body))
      const forged = () => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)
      expect(forged).toThrow(WebhookVerificationError)
      expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32)
    }
  })

  it('is signed as the libraries of Standard Webhooks expect it', () => {
    // The example of their own tests.
    const headers = signedHeaders('{"test": 2432232314}', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      at: new Date(1_614_265_330_000),
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('that a worker killed with kill -9 may have made is repeated with the same id, and nothing is lost', async () => {
    const { app, url } = await open()
    let worker = startWorker(app)
    const killed = Promise.withResolvers<Delivery>()
    let isGone = false
    const to = await receiver(async (delivery, number) => {
      // Of another family, and on its way when the worker is killed: it may be repeated too, so it is not accepted.
      if (number > 1) return isGone ? 204 : null
      worker.child.kill('SIGKILL')
      await worker.gone
      isGone = true
      killed.resolve(delivery)
      return null
    })
    await hook(url, to.url)
    const entries = Array.from({ length: 60 }, (_, index) => entry(`item-${index}`, drawing(index)))
    await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
    await ask(url, 'mutation { startBackfill { id } }')
    const first = await killed.promise
    const line = (await lines(app)).find(({ family }) => family === (first.data.family ?? ''))
    expect(line).toMatchObject({ attempts: 0, claimed_until: expect.any(Date) })
    await app.pg.query('update webhook_line set claimed_until = now()')
    worker = startWorker(app)
    const last = await until(() => to.taken.find(({ type }) => type === 'backfill.completed'), 60_000)
    await settled(app)

    expect(to.taken.filter(({ id }) => id === first.id)).toHaveLength(1)
    const created = to.taken.filter(({ type }) => type === 'image.variant.created')
    expect(new Set(created.map(({ id }) => id)).size).toBe(created.length)
    const images = await app.prisma.image.findMany({ where: { ownerType: 'ITEM' } })
    expect(created.map(({ data }) => data.objectKey).sort()).toEqual(images.map(({ objectKey }) => objectKey).sort())
    expect(last?.data).toMatchObject({ status: 'COMPLETED', totalItems: 60, doneItems: 60, failedItems: 0 })
    expect(images).toHaveLength(180)
  })
})

describe('an event', () => {
  it('is recorded if and only if its change is, and only if a webhook is subscribed to it', async () => {
    const { app, url } = await open()
    const count = async () => (await app.pg.query('select count(*)::int as count from event')).rows[0].count
    await record(app, ['A', 1])
    expect(await count()).toBe(0)

    const to = await receiver()
    await hook(url, to.url, ['upload.completed'])
    const failing = inTransaction(app.pg, async (client) => {
      await recordEvents(client, [{ type: 'upload.completed', family: 'A', data: {} }])
      throw new Error('the change failed')
    })
    await expect(failing).rejects.toThrow('the change failed')
    await recordEvents(app.pg, [{ type: 'backfill.completed', family: null, data: {} }])
    expect([await count(), await lines(app)]).toEqual([0, []])
    startSender(app)
    await record(app, ['A', 2], ['B', 1], ['A', 3])
    await settled(app)
    expect([numbers(to.taken, 'A'), numbers(to.taken, 'B'), to.seen.length]).toEqual([[2, 3], [1], 3])
  })

  it('of a transaction that commits late is not skipped, and keeps its position in the family', async () => {
    const { app, url } = await open()
    const to = await receiver()
    await hook(url, to.url)
    startSender(app)
    const late = await app.pg.connect()
    onTestFinished(() => late.release())
    await late.query('begin')
    await recordEvents(late, [{ type: 'upload.completed', family: 'A', data: { family: 'A', number: 1 } }])
    const next = record(app, ['A', 2])
    await until(async () => (await app.pg.query(`select from pg_locks where not granted`)).rowCount === 1)
    // Another family neither blocks nor is blocked: its id is higher than the next one.
    await record(app, ['B', 1])
    await until(() => numbers(to.taken, 'B').length === 1)
    expect(numbers(to.taken, 'A')).toEqual([])
    await late.query('commit')
    await next
    await settled(app)
    expect(numbers(to.taken, 'A')).toEqual([1, 2])
  })

  it('of many families from many transactions at once: no deadlock, each family in order', async () => {
    const { app, url } = await open()
    const to = await receiver()
    await hook(url, to.url)
    startSender(app)
    const families = ['A', 'B', 'C', 'D', 'E']
    const random = seededRandom()
    await Promise.all(
      Array.from({ length: 30 }, (_, number) =>
        record(app, ...families.toSorted(() => random() - 0.5).map((family): [string, number] => [family, number])),
      ),
    )
    await settled(app)
    const { rows } = await app.pg.query(
      'select family, array_agg((data->>$1)::int order by id) as numbers from event group by 1',
      ['number'],
    )
    expect(rows).toHaveLength(5)
    for (const row of rows) {
      expect(numbers(to.taken, row.family)).toEqual(row.numbers)
      expect(row.numbers.toSorted((a: number, b: number) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n))
    }
  })
})

describe('a receiver that fails', () => {
  it('delays only its own family, not other families or webhooks, and only until the dead letter', async () => {
    const { app, url } = await open()
    let isFixed = false
    const picky = await receiver(({ data }) => (data.family === 'A' && data.number === 1 && !isFixed ? 503 : 200))
    const other = await receiver()
    const { id } = await hook(url, picky.url)
    await hook(url, other.url)
    startSender(app)
    await record(app, ['A', 1], ['B', 1], ['A', 2], ['B', 2], [null, 1])
    await until(() => other.taken.length === 5 && picky.taken.length === 3)
    expect([numbers(other.taken, 'A'), numbers(picky.taken, 'A'), numbers(picky.taken, 'B')]).toEqual([
      [1, 2],
      [],
      [1, 2],
    ])
    // Any successful delivery ends the failing state.
    await until(async () => {
      await hurry(app)
      return (await hooks(url))[0]?.error
    })
    expect(await hooks(url)).toMatchObject([
      { waiting: 2, failingSince: expect.any(String), error: 'It answered 503.', disabledAt: null },
      { waiting: 0, failingSince: null, error: null },
    ])
    const metrics = () => readMetrics(url)
    expect(await metrics()).toMatch(/^webhook_deliveries_waiting 2$/m)

    await until(async () => {
      await hurry(app)
      return numbers(picky.taken, 'A').length === 1
    })
    await settled(app)
    expect(numbers(picky.taken, 'A')).toEqual([2])
    const tries = picky.seen.filter(({ data }) => data.family === 'A' && data.number === 1)
    expect(tries).toHaveLength(8)
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1)
    expect((await hooks(url))[0]).toMatchObject({ waiting: 0, failingSince: null, error: null })
    // The state of the installation is read again after ten seconds.
    await until(async () => /^webhook_dead_letters 1$/m.test(await metrics()))
    const dead = await letters(url)
    expect(dead).toMatchObject({
      totalCount: 1,
      nodes: [
        {
          eventId: tries[0]?.id,
          type: 'upload.completed',
          family: 'A',
          body: tries[0]?.body,
          attempts: 8,
          status: 503,
          error: 'It answered 503.',
        },
      ],
    })

    // Replayed while the receiver is still failing: dead again, after eight more attempts.
    const replayed = await ask(url, `mutation { replayDeadLetter(id: "${dead.nodes[0]?.id}") }`)
    expect(replayed).toEqual({ data: { replayDeadLetter: 1 } })
    await until(async () => {
      await hurry(app)
      return (await letters(url)).nodes[0]?.attempts === 16
    })
    isFixed = true
    expect(await ask(url, `mutation { replayDeadLetters(webhook: "${id}") }`)).toEqual({
      data: { replayDeadLetters: 1 },
    })
    await until(async () => (await letters(url)).totalCount === 0)
    expect(numbers(picky.taken, 'A')).toEqual([2, 1])
    expect(await lines(app)).toHaveLength(6)
    await settled(app)
  })

  it('is retried with exponential backoff and jitter, or after what Retry-After says', async () => {
    const { app, url } = await open()
    let retryAfter = '3600'
    const to = await listen((_request, response) => response.writeHead(429, { 'retry-after': retryAfter }).end())
    await hook(url, to)
    await record(app, ['A', 1])
    const pauses: { atLeast: number; atMost: number }[] = []
    for (let attempt = 1; attempt <= 7; attempt++) {
      if (attempt === 2) retryAfter = '0'
      const { rows } = await app.pg.query('select clock_timestamp()::text as before')
      if (attempt === 1) startSender(app)
      else await hurry(app)
      const pause = await until(async () => {
        const found = await app.pg.query(
          `select extract(epoch from next_attempt_at - clock_timestamp())::float as "atLeast",
                  extract(epoch from next_attempt_at - $2::timestamptz)::float as "atMost"
           from webhook_line where attempts = $1`,
          [attempt, rows[0].before],
        )
        return found.rows[0]
      })
      pauses.push(pause)
    }
    for (const [index, pauseS] of [3600, 25, 125, 625, 3125, 15_625, 21_600].entries()) {
      expect(pauses[index]?.atLeast).toBeLessThanOrEqual(pauseS * (index === 0 ? 1 : 1.2))
      expect(pauses[index]?.atMost).toBeGreaterThanOrEqual(pauseS * (index === 0 ? 1 : 0.8))
    }
  })

  it('by never answering occupies only its eight deliveries; others continue, and a shutdown does not wait for it', async () => {
    const { app, url } = await open()
    const silent = await receiver(() => null)
    const other = await receiver()
    await hook(url, silent.url)
    await hook(url, other.url)
    const sender = startSender(app)
    const families = Array.from({ length: 30 }, (_, index) => `F${index}`)
    await record(app, ...families.map((family): [string, number] => [family, 1]))
    await until(() => other.taken.length === 30)
    await until(() => silent.seen.length === 8)
    await sender.close()
    expect(silent.seen).toHaveLength(8)
    const waiting = (await lines(app)).filter((line) => line.waiting === 1)
    expect(waiting.map(({ attempts, claimed_until }) => [attempts, claimed_until])).toEqual(
      families.map(() => [0, null]),
    )
  })

  it('with 410, or for seven days, is disabled: nothing more is recorded or sent until it is enabled', async () => {
    const { app, url } = await open()
    let status = 410
    const to = await receiver(() => status)
    const { id } = await hook(url, to.url)
    startSender(app)
    await record(app, ['A', 1], ['A', 2])
    await until(async () => (await hooks(url))[0]?.disabledAt)
    await record(app, ['A', 3])
    await hurry(app)
    expect((await hooks(url))[0]).toMatchObject({ waiting: 2, error: 'It answered 410.' })
    status = 200
    await ask(url, `mutation { enableWebhook(id: "${id}") { id } }`)
    await settled(app)
    expect(numbers(to.taken, 'A')).toEqual([1, 2])
    expect((await hooks(url))[0]).toMatchObject({ waiting: 0, failingSince: null, error: null, disabledAt: null })

    status = 500
    await record(app, ['A', 4])
    await until(async () => (await hooks(url))[0]?.failingSince)
    await app.pg.query(`update webhook set failing_since = now() - interval '8 days'`)
    await hurry(app)
    await until(async () => (await hooks(url))[0]?.disabledAt)
  })

  it('by redirecting receives nothing at another address', async () => {
    const { app, url } = await open()
    const target = await receiver()
    const to = await receiver(() => 307, { location: target.url })
    await hook(url, to.url)
    startSender(app)
    await record(app, ['A', 1])
    await until(async () => (await hooks(url))[0]?.error)
    expect((await hooks(url))[0]?.error).toBe('It answered 307; redirects are not followed.')
    expect(target.seen).toEqual([])
  })
})

describe('a url', () => {
  const PRIVATE = ['backend.internal', '10.1.2.3']
  const LOOPBACK = ['localhost', '127.0.0.1', '::1']
  const taken = [
    'https://example.com/hook?key=1',
    'https://[2606:4700::1111]/',
    'http://backend.internal/hook',
    'http://10.1.2.3/',
  ]
  it.each(taken)('%s is accepted', (url) => {
    expect(checkReceiverUrl(url, PRIVATE).href).toContain('://')
  })

  it.each(['http://localhost:3000/', 'http://127.0.0.1:80/x', 'http://[::1]/', 'http://127.1/', 'http://0x7f000001/'])(
    '%s of this machine is accepted only if the operator lists it',
    (url) => {
      expect(checkReceiverUrl(url, LOOPBACK).href).toContain('://')
      expect(() => checkReceiverUrl(url, PRIVATE)).toThrow(/^The webhook's url /)
      expect(() => checkReceiverUrl(url, null)).toThrow(/^The webhook's url /)
    },
  )

  const refused = [
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'not a url',
    'https://user:password@example.com/',
    'https://10.0.0.1/',
    'https://0x7f000002.1/',
    'https://192.168.1.1/',
    'https://172.31.255.255/',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest/meta-data',
    'http://2852039166/',
    'https://0251.0376.0251.0376/',
    'https://127.0.0.1./',
    'https://[::ffff:7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[fc00::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[64:ff9b::a00:1]/',
    'https://[::]/',
    `https://example.com/${'x'.repeat(2000)}`,
  ]
  it.each(['http://127.0.0.1:8080/', 'https://[::1]/', 'http://hooks.example/', 'https://10.1.2.3/'])(
    '%s is refused for a vendor, whatever hosts the operator has',
    (url) => {
      expect(() => checkReceiverUrl(url, null)).toThrow(/^The webhook's url /)
    },
  )

  it.each(refused)('%s is refused', (url) => {
    expect(() => checkReceiverUrl(url, PRIVATE)).toThrow(/^The webhook's url /)
  })

  /** The first and the last address of every special-purpose block, and public addresses next to some. */
  const SPECIAL = [
    ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1'],
    ...['169.254.0.0', '169.254.255.255', '172.16.0.0', '172.31.255.255', '192.0.0.0', '192.0.0.255', '192.0.2.1'],
    ...['192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1'],
    ...['224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255'],
    ...['::', '::1', '::7f00:1', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '::ffff:0:127.0.0.1', '64:ff9b::8.8.8.8'],
    ...['64:ff9b::127.0.0.1', '64:ff9b:1::a00:1', '64:ff9b:1:ffff::1', '100::1', '100:0:0:1::1', '1fff:ffff::1'],
    ...['2001::1', '2001:0:7f00:1::', '2001:1::1', '2001:2::1', '2001:3::1', '2001:10::1', '2001:20::1', '2001:30::1'],
    ...['2001:1ff:ffff::1', '2001:db8::1', '2001:db8:ffff::1', '2002::1', '2002:7f00:1::', '2002:a00:1::', '3fff::1'],
    ...['3fff:fff::1', '4000::1', '5f00::1', '8000::1', 'fc00::1', 'fdff::1', 'fe80::1', 'fe80::1%1', 'febf::1'],
    ...['fec0::1', 'fd00:ec2::254', 'ff00::1', 'ff02::1'],
  ]
  const PUBLIC = ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '169.253.255.255']
  const PUBLIC_IPV6 = ['2001:200::1', '2001:4860:4860::8888', '2001:db7::1', '2001:db9::1', '2003::1', '3ffe::1']
  /** Whether the guard allows a connection to a name that resolves to this address; an address resolves to itself. */
  const isConnectedTo = (address: string, hostname: string, privateHosts: readonly string[] = []) =>
    new Promise<boolean>((resolve) => {
      const lookup = guardedLookup(new URL(`https://${hostname}/`), privateHosts)
      lookup(address, { all: true }, (error) => resolve(error === null))
    })

  it('leads to public addresses only', async () => {
    for (const address of SPECIAL)
      expect([address, await isConnectedTo(address, 'a.example')]).toEqual([address, false])
    for (const address of [...PUBLIC, ...PUBLIC_IPV6])
      expect([address, await isConnectedTo(address, 'a.example')]).toEqual([address, true])
  })

  it("of a private host leads neither to a cloud's metadata address nor to one that is not a host", async () => {
    const refused = [
      '0.0.0.0',
      '169.254.169.254',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      'fe80::1',
      'ff02::1',
    ]
    const disguised = ['::ffff:169.254.169.254', '64:ff9b::169.254.169.254', '2002:a9fe:a9fe::1', 'fd00:ec2::254']
    const ofThisMachine = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '64:ff9b::127.0.0.1', '2002:7f00:1::']
    const taken = ['10.1.2.3', '198.18.0.1', 'fd00::1', '64:ff9b::10.1.2.3', '8.8.8.8', '2606:4700::1111']
    for (const address of [...refused, ...disguised, ...ofThisMachine, ...taken])
      expect([address, await isConnectedTo(address, 'mine.example', ['mine.example'])]).toEqual([
        address,
        taken.includes(address),
      ])
  })

  it('with a link-local address is refused even if it is listed as private', () => {
    expect(() => checkReceiverUrl('http://169.254.169.254/', ['169.254.169.254'])).toThrow(REFUSED_TARGET)
  })

  it('that leads to a forbidden address is refused when it is created, with one sentence for every address, name and port', async () => {
    const { app, url } = await open(
      { WEBHOOK_PRIVATE_HOSTS: 'localhost' },
      {
        'inner.example': ['10.0.0.1'],
        'mixed.example': ['93.184.215.14', '127.0.0.1'],
        'metadata.example': ['169.254.169.254'],
      },
    )
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('a', drawing(1))])
    const create = async (to: string, vendor?: string) => {
      const { errors } = await ask(
        url,
        `mutation ($to: String!, $types: [String!]!, $vendor: String) { createWebhook(url: $to, types: $types, vendor: $vendor) { secret } }`,
        { variables: { to, types: ALL, vendor } },
      )
      return errors?.[0]?.message ?? 'created'
    }
    const forbidden = ['inner.example', 'mixed.example', 'metadata.example', '10.0.0.1', '[::1]']
    const targets = forbidden.flatMap((host) => [`https://${host}/`, `https://${host}:22/`])
    for (const vendor of [undefined, 'acme'])
      expect(new Set(await Promise.all(targets.map((to) => create(to, vendor))))).toEqual(new Set([REFUSED_TARGET]))
    // Whether a name of the service's network exists is no business of a vendor's.
    expect([await create('https://nothing.example/', 'acme'), await create('https://localhost/', 'acme')]).toEqual([
      REFUSED_TARGET,
      REFUSED_TARGET,
    ])
    expect([
      await create('https://example.com/', 'acme'),
      await create('https://nothing.example/'),
      await create('http://localhost:9/'),
    ]).toEqual(['created', 'created', 'created'])
  })

  it('whose name resolves elsewhere when the connection is made is refused', async () => {
    let connections = 0
    const { port } = new URL(await listen((_request, response) => void response.end(String(++connections))))
    const call = (url: string, privateHosts: readonly string[]) =>
      new Promise((resolve, reject) => {
        const lookup = guardedLookup(new URL(url), privateHosts, lookupOfSystem)
        const options = { host: 'localhost', port, lookup, family: 4 }
        request(options, (response) => resolve(response.resume().statusCode))
          .once('error', reject)
          .end()
      })
    // As if the name of a public host, or of another private one, now resolved to this machine.
    for (const [url, privateHosts] of [
      ['https://public.example/', []],
      ['http://mine.example/', ['mine.example']],
    ] as const)
      await expect(call(url, privateHosts)).rejects.toThrow(
        /localhost has the address 127\.0\.0\.1, which may not be called/,
      )
    expect(connections).toBe(0)
    expect(await call('http://localhost/', ['localhost'])).toBe(200)
  })

  it('is called at the address that was checked, whatever its name resolves to afterwards', async () => {
    const { port } = new URL(await listen((_request, response) => void response.end()))
    const answers = ['127.0.0.1', '10.0.0.1', '127.0.0.1']
    const resolved: string[] = []
    const rebinding = ((_name: string, _options: object, callback: (error: null, addresses: object) => void) => {
      const address = answers[resolved.length] ?? ''
      resolved.push(address)
      callback(null, [{ address, family: 4 }])
    }) as never
    const call = () => {
      const guarded = guardedLookup(new URL('http://localhost/'), ['localhost'], rebinding)
      return new Promise((resolve) => {
        request({ host: 'localhost', port, lookup: guarded, agent: false }, (response) =>
          resolve(response.resume().statusCode),
        )
          .once('error', ({ message }) => resolve(message))
          .end()
      })
    }
    expect([await call(), resolved]).toEqual([200, ['127.0.0.1']])
    expect(await call()).toMatch(/^localhost has the address 10\.0\.0\.1, which may not be called/)
    expect([await call(), resolved]).toEqual([200, answers])
  })

  it('whose name server does not answer fails in bounded time, and holds no thread that reads files', async () => {
    const silent = createSocket('udp4')
    onTestFinished(() => void silent.close())
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve))
    const resolve = lookupPublic([`127.0.0.1:${silent.address().port}`])
    const guarded = guardedLookup(new URL('https://slow.example/'), null, resolve)
    let ended = 0
    const look = () =>
      new Promise((settle) => {
        guarded('slow.example', { all: true }, (error) => settle([++ended, error?.code]))
      })
    // More than the process has threads.
    const looks = Array.from({ length: 8 }, look)
    await stat(import.meta.filename)
    expect(ended).toBe(0)
    for (const [, code] of (await Promise.all(looks)) as [number, string][]) expect(code).toBe('ETIMEOUT')
  })

  it('without a response fails with the same sentence, and a vendor waits as long, whatever the reason was', async () => {
    const closers: (() => void)[] = []
    const closed = await listen(
      () => {},
      (close) => closers.push(close),
    )
    for (const close of closers) close()
    const silent = await listen(() => {})
    // It reads too: a socket whose request is not read stays open. Who gets no HTTP may reset it.
    const other = createTcpServer(
      (socket) =>
        void socket
          .on('error', () => {})
          .resume()
          .end('SSH-2.0-OpenSSH_9.6\r\n'),
    )
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const event = { id: '1', type: 'upload.completed', data: {}, createdAt: new Date() }
    const send = (url: string, privateHosts: readonly string[] | null) =>
      postEvent(event, {
        url,
        secrets: ['whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz'],
        privateHosts,
        signal: new AbortController().signal,
        limitMs: 300,
      })
    const urls = [closed, silent, `http://127.0.0.1:${port}`, 'http://nothing.invalid/']
    const failures = await Promise.all([
      ...urls.map((url) => send(url, ['127.0.0.1', 'nothing.invalid'])),
      ...['https://127.0.0.1/', 'https://10.0.0.1:22/', 'https://nothing.invalid/', 'https://localhost/'].map((url) =>
        send(url, null),
      ),
    ])
    for (const failure of failures) expect(failure).toMatchObject({ status: null, error: UNREACHABLE, retryAfterS: 0 })
    expect(new Set(failures.map((failure) => failure?.cause)).size).toBeGreaterThan(4)
    // A vendor's failure is known when the limit is over.
    for (const url of ['https://10.0.0.1/', 'https://localhost:1/']) {
      const from = performance.now()
      await send(url, null)
      expect(performance.now() - from).toBeGreaterThanOrEqual(299)
    }
  })
})

describe('the operator', () => {
  it('alone may see and change webhooks', async () => {
    const { url } = await open()
    const { id } = await hook(url, 'https://example.com/')
    const queries = [
      HOOKS,
      LETTERS,
      `{ node(id: "${id}") { ... on Webhook { url } } }`,
      'mutation { createWebhook(url: "https://example.com/", types: ["upload.completed"]) { secret } }',
      `mutation { deleteWebhook(id: "${id}") }`,
      `mutation { enableWebhook(id: "${id}") { id } }`,
      `mutation { replayDeadLetters(webhook: "${id}") }`,
      `mutation { replayDeadLetter(id: "${Buffer.from('DeadLetter:1').toString('base64')}") }`,
    ]
    for (const query of queries) {
      const { errors } = await ask(url, query, { token: null })
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN'])
    }
    expect(await hooks(url)).toHaveLength(1)
  })

  it('gets a sentence for invalid requests, and at most 20 webhooks; a deleted one receives nothing more', async () => {
    const { app, url } = await open()
    const to = await receiver()
    const { id } = await hook(url, to.url)
    const gone = Buffer.from('Webhook:99').toString('base64')
    const create = (address: string, types: string[]) =>
      `mutation { createWebhook(url: "${address}", types: ${JSON.stringify(types)}) { secret } }`
    const wrong: [string, string, RegExp][] = [
      [create('http://example.com', ['upload.completed']), 'BAD_INPUT', /https/],
      [create('https://example.com', []), 'BAD_INPUT', /1 to 5/],
      [create('https://example.com', ['image.deleted']), 'BAD_INPUT', /"image\.deleted" is not an event type/],
      [`mutation { deleteWebhook(id: "${gone}") }`, 'NOT_FOUND', /no webhook 99/],
      [`mutation { enableWebhook(id: "${gone}") { id } }`, 'NOT_FOUND', /no webhook 99/],
      [`mutation { replayDeadLetters(webhook: "${gone}") }`, 'NOT_FOUND', /no webhook 99/],
    ]
    for (const [query, code, message] of wrong) {
      const { errors } = await ask(url, query)
      expect(errors?.[0]).toMatchObject({ extensions: { code }, message: expect.stringMatching(message) })
    }
    await record(app, ['A', 1])
    expect(await ask(url, `mutation { deleteWebhook(id: "${id}") }`)).toEqual({ data: { deleteWebhook: true } })
    expect([await lines(app), await hooks(url)]).toEqual([[], []])
    for (let count = 0; count < 20; count++) await hook(url, 'https://example.com/')
    const { errors } = await ask(url, create('https://example.com', ['upload.completed']))
    expect(errors?.[0]?.message).toMatch(/There are 20 webhooks/)
  })

  it('finds delivered events for 7 days and others for 30', async () => {
    const { app, url } = await open()
    const to = await receiver(({ data }) => (data.family === 'A' ? 200 : 500))
    await hook(url, to.url)
    const sender = startSender(app)
    await record(app, ['A', 1], ['B', 1])
    await until(async () => (await lines(app)).some(({ attempts }) => attempts === 1))
    await until(() => numbers(to.taken, 'A').length === 1)
    await app.pg.query(`update webhook_line set attempts = 7, next_attempt_at = now() where family = 'B'`)
    await until(async () => (await letters(url)).totalCount === 1)
    await sender.close()
    await record(app, ['C', 1])
    await app.pg.query(`insert into webhook_line values (99, 'A', 0, 1, 0, now())`)
    const left = async (days: number) => {
      await app.pg.query(`update event set created_at = now() - make_interval(days => $1)`, [days])
      await pruneEvents(app.pg)
      return (await app.pg.query('select family from event order by 1')).rows.map(({ family }) => family)
    }
    expect(await left(6)).toEqual(['A', 'B', 'C'])
    expect(await left(8)).toEqual(['B', 'C'])
    expect(await left(31)).toEqual([])
    expect((await letters(url)).totalCount).toBe(0)

    // The sender detects that, and continues with the next event.
    startSender(app)
    await settled(app)
    await record(app, ['C', 2], ['A', 2])
    await until(() => numbers(to.taken, 'A').includes(2) && numbers(to.seen, 'C').includes(2))
    expect(numbers(to.seen, 'C')).toEqual([2])
  })
})
