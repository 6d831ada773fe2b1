import path from 'node:path'
import type { Config } from '../../src/core/config.ts'
import { readPresets } from '../../src/core/presets.ts'
import type { Presets } from '../../src/core/variant.ts'
import type { RenderPool } from '../../src/render/contract.ts'
import { shuttingDown } from '../../src/render/errors.ts'
import { openRenderPool } from '../../src/render/pool.ts'

const WAITING_MAX = 256
const ROOT = path.join(import.meta.dirname, '../..')

const keyOf = (presets: Presets) => JSON.stringify([...presets])
const STANDARD = keyOf(readPresets(path.join(ROOT, 'presets.json')).presets)

let shared: RenderPool | undefined

/** They live as long as this process. */
export const sharedRenderers = (): readonly number[] => shared?.pids ?? []

/**
 * A pool for one app; with the usual presets its renderers are reused from test to test. A renderer takes 0.4 s of CPU to start, longer
 * than most tests.
 */
export function testRenderers({ presets, renderers }: Config): RenderPool {
  if (renderers !== 1 || keyOf(presets) !== STANDARD)
    return openRenderPool({ presets, size: renderers, waitingMax: WAITING_MAX })
  shared ??= openRenderPool({ presets, size: 1, waitingMax: WAITING_MAX })
  return ownView(shared)
}

/** A pool with its own counts and its own end, on another pool's renderers. */
function ownView(pool: RenderPool): RenderPool {
  const stats = { renders: 0, failures: 0, waiting: 0, busy: 0 }
  const inFlight = new Set<Promise<unknown>>()
  let isClosed = false
  const count = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isClosed) throw shuttingDown()
    stats.renders++
    const rendered = work()
    const settled = rendered.catch(() => stats.failures++).finally(() => inFlight.delete(settled))
    inFlight.add(settled)
    return await rendered
  }
  return {
    ...pool,
    stats,
    get pids() {
      return pool.pids
    },
    render: (...args) => count(() => pool.render(...args)),
    compose: (...args) => count(() => pool.compose(...args)),
    kill: () => {
      throw new Error('other tests share these renderers: open a pool for this one')
    },
    close: async () => {
      isClosed = true
      await Promise.all(inFlight)
      pool.limit(pool.size)
    },
  }
}
