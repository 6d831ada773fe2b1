import sharp from 'sharp'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { App } from '../src/app.ts'
import { AppError } from '../src/core/errors.ts'
import { printTransform } from '../src/core/transform.ts'
import { parseVariantKey, printCompositeKey, printVariantKey, type VariantPath } from '../src/core/variant.ts'
import { lockItems } from '../src/db/locks.ts'
import { createOriginHandler } from '../src/http/images.ts'
import { type AdmissionLimiter, openAdmissionLimiter, WAIT_MAX_MS } from '../src/variants/admission.ts'
import { createVariantFinder } from '../src/variants/find.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { createStandIns } from '../src/variants/stand-ins.ts'
import { ask, importDrawings, listen, testApp, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

const applicant = (
  client: string,
  { vendor = 'acme', isSlow = false, signal = new AbortController().signal } = {},
) => ({
  path: [vendor, client] as const,
  lane: isSlow ? ('slow' as const) : ('quick' as const),
  signal,
})

/** A limiter whose holders have recently held their slots for this long. */
async function slowed(places: number, holdMs: number): Promise<AdmissionLimiter> {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const limiter = openAdmissionLimiter({ places })
  for (let each = 0; each < 300; each++) {
    const place = await limiter.acquire(applicant('before'))
    vi.advanceTimersByTime(holdMs)
    place.release()
  }
  return limiter
}

describe('admission', () => {
  afterEach(() => void vi.useRealTimers())

  it('queues requests that it can serve within fifteen seconds, and refuses others immediately', async () => {
    const limiter = await slowed(1, 300)
    await limiter.acquire(applicant('a'))
    const settled: string[] = []
    for (let each = 0; each < 60; each++)
      limiter.acquire(applicant('a')).then(
        () => settled.push('served'),
        (error) => settled.push(error.code),
      )
    await Promise.resolve()
    await Promise.resolve()
    // 50 x 300 ms is the most that fits.
    expect(settled).toEqual(Array(10).fill('BUSY'))
    // A page of another client does not wait behind it.
    limiter.acquire(applicant('b')).then(
      () => settled.push('b served'),
      (error) => settled.push(`b ${error.code}`),
    )
    await Promise.resolve()
    await Promise.resolve()
    expect(settled).toHaveLength(10)
  })

  it('does not let more in because the last few were quick', async () => {
    const limiter = await slowed(1, 300)
    for (const holdMs of [...Array(20).fill(500), ...Array(20).fill(100)]) {
      const place = await limiter.acquire(applicant('a'))
      vi.advanceTimersByTime(holdMs)
      place.release()
    }
    let refused = 0
    for (let each = 0; each < 200; each++) limiter.acquire(applicant('a')).catch(() => refused++)
    await Promise.resolve()
    await Promise.resolve()
    // At 300 ms each, 65 wait for 20 s: a viewer is held for 25 at most.
    expect(200 - refused).toBeLessThanOrEqual(65)
  })

  it('serves clients and vendors in turns, however many requests one of them sends', async () => {
    const limiter = await slowed(1, 10)
    const place = await limiter.acquire(applicant('greedy'))
    const order: string[] = []
    const ask = (client: string, vendor?: string) =>
      limiter.acquire(applicant(client, vendor ? { vendor } : {})).then((next) => {
        order.push(client)
        vi.advanceTimersByTime(10)
        next.release()
      })
    const asked = Array.from({ length: 200 }, () => ask('greedy'))
    for (let each = 0; each < 5; each++) asked.push(ask('modest'), ask('neighbour', 'other'))
    place.release()
    await Promise.all(asked)
    expect(order.lastIndexOf('modest')).toBeLessThan(30)
    expect(order.lastIndexOf('neighbour')).toBeLessThan(30)
  })

  it('lets a vendor in beside one that holds every place, with one picture at a time', async () => {
    const limiter = await slowed(2, 10)
    const places = [await limiter.acquire(applicant('a')), await limiter.acquire(applicant('a'))]
    void limiter.acquire(applicant('a'))
    const first = await limiter.acquire(applicant('b', { vendor: 'other' }))
    let second = false
    const next = limiter.acquire(applicant('b', { vendor: 'other' })).then((place) => {
      second = true
      return place
    })
    await Promise.resolve()
    await Promise.resolve()
    expect(second).toBe(false)
    first.release()
    places.push(await next)
    for (const place of places) place.release()
  })

  it('removes aborted requests from the queue', async () => {
    const limiter = await slowed(1, 10)
    const place = await limiter.acquire(applicant('a'))
    const gone = new AbortController()
    const given = limiter.acquire(applicant('a', { signal: gone.signal }))
    const patient = limiter.acquire(applicant('a'))
    gone.abort()
    await expect(given).rejects.toMatchObject({ code: 'BUSY' })
    place.release()
    await expect(patient).resolves.toBeDefined()
    await expect(limiter.acquire(applicant('a', { signal: gone.signal }))).rejects.toMatchObject({ code: 'BUSY' })
  })

  it('answers after twenty-five seconds in any case', async () => {
    const limiter = await slowed(1, 10)
    await limiter.acquire(applicant('a'))
    const waiting = expect(limiter.acquire(applicant('b'))).rejects.toMatchObject({ code: 'BUSY' })
    vi.advanceTimersByTime(WAIT_MAX_MS)
    await waiting
  })

  it('limits slow work to a quarter of the slots', async () => {
    const limiter = await slowed(8, 10)
    const slow = Array.from({ length: 5 }, (_, index) => limiter.acquire(applicant(`s${index}`, { isSlow: true })))
    const begun = await Promise.all(slow.slice(0, 2))
    let third = false
    void slow[2]?.then(() => {
      third = true
    })
    const quick = await Promise.all(Array.from({ length: 6 }, (_, index) => limiter.acquire(applicant(`q${index}`))))
    expect([begun.length, quick.length, third]).toEqual([2, 6, false])
    begun[0]?.release()
    await slow[2]
  })

  it('frees the slot of work that turned out slow for quick work', async () => {
    const limiter = await slowed(2, 10)
    const first = await limiter.acquire(applicant('a'))
    const second = await limiter.acquire(applicant('a'))
    const waiting = limiter.acquire(applicant('b'))
    expect([first.becomeSlow(), second.becomeSlow(), first.becomeSlow()]).toEqual([true, true, false])
    const third = await waiting
    // The slow lane holds its quarter and one more; any more slow work is left to a worker.
    expect(third.becomeSlow()).toBe(false)
  })
})

/** A service with one renderer, drawings without pictures, and their keys. */
async function open(count: number) {
  const app = await testApp()
  const { url } = await testServer(app)
  await importDrawings(app, count)
  const items = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  const get = (key: string) => fetch(`${url}/images/${key}`)
  return { app, keys, get, url, itemIds: items.map(({ id }) => id) }
}

/** No render can end while the items are locked, as if each took forever. */
async function holdAll(app: App, itemIds: readonly number[]) {
  const locks = await lockItems(app.pg, itemIds)
  expect(locks.held).toHaveLength(itemIds.length)
  return locks.release
}

it('a page of a hundred new pictures is served completely, by one renderer', async () => {
  const { app, keys, get } = await open(100)
  const statuses = await Promise.all(keys.map(async (key) => (await get(key)).status))
  expect(statuses.filter((status) => status === 200)).toHaveLength(100)
  expect(app.pool.stats.renders).toBe(100)
})

it('a picture that nobody waits for any more is not made', async () => {
  const { app, keys, itemIds, get, url } = await open(12)
  const release = await holdAll(app, itemIds)
  const gone = new AbortController()
  const all = keys.map((key) => fetch(`${url}/images/${key}`, { signal: gone.signal }).catch(() => null))
  // Admitted ones wait for their locks; the others wait for admission.
  await until(() => app.admission.isBusy())
  gone.abort()
  await Promise.all(all)
  await release()
  expect((await get(keys[11] ?? '')).status).toBe(200)
  // Nothing is being made any more.
  await until(async () => {
    const locks = await lockItems(app.pg, itemIds)
    await locks.release()
    return locks.held.length === itemIds.length
  })
  expect(app.pool.stats.renders).toBeLessThan(12)
})

it('a picture that takes too long is answered with 503 and a placeholder, and still made for the next request', async () => {
  const { app, keys, itemIds, get } = await open(1)
  const handle = createOriginHandler(app, { answerMs: 20 })
  const url = await listen((request, response) => void handle(request, response, request.url?.slice(1) ?? ''))
  const release = await holdAll(app, itemIds)
  const late = await fetch(`${url}/${keys[0]}`)
  expect([late.status, late.headers.get('retry-after'), late.headers.get('cache-control')]).toEqual([
    503,
    '1',
    'no-store',
  ])
  expect(late.headers.get('content-type')).toBe('image/webp')
  await release()
  await until(async () => (await app.prisma.image.count()) === 1)
  expect((await get(keys[0] ?? '')).status).toBe(200)
  // And the neutral picture.
  expect(app.pool.stats.renders).toBe(2)
})

describe('a refusal', () => {
  /** The handler of a service at full capacity. */
  async function full() {
    const { app, keys, get } = await open(1)
    const ensureVariant = () => Promise.reject(new AppError('BUSY', 'full'))
    const handle = createOriginHandler({ ...app, ensureVariant })
    const url = await listen((request, response) => void handle(request, response, request.url?.slice(1) ?? ''))
    return { app, keys, get, refused: (key: string, init?: RequestInit) => fetch(`${url}/${key}`, init) }
  }

  it('shares its look-up with all that arrive during the one before', async () => {
    const { app, keys } = await open(9)
    const find = createVariantFinder(app)
    const sent = vi.spyOn(app.keyedPool, 'query')
    const found = await Promise.all(keys.map((key) => find(key)))
    expect(found.every((each) => each !== null)).toBe(true)
    expect(sent).toHaveBeenCalledTimes(2)
  })

  it('is looked up once for a moment, but what was taken down in between is not made', async () => {
    const { app, keys, itemIds, url: api } = await open(2)
    let isFull = true
    const handle = createOriginHandler({
      ...app,
      ensureVariant: (...call) => (isFull ? Promise.reject(new AppError('BUSY', 'full')) : app.ensureVariant(...call)),
    })
    const url = await listen((request, response) => void handle(request, response, request.url?.slice(1) ?? ''))
    const statuses = async () => await Promise.all(keys.map(async (key) => (await fetch(`${url}/${key}`)).status))
    const sent = vi.spyOn(app.keyedPool, 'query')
    const lookUps = () => sent.mock.calls.filter(([query]) => JSON.stringify(query).includes('locate-variants')).length
    expect(await statuses()).toEqual([503, 503])
    const first = lookUps()
    expect(first).toBeGreaterThan(0)
    expect(await statuses()).toEqual([503, 503])
    expect(lookUps()).toBe(first)
    const { errors } = await ask(
      api,
      `mutation { takeDown(id: "${Buffer.from(`Icon:${itemIds[0]}`).toString('base64')}", reason: "x") { id } }`,
    )
    expect(errors).toBeUndefined()
    isFull = false
    expect(await statuses()).toEqual([410, 200])
  })

  it("has a neutral picture of the preset's, transform's or layout's size as its body, in the requested format", async () => {
    const { app, refused } = await full()
    const [item] = await app.prisma.item.findMany()
    for (const preset of app.presets.values()) {
      for (const format of preset.formats) {
        const key = variantKeyOf(app, item as never, { preset: preset.name, format })
        const response = await refused(key)
        expect([response.status, response.headers.get('content-type')]).toEqual([503, `image/${format.toLowerCase()}`])
        const { width, height } = await sharp(Buffer.from(await response.arrayBuffer())).metadata()
        expect([width, height]).toEqual([preset.width, preset.height])
      }
    }
    const { neutral: neutralFor } = createStandIns(app)
    const [variant] = app.presets.values()
    const known = parseVariantKey(variantKeyOf(app, item as never, { preset: variant?.name ?? '', format: 'PNG' }))
    const transform = { fit: 'contain', padding: 0, background: '#ff0000', color: null } as const
    for (const [width, height] of [
      [96, 48],
      [null, 24],
    ] as const) {
      const preset = printTransform({ ...transform, width, height })
      const neutral = await neutralFor(printVariantKey({ ...(known as VariantPath), preset }))
      expect(await sharp(neutral?.bytes).metadata()).toMatchObject({ format: 'png', width: width ?? 24, height })
      const { dominant } = await sharp(neutral?.bytes).stats()
      expect([dominant.r > 200, dominant.g < 80]).toEqual([true, true])
    }
    for (const { name: layout, width, height } of app.layouts.values()) {
      const path = { vendor: 'acme', family: 'A'.repeat(12), layout, version: null, format: 'PNG' } as const
      const neutral = await neutralFor(printCompositeKey(path))
      expect(await sharp(neutral?.bytes).metadata()).toMatchObject({ format: 'png', width, height })
    }
    expect((await (await refused('no/such/key')).text()).slice(0, 9)).toBe('NOT_FOUND')
  })

  it('shows the placeholder in the requested format if the item was rendered before, and has no body for HEAD', async () => {
    const { app, keys, get, refused } = await full()
    expect((await get(keys[0] ?? '')).status).toBe(200)
    const { placeholder } = await app.prisma.item.findFirstOrThrow()
    const bytes = Buffer.from(placeholder ?? [])
    expect(bytes.length).toBeGreaterThan(20)
    expect(bytes.length).toBeLessThanOrEqual(300)
    const { width, height } = await sharp(bytes).metadata()
    const expected = await sharp(bytes).removeAlpha().raw().toBuffer()
    const item = await app.prisma.item.findFirstOrThrow()
    for (const format of app.presets.get('preview')?.formats ?? []) {
      const response = await refused(variantKeyOf(app, item, { preset: 'preview', format }))
      expect(response.headers.get('content-type')).toBe(`image/${format.toLowerCase()}`)
      const shown = sharp(Buffer.from(await response.arrayBuffer()))
      expect(await shown.metadata()).toMatchObject({ width, height })
      const pixels = await shown.removeAlpha().raw().toBuffer()
      expect(pixels.every((value, at) => Math.abs(value - (expected[at] ?? 0)) <= 12)).toBe(true)
    }
    const head = await refused(keys[0] ?? '', { method: 'HEAD' })
    expect([head.status, Number(head.headers.get('content-length'))]).toEqual([503, expect.any(Number)])
    expect((await head.arrayBuffer()).byteLength).toBe(0)
  })
})
