import { parseArgs } from 'node:util'
import type { Item } from '../prisma/generated/client/client.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { importDemo } from './support/backfills.ts'
import { closedLoad, type Load, msOf } from './support/load.ts'
import { cpuOfTree } from './support/sample.ts'
import { type Bench, median, mixed, startProgram, table, withBench } from './support/service.ts'

const WANTED = { preset: 'preview', format: 'WEBP' } as const

/**
 * Cold pages: pictures that were never requested before, all at once, compared with the time that the renderers alone need. `npm run
 * bench -- page [--pages 60,200,200]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { pages: { type: 'string', default: '60,200,200' } } })
  const sizes = values.pages.split(',').map(Number)
  await withBench(async (bench) => {
    const items = await importDemo(bench, sizes.reduce((a, b) => a + b) + 60)
    const take = shuffled(items)
    const { child, said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /graphql/ })
    const url = /http:\S+(?=\/graphql)/.exec(said)?.[0] ?? ''
    await ask(bench, url, take(60))
    const rows = []
    for (const size of sizes) {
      // The same ones, since an illustration takes ten times as long as an icon. Rendering alone stores nothing.
      const pictures = take(size)
      const { endedAt: alone, cpuMs: aloneMs } = await renderAlone(bench, pictures)
      const [cpu, page] = await withCpu(bench, child.pid ?? 0, () => ask(bench, url, pictures))
      const served = msOf(page.answers, 200)
      const ratio = (a: number, b: number) => (a / b).toFixed(2)
      rows.push(
        [`${size} at once: refused`, String(page.answers.length - served.length), '', '', '0'],
        [
          'p50',
          `${median(served).toFixed(0)} ms`,
          `renderers alone ${median(alone).toFixed(0)} ms`,
          ratio(median(served), median(alone)),
          '<= 1.2',
        ],
        [
          'last',
          `${Math.max(...served).toFixed(0)} ms`,
          `renderers alone ${Math.max(...alone).toFixed(0)} ms`,
          ratio(Math.max(...served), Math.max(...alone)),
          '<= 1.2',
        ],
        ['CPU a picture', printCpu(cpu, size), `renderers alone ${(aloneMs / size).toFixed(1)} ms`, '', ''],
      )
    }
    process.stdout.write(`${table(['what', 'measured', 'compared with', 'ratio', 'goal'], rows)}\n`)
  })
}

/** Takes items in an order independent of their sets, each once. */
function shuffled(items: readonly Item[]): (count: number) => Item[] {
  const left = mixed(items)
  return (count) => left.splice(0, count)
}

function ask({ app }: Bench, url: string, items: readonly Item[]): Promise<Load> {
  const urls = items.map((item) => `${url}/images/${variantKeyOf(app, item, WANTED)}`)
  return closedLoad(urls.values(), { clients: urls.length })
}

interface Cpu {
  readonly api: number
  readonly renderers: number
  readonly postgres: number
  readonly clients: number
}

/** CPU time of each kind of process during the work, ms; the clients are this process. */
async function withCpu<T>({ app }: Bench, api: number, work: () => Promise<T>): Promise<[Cpu, T]> {
  const before = await cpuOfTree([api], app.pg)
  const own = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(own)
  const after = await cpuOfTree([api], app.pg)
  const cpu = {
    api: after.workerMs - before.workerMs,
    renderers: after.renderersMs - before.renderersMs,
    postgres: after.postgresMs - before.postgresMs,
    clients: (user + system) / 1000,
  }
  return [cpu, result]
}

const printCpu = (cpu: Cpu, pictures: number): string =>
  Object.entries(cpu)
    .map(([name, ms]) => `${name} ${(ms / pictures).toFixed(1)}`)
    .join(', ')

/** When each of as many renders ends, given to a pool all at once, ms, and their CPU time. */
async function renderAlone({ app }: Bench, items: readonly Item[]): Promise<{ endedAt: number[]; cpuMs: number }> {
  const pool = openRenderPool({ presets: app.presets, size: app.config.renderers, waitingMax: items.length })
  try {
    const sources = await Promise.all(items.map((item) => app.stores.originals.get(item.sourceKey)))
    const render = (svg: Buffer) => pool.render(svg, [WANTED], { cpuLimitMs: 20_000 })
    // Warmed up, as the API is.
    await Promise.all(sources.slice(0, 8).map((svg) => render(svg as Buffer)))
    const from = performance.now()
    let cpuMs = 0
    const timed = async (svg: Buffer | null) => {
      const rendered = await render(svg as Buffer)
      cpuMs += rendered.cpuMs
      return performance.now() - from
    }
    return { endedAt: await Promise.all(sources.map(timed)), cpuMs }
  } finally {
    await pool.close()
  }
}
