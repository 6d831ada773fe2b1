import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFairQueue } from '../src/core/fair-queue.ts'

const drain = <T>(queue: { shift: () => T | undefined }): T[] => {
  const values: T[] = []
  for (let value = queue.shift(); value !== undefined; value = queue.shift()) values.push(value)
  return values
}

describe('a fair queue', () => {
  it('keeps the order within a flow, and neither loses nor duplicates anything', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(50))), (pushes) => {
        const queue = createFairQueue<{ flow: string; index: number }>()
        for (const [index, [vendor, client, cost]] of pushes.entries()) {
          const path = [`v${vendor}`, `c${client}`]
          queue.push(path, { flow: path.join(), index })
          queue.charge(path, cost)
        }
        expect(queue.size).toBe(pushes.length)
        const values = drain(queue)
        expect(values.map(({ index }) => index).sort((a, b) => a - b)).toEqual(pushes.map((_, index) => index))
        for (const flow of new Set(values.map((value) => value.flow))) {
          const indices = values.filter((value) => value.flow === flow).map(({ index }) => index)
          expect(indices).toEqual([...indices].sort((a, b) => a - b))
        }
      }),
    )
  })

  it('leaves where it waits what is not accepted', () => {
    const queue = createFairQueue<string>()
    for (const vendor of ['a', 'b', 'a', 'b']) queue.push([vendor, 'client'], vendor)
    expect([queue.shift((vendor) => vendor === 'b'), queue.shift((vendor) => vendor === 'c'), queue.size]).toEqual([
      'b',
      undefined,
      3,
    ])
    expect(drain(queue).sort()).toEqual(['a', 'a', 'b'])
  })

  it('serves a page of twenty and one of two thousand in turns', () => {
    const queue = createFairQueue<string>()
    for (let each = 0; each < 2000; each++) queue.push(['vendor', 'greedy'], 'greedy')
    for (let each = 0; each < 20; each++) queue.push(['vendor', 'modest'], 'modest')
    const first: string[] = []
    for (let each = 0; each < 41; each++) {
      const value = queue.shift() ?? ''
      first.push(value)
      queue.charge(['vendor', value], 1)
    }
    expect(first.filter((value) => value === 'modest')).toHaveLength(20)
  })

  it('gives a vendor of expensive pictures its share of the time, not of the turns', () => {
    const queue = createFairQueue<string>()
    for (let each = 0; each < 100; each++)
      for (const vendor of ['dear', 'cheap']) queue.push([vendor, 'client'], vendor)
    const spent = { dear: 0, cheap: 0 }
    for (let each = 0; each < 66; each++) {
      const vendor = queue.shift() as 'dear' | 'cheap'
      const cost = vendor === 'dear' ? 10 : 1
      spent[vendor] += cost
      queue.charge([vendor, 'client'], cost)
    }
    expect(Math.abs(spent.dear - spent.cheap)).toBeLessThanOrEqual(10)
  })

  it('gives no credit for a pause', () => {
    const queue = createFairQueue<string>()
    for (let each = 0; each < 100; each++) {
      queue.push(['busy'], 'busy')
      queue.charge([queue.shift() ?? ''], 1)
    }
    for (let each = 0; each < 10; each++) for (const name of ['busy', 'new']) queue.push([name], name)
    const first: string[] = []
    for (let each = 0; each < 6; each++) {
      first.push(queue.shift() ?? '')
      queue.charge([first.at(-1) ?? ''], 1)
    }
    expect(first.filter((name) => name === 'new')).toHaveLength(3)
  })

  it('reports how many go before a newcomer', () => {
    const queue = createFairQueue<number>()
    expect(queue.ahead(['a', 'x'])).toBe(0)
    for (let each = 0; each < 2000; each++) queue.push(['a', 'x'], each)
    expect(queue.ahead(['a', 'x'])).toBe(2000)
    expect(queue.ahead(['a', 'y'])).toBe(1)
    expect(queue.ahead(['b', 'y'])).toBe(1)
    queue.push(['b', 'y'], 0)
    expect(queue.ahead(['b', 'y'])).toBe(3)
  })

  it('removes aborted entries', () => {
    const queue = createFairQueue<string>()
    for (const value of ['a', 'b', 'c']) queue.push(['flow'], value)
    expect([queue.remove(['flow'], 'b'), queue.remove(['flow'], 'b'), queue.size]).toEqual([true, false, 2])
    expect(drain(queue)).toEqual(['a', 'c'])
  })

  it('drops idle flows', () => {
    const queue = createFairQueue<number>()
    for (let each = 0; each < 5000; each++) {
      queue.push([`client ${each}`], each)
      queue.shift()
    }
    expect(queue.size).toBe(0)
    expect(queue.waitingOf('client 1')).toBe(0)
  })
})
