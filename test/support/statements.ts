import { expect } from 'vitest'
import type { App } from '../../src/app.ts'

/** Counts the statements that an app sends while `work` runs: at least one, or the count would prove nothing. */
export function statementCounter(app: App): (work: () => Promise<unknown>) => Promise<number> {
  let count = 0
  for (const pool of [app.pg, app.searchPool, app.keyedPool]) {
    const query = pool.query.bind(pool)
    pool.query = ((...args: never[]) => {
      count++
      return (query as (...all: never[]) => unknown)(...args)
    }) as never
  }
  return async (work) => {
    count = 0
    await work()
    expect(count).toBeGreaterThan(0)
    return count
  }
}
