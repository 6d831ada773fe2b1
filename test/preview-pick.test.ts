import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createNearDuplicate } from '../src/composites/near-duplicate.ts'
import { type Candidate, pick } from '../src/composites/pick.ts'
import { readPresets } from '../src/core/presets.ts'
import { hashSource, uniqueIdOf } from '../src/core/variant.ts'
import { readDemo } from '../src/import/demo.ts'
import { openRenderPool } from '../src/render/pool.ts'

const member = (id: number, iconSetId: number, ofSet: number): Candidate => ({
  itemId: id,
  uniqueId: uniqueIdOf(`item ${id}`),
  originalKey: `${id}.svg`,
  iconSetId,
  ofSet,
  sourceHash: `source ${id}`,
  thumbHash: null,
})
/** A family whose sets have these sizes. */
const family = (sizes: readonly number[]): Candidate[] =>
  sizes.flatMap((size, set) =>
    Array.from({ length: size }, (_, index) => member(set * 10_000 + index + 1, set + 1, size)),
  )

const all = (available: number) => available
const NONE = { pinned: [] as number[], countFor: all }
const idsOf = (members: readonly Candidate[]) => members.map(({ itemId }) => itemId)

describe('a pick', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })
  const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

  it('is spread over the sets in proportion, with one of each at least', () => {
    fc.assert(
      fc.property(sizes, seeds, fc.integer({ min: 12, max: 100 }), (of, seed, max) => {
        const total = of.reduce((sum, size) => sum + size, 0)
        const chosen = pick(family(of), { ...NONE, seed, max })
        expect(chosen).toHaveLength(Math.min(max, total))
        expect(new Set(idsOf(chosen)).size).toBe(chosen.length)
        const counts = of.map((_, set) => chosen.filter(({ iconSetId }) => iconSetId === set + 1).length)
        expect(Math.min(...counts)).toBeGreaterThan(0)
        // Definition of Sainte-Laguë: no cell, other than a set's first, would have gone to another set. It nearly always satisfies
        // quotas.
        const shareAt = (set: number, count: number) => (count + 0.5) / (of[set] ?? 0)
        const last = counts.flatMap((count, set) => (count > 1 ? shareAt(set, count - 1) : []))
        const next = counts.flatMap((count, set) => (count < (of[set] ?? 0) ? shareAt(set, count) : []))
        expect(Math.max(0, ...last)).toBeLessThanOrEqual(Math.min(1, ...next))
      }),
      { numRuns: 50 },
    )
  })

  it('is the same for the same seed and candidates, in whatever order and with whatever ids, and another for another seed', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 1000 }), (seed, shift) => {
        const candidates = family([40, 30, 5])
        const options = { ...NONE, seed, max: 18 }
        const slugs = (members: readonly Candidate[]) => members.map(({ uniqueId }) => uniqueId)
        const chosen = slugs(pick(candidates, options))
        const renamed = candidates.map((each) => ({
          ...each,
          itemId: each.itemId + shift,
          iconSetId: each.iconSetId + shift,
        }))
        expect(slugs(pick(renamed.reverse(), options))).toEqual(chosen)
        expect(slugs(pick(candidates, { ...options, seed: seed ^ 1 }))).not.toEqual(chosen)
      }),
      { numRuns: 30 },
    )
  })

  it('is fair: in a thousand picks every item is drawn about as often', () => {
    const counts = new Map<number, number>()
    for (let seed = 0; seed < 1000; seed++)
      for (const id of idsOf(pick(family([20, 20]), { ...NONE, seed, max: 10 })))
        counts.set(id, (counts.get(id) ?? 0) + 1)
    // 250 each on average, with a standard deviation of 13.7.
    expect(Math.min(...counts.values())).toBeGreaterThan(180)
    expect(Math.max(...counts.values())).toBeLessThan(320)
    expect(counts.size).toBe(40)
  })

  it('shows existing pinned items first, in order and once, and as many items as the layout allows', () => {
    const candidates = family([30, 10])
    const chosen = pick(candidates, { seed: 7, max: 9, pinned: [10_003, 4, 99_999, 10_003], countFor: all })
    expect(idsOf(chosen).slice(0, 2)).toEqual([10_003, 4])
    expect(new Set(idsOf(chosen)).size).toBe(9)
    expect(pick(candidates, { ...NONE, seed: 7, max: 36, countFor: (count) => Math.min(count, 16) })).toHaveLength(16)
    expect(pick([], { ...NONE, seed: 7, max: 36 })).toEqual([])
  })

  it('has no near-duplicates, neither equal bytes nor similar pictures', () => {
    const candidates = family([10, 10]).map((each, index) => ({
      ...each,
      sourceHash: `source ${index % 4}`,
      thumbHash: ['1QcSHQRnh493V4dIh4eXh1h4kJUI', '1QcSHQRnh493V4dIh4eXh1h4kJUI', null][index % 3] ?? null,
    }))
    for (let seed = 0; seed < 20; seed++) {
      const chosen = pick(candidates, { ...NONE, seed, max: 18 })
      expect(chosen.length).toBeGreaterThan(1)
      expect(new Set(chosen.map(({ sourceHash }) => sourceHash)).size).toBe(chosen.length)
      expect(chosen.filter(({ thumbHash }) => thumbHash !== null).length).toBeLessThanOrEqual(1)
    }
  })
})

describe('near-duplicates', () => {
  const { presets } = readPresets('presets.json')
  const appearanceOf = async (pool: ReturnType<typeof openRenderPool>, svg: string) => {
    const { placeholder } = await pool.render(Buffer.from(svg), [{ preset: 'thumbnail', format: 'WEBP' }], {
      cpuLimitMs: 5000,
    })
    return { sourceHash: hashSource(Buffer.from(svg)), thumbHash: placeholder.thumbHash }
  }

  it('are different source texts of one drawing; different icons of one set are not', async () => {
    const isNearDuplicate = createNearDuplicate()
    const pool = openRenderPool({ presets, size: 1, waitingMax: 100 })
    try {
      const icons: string[] = []
      for await (const icon of readDemo())
        if ('bytes' in icon && icons.length < 60) icons.push(Buffer.from(icon.bytes).toString())
      const appearances = await Promise.all(icons.map((svg) => appearanceOf(pool, svg)))
      // Moved by a hundredth of a px, and with another comment.
      const again = await Promise.all(
        icons.map((svg) =>
          appearanceOf(pool, svg.replace(/viewBox="0 0/, 'viewBox="0.01 0.01').replace('</svg>', '<!-- --></svg>')),
        ),
      )
      const found = again.filter((other, index) => isNearDuplicate(appearances[index] as never, other))
      expect(found.length).toBeGreaterThanOrEqual(50)
      let pairs = 0
      for (const [index, a] of appearances.entries())
        for (const b of appearances.slice(0, index)) if (isNearDuplicate(a, b)) pairs++
      expect(pairs, 'of 1,770').toBeLessThanOrEqual(12)
    } finally {
      await pool.close()
    }
  })
})
