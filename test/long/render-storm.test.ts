import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readPresets } from '../../src/core/presets.ts'
import { openRenderPool } from '../../src/render/pool.ts'
import { svg } from '../support/setup.ts'

const { presets } = readPresets(path.join(import.meta.dirname, '../../presets.json'))
const GOOD = Buffer.from(svg('<rect x="4" y="4" width="16" height="16" fill="#f00"/>'))
const renderers = openRenderPool({ presets, size: 2, waitingMax: 1000 })
afterAll(renderers.close)

const outcomeOf = (source: Uint8Array, cpuLimitMs: number) =>
  renderers.render(source, [{ preset: 'preview', format: 'WEBP' }], { cpuLimitMs }).then(
    () => 'RENDERED',
    (error) => error.code,
  )

it('when every fifth render crashes or hangs, all good ones succeed', async () => {
  // Heavy art goes to resvg, which aborts on groups outside of its canvas, and then to librsvg; the blurs keep both busy for seconds.
  const heavy = '<path d="M0 0h1"/>'.repeat(20_001)
  const crash = Buffer.from(
    svg(`${heavy}<g opacity=".5"><path d="M500 0h9v9z"/><path d="M520 0h9v9z"/></g><path d="M0 0h9v9z"/>`),
  )
  const blur = '<filter id="f"><feGaussianBlur stdDeviation="3"/></filter>'
  const hang = Buffer.from(svg(blur + '<rect width="24" height="24" filter="url(#f)"/>'.repeat(90)))
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => {
      if (index % 5 > 0) return outcomeOf(GOOD, 20_000)
      return index % 2 === 0 ? outcomeOf(crash, 20_000) : outcomeOf(hang, 300)
    }),
  )
  const expected = outcomes.map((_, index) => (index % 5 > 0 ? 'RENDERED' : index % 2 === 0 ? 'RENDERED' : 'TIMEOUT'))
  expect(outcomes).toEqual(expected)
  expect(renderers.pids).toHaveLength(2)
})
