import { readFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Layout, readLayouts } from '../src/core/layouts.ts'
import { readPresets } from '../src/core/presets.ts'
import type { PoolOptions } from '../src/render/contract.ts'
import { timedOut, withWarnings } from '../src/render/errors.ts'
import type { ComposeOrder } from '../src/render/messages.ts'
import { withOtherEngine } from '../src/render/other-engine.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { renderTask } from '../src/render/tasks.ts'
import { svg } from './support/setup.ts'
import { until } from './support/until.ts'

const { presets } = readPresets(path.join(import.meta.dirname, '../presets.json'))
const VARIANTS = [...presets.values()]
  .filter(({ backfill }) => backfill)
  .map(({ name }) => ({ preset: name, format: 'WEBP' as const }))
const LIMIT = { cpuLimitMs: 10_000 }
const GOOD = Buffer.from(svg('<rect x="4" y="4" width="16" height="16" fill="#f00"/>'))
const hostile = (name: string) => readFileSync(path.join(import.meta.dirname, 'fixtures/hostile', name))
/** Passes every rule and keeps a renderer busy. */
const blurs = (count: number) =>
  Buffer.from(
    svg(
      `<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>${'<rect width="24" height="24" filter="url(#f)"/>'.repeat(count)}`,
    ),
  )
/** For seconds. */
const SLOW = blurs(90)

function pool(options: Partial<PoolOptions> = {}) {
  const opened = openRenderPool({ presets, size: 1, waitingMax: 100, ...options })
  onTestFinished(opened.close)
  return opened
}

async function pixel(picture: Uint8Array, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(picture).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  return [...data.subarray((y * info.width + x) * 4, (y * info.width + x) * 4 + 4)]
}

describe('a composite', () => {
  const { layouts } = readLayouts(path.join(import.meta.dirname, '../layouts.json'))
  const layout = layouts.get('card') as Layout
  const order = (sources: readonly Uint8Array[]): ComposeOrder => ({
    layout,
    name: { text: '<Tom & Jerry>', x: 48, y: 36, width: 1104, height: 71 },
    format: 'PNG',
    cells: sources.map((svg, index) => ({ svg, x: 50 + 160 * index, y: 200, width: 150, height: 100 })),
  })
  const wide = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="1"><rect width="20" height="1" fill="#00f"/></svg>',
  )

  it('draws each document into its cell, on its matte with round corners, under the name', async () => {
    const opened = pool()
    const composed = await opened.compose(order([GOOD, wide]), { cpuLimitMs: 20_000 })
    if (!('picture' in composed)) throw new Error(JSON.stringify(composed))
    const { bytes, width, height } = composed.picture
    expect([width, height, opened.stats.renders]).toEqual([1200, 630, 1])
    const colours = await Promise.all(
      [
        [125, 250],
        [285, 250],
        [60, 250],
        [285, 230],
        [50, 200],
        [20, 600],
      ].map(([x = 0, y = 0]) => pixel(bytes, x, y)),
    )
    const [red, blue, white, ground] = [
      [255, 0, 0, 255],
      [0, 0, 255, 255],
      [255, 255, 255, 255],
      [244, 244, 246, 255],
    ]
    expect(colours).toEqual([red, blue, white, white, ground, ground])
    const { data } = await sharp(bytes)
      .extract({ left: 48, top: 36, width: 400, height: 60 })
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect(data.some((value) => value < 60)).toBe(true)
  })

  it('reports which cells cannot be drawn, including one on which its renderer hung or crashed', async () => {
    const opened = pool()
    const codes = async (sources: readonly Uint8Array[]) => {
      // Large enough to take long.
      const cells = sources.map((source) => ({ svg: source, x: 100, y: 100, width: 1000, height: 500 }))
      const composed = await opened.compose({ ...order([]), cells }, { cpuLimitMs: 1500 })
      return 'failures' in composed ? composed.failures.map(({ cell, code }) => `${cell} ${code}`) : 'none'
    }
    expect(await codes([GOOD, Buffer.from('<svg'), GOOD, Buffer.from(svg(''))])).toEqual(['1 NOT_SVG', '3 BLANK'])
    expect(await codes([GOOD, GOOD, SLOW, GOOD])).toEqual(['2 TIMEOUT'])
    expect(await codes([GOOD])).toBe('none')
  })
})

describe('a renderer', () => {
  it('makes all requested pictures of a source in one call', async () => {
    const { pictures } = await pool().render(GOOD, VARIANTS, LIMIT)
    expect(pictures.map(({ preset, width, height }) => [preset, width, height])).toEqual([
      ['thumbnail', 128, 128],
      ['preview', 512, 512],
      ['watermark', 512, 512],
    ])
    for (const { bytes, width } of pictures)
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height: width, hasAlpha: false })
    const [thumbnail, preview, watermark] = pictures.map(({ bytes }) => bytes)
    expect(await pixel(thumbnail as Uint8Array, 64, 64)).toEqual([255, 0, 0, 255])
    expect(await pixel(thumbnail as Uint8Array, 2, 2)).toEqual([255, 255, 255, 255])
    expect(await pixel(preview as Uint8Array, 256, 256)).not.toEqual(await pixel(watermark as Uint8Array, 256, 256))
  })

  it('keeps the ratio of art that is not square, and centres it', async () => {
    const wide = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="10"><rect width="40" height="10" fill="#00f"/></svg>',
    )
    const {
      pictures: [picture],
    } = await pool().render(wide, [{ preset: 'thumbnail', format: 'PNG' }], LIMIT)
    const bytes = picture?.bytes as Uint8Array
    expect(await pixel(bytes, 1, 64)).toEqual([0, 0, 255, 255])
    expect(await pixel(bytes, 64, 46)).toEqual([255, 255, 255, 255])
    expect(await pixel(bytes, 64, 50)).toEqual([0, 0, 255, 255])
    expect(await pixel(bytes, 64, 82)).toEqual([255, 255, 255, 255])
  })

  it('makes the same bytes in another process', async () => {
    const [one, other] = [pool(), pool()]
    const makes = (from: ReturnType<typeof pool>) => from.render(GOOD, VARIANTS, LIMIT)
    const withoutTime = async (from: ReturnType<typeof pool>) => ({ ...(await makes(from)), cpuMs: 0 })
    expect(await withoutTime(one)).toEqual(await withoutTime(other))
  })

  const refused: [string, string, string][] = [
    ['an empty file', ' ', 'EMPTY'],
    ['HTML', '<html><body>404</body></html>', 'NOT_SVG'],
    ['a cut document', '<svg xmlns="http://www.w3.org/2000/svg"><g>', 'UNSUPPORTED'],
    ['a document that shows nothing', svg('<g/>'), 'BLANK'],
    ['one that is too much', svg('<g>'.repeat(300) + '</g>'.repeat(300)), 'TOO_DEEP'],
  ]
  it.each(refused)('refuses %s with its code, and survives', async (_name, source, code) => {
    const renderers = pool()
    await expect(renderers.render(Buffer.from(source), VARIANTS, LIMIT)).rejects.toMatchObject({ code })
    expect(await renderers.render(GOOD, VARIANTS, LIMIT)).toMatchObject({ pictures: { length: 3 } })
    expect(renderers.stats).toMatchObject({ renders: 2, failures: 1 })
  })
})

describe('the pool', () => {
  it.each(['tall.svg', 'blur.svg', 'morph.svg', 'turb.svg'])('survives %s, and the next render works', async (name) => {
    const renderers = pool()
    await expect(renderers.render(hostile(name), VARIANTS, { cpuLimitMs: 500 })).rejects.toMatchObject({ status: 422 })
    expect(await renderers.render(GOOD, VARIANTS, LIMIT)).toMatchObject({ pictures: { length: 3 } })
  })

  it('kills a render at its limit and leaves the others alone', async () => {
    const renderers = pool({ size: 2 })
    const slow = expect(renderers.render(SLOW, VARIANTS, { cpuLimitMs: 1000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    const others = await Promise.all(Array.from({ length: 20 }, () => renderers.render(GOOD, VARIANTS, LIMIT)))
    expect(others.flatMap(({ pictures }) => pictures)).toHaveLength(60)
    await slow
  })

  it('fails no document for the time that its renderer does not run', async () => {
    const renderers = pool()
    await renderers.render(GOOD, VARIANTS, LIMIT)
    const [pid = 0] = renderers.pids
    const cpuLimitMs = 400
    process.kill(pid, 'SIGSTOP')
    const from = performance.now()
    const delayed = renderers.render(GOOD, VARIANTS, { cpuLimitMs })
    await until(() => performance.now() - from > 3 * cpuLimitMs)
    process.kill(pid, 'SIGCONT')
    expect(await delayed).toMatchObject({ pictures: { length: 3 } })
    expect(renderers.stats).toMatchObject({ renders: 2, failures: 0 })
  })

  it("turns a renderer's crash into one failed render", async () => {
    const renderers = pool()
    await renderers.render(GOOD, VARIANTS, LIMIT)
    const dying = renderers.render(SLOW, VARIANTS, LIMIT)
    process.kill(renderers.pids[0] as number, 'SIGKILL')
    await expect(dying).rejects.toMatchObject({ code: 'CRASHED' })
    expect(await renderers.render(GOOD, VARIANTS, LIMIT)).toMatchObject({ pictures: { length: 3 } })
    expect(renderers.stats).toMatchObject({ renders: 3, failures: 1 })
  })

  /** resvg draws heavy art, and aborts on a group with opacity outside of its canvas. */
  const aborts = Buffer.from(
    svg(
      `<path fill="#f00" d="M0 0h24v24H0z"/>${'<path d="M0 0h1"/>'.repeat(20_001)}<g opacity=".5"><path d="M500 0h9v9z"/><path d="M520 0h9v9z"/></g>`,
    ),
  )

  it('draws documents that crash one engine with the other one, with the same bytes each time', async () => {
    const renderers = pool()
    const drawn = await renderers.render(aborts, VARIANTS, LIMIT)
    expect([drawn.engine, await pixel(drawn.pictures[1]?.bytes as Uint8Array, 400, 400)]).toEqual([
      'librsvg',
      [255, 0, 0, 255],
    ])
    expect(renderers.stats).toMatchObject({ renders: 2, failures: 1 })
    expect(await renderers.render(aborts, VARIANTS, LIMIT)).toEqual({ ...drawn, cpuMs: expect.any(Number) })
  })

  it('does so for a cell of a composite', async () => {
    const { layouts } = readLayouts(path.join(import.meta.dirname, '../layouts.json'))
    const layout = layouts.get('card') as Layout
    const cells = [GOOD, aborts].map((svg, x) => ({ svg, x: 200 * x, y: 0, width: 150, height: 150 }))
    const composed = await pool().compose({ layout, name: null, format: 'PNG', cells }, { cpuLimitMs: 20_000 })
    expect(composed).toMatchObject({ picture: { engine: 'librsvg, resvg' } })
  })

  it.each([
    ['the engine that has it', ['EXTERNAL_REFERENCE'], 2],
    ['what comes before any engine', null, 1],
  ])('tries the other engine after a time-out of %s, and keeps the warnings', async (_, warnings, attempts) => {
    const task = renderTask({ svg: GOOD, variants: [], otherEngine: false, options: LIMIT }, Promise.withResolvers())
    task.warnings = warnings
    let tried = 0
    const attempt = () => {
      tried++
      return Promise.reject(withWarnings(timedOut(task), warnings ?? []))
    }
    await expect(withOtherEngine(attempt)).rejects.toMatchObject({
      code: 'TIMEOUT',
      warnings: warnings ?? [],
      message: expect.stringMatching(
        warnings ? /CPU\. Left out: content that it refers to outside of the document/ : /CPU\.$/,
      ),
    })
    expect(tried).toBe(attempts)
  })

  it('tells what was left out of a document that fails', async () => {
    const source = Buffer.from(svg('<image href="x.png" width="9" height="9"/>'))
    await expect(pool().render(source, VARIANTS, LIMIT)).rejects.toMatchObject({
      code: 'BLANK',
      warnings: ['EXTERNAL_REFERENCE'],
      message: expect.stringContaining('content that it refers to outside of the document (EXTERNAL_REFERENCE)'),
    })
  })

  it('replaces a renderer after so many renders, losing none', async () => {
    const renderers = pool({ recycleAfter: 3 })
    await renderers.render(GOOD, VARIANTS, LIMIT)
    const [first] = renderers.pids
    const made = await Promise.all(Array.from({ length: 10 }, () => renderers.render(GOOD, VARIANTS, LIMIT)))
    expect(made.flatMap(({ pictures }) => pictures)).toHaveLength(30)
    expect(renderers.pids).not.toContain(first)
  })

  it('rejects with BUSY when its queue is full', async () => {
    const renderers = pool({ waitingMax: 2 })
    const renders = Array.from({ length: 6 }, () => renderers.render(GOOD, VARIANTS, LIMIT))
    const outcomes = await Promise.allSettled(renders)
    const codes = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'made' : outcome.reason.code))
    expect(codes).toContain('made')
    expect(codes.filter((code) => code === 'BUSY').length).toBeGreaterThanOrEqual(3)
  })

  it('finishes renders in progress when it closes, and leaves no process', async () => {
    const renderers = openRenderPool({ presets, size: 2, waitingMax: 100 })
    const renders = Array.from({ length: 5 }, () => renderers.render(GOOD, VARIANTS, LIMIT))
    const pids = renderers.pids
    await renderers.close()
    expect((await Promise.all(renders)).flatMap(({ pictures }) => pictures)).toHaveLength(15)
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    await expect(renderers.render(GOOD, VARIANTS, LIMIT)).rejects.toMatchObject({ code: 'BUSY' })
  })
})

it('a vendor that holds every renderer gives one to another vendor, and is not taken for slow', async () => {
  const renderers = pool({ size: 2, spares: 1 })
  const events: string[] = []
  const heavy = blurs(50)
  const of = (vendor: string, source: Uint8Array) =>
    renderers
      .render(source, [{ preset: 'preview', format: 'WEBP' }], {
        cpuLimitMs: 60_000,
        path: [vendor],
        onSlow: () => events.push(`${vendor} is slow`) > 0,
      })
      .then(() => events.push(vendor))
  await Promise.all([of('heavy', heavy), of('heavy', heavy), of('other', GOOD)])
  expect(events[0]).toBe('other')
  expect(events.filter((vendor) => vendor === 'heavy')).toHaveLength(2)
})

it('a limited pool gives work to only that many renderers, until the limit is lifted', async () => {
  const two = pool({ size: 2 })
  two.limit(1)
  const small = VARIANTS.slice(0, 1)
  let settled = 0
  const renders = [20, 20, 20, 20, 90, 90].map((count) =>
    two.render(blurs(count), small, { cpuLimitMs: 60_000 }).then(() => settled++),
  )
  // The first ones take longer than the second renderer needs to start.
  await until(() => {
    expect(two.stats.renders - settled).toBeLessThanOrEqual(1)
    return settled === 4
  })
  two.limit(2)
  await until(() => two.stats.waiting === 0)
  expect(two.stats.renders - settled).toBe(2)
  await Promise.all(renders)
})
