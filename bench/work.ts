import { chooseEngine } from '../src/render/child/engine.ts'
import { normalise } from '../src/render/child/normalise/normalise.ts'
import { rasterise } from '../src/render/child/rasterise.ts'
import { FAMILIES } from './support/drawings.ts'
import { table } from './support/service.ts'

/**
 * The CPU time that each engine takes for a kind of drawing at 512 px, next to the estimate of src/render/child/normalise/work.ts, by which
 * documents are refused and engines chosen. `npm run bench -- work [PATTERN]`; the engine that is chosen has a star.
 */
export async function run([pattern = '']: string[]): Promise<void> {
  const rows = []
  for (const [name, count, make] of FAMILIES.filter(([family]) => new RegExp(pattern).test(family))) {
    const document = await normalise(Buffer.from(page(make(count)))).catch((error: Error) => error.message)
    if (typeof document === 'string') {
      rows.push([`${count} x ${name}`, document])
      continue
    }
    const cells = []
    for (const engine of ['resvg', 'librsvg'] as const) {
      const from = process.cpuUsage()
      await rasterise(document, { canvas: CANVAS, engine, background: null })
      const { user, system } = process.cpuUsage(from)
      const each = (ms: number) => (ms / count).toFixed(3)
      cells.push(
        `${each((user + system) / 1000)} ms${engine === chooseEngine(document) ? ' *' : ''}`,
        `${each(document.work[engine])} ms`,
      )
    }
    rows.push([`${count} x ${name}`, ...cells])
  }
  process.stdout.write(`${table(['what', 'resvg', 'estimate', 'librsvg', 'estimate'], rows)}\n`)
}

const CANVAS = { width: 512, height: 512, padding: 0, fit: 'contain', color: null } as const

const page = (body: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${body}</svg>`
