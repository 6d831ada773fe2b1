import { readFileSync } from 'node:fs'
import path from 'node:path'
import { readPresets } from '../src/core/presets.ts'
import { openRenderPool } from '../src/render/pool.ts'
import { candidates, PERMISSIONS_ONLY, type Sandbox } from '../src/render/sandbox.ts'
import { median, table } from './support/service.ts'

const { presets } = readPresets(path.join(import.meta.dirname, '../presets.json'))
const VARIANTS = [...presets.values()]
  .filter(({ backfill }) => backfill)
  .map(({ name }) => ({ preset: name, format: 'WEBP' }) as const)
const [ICONS, ROUNDS] = [100, 6]

/**
 * What keeping a renderer from the machine costs, each kind with Node's permissions alone: the time until a new renderer has made its first
 * picture, and that of the next pictures. `npm run bench -- isolation`; in alternation, medians of six rounds.
 */
export async function run(): Promise<void> {
  const sandboxes = [PERMISSIONS_ONLY, ...candidates()]
  const times = sandboxes.map(() => ({ start: [] as number[], render: [] as number[] }))
  const icons = readIcons()
  for (let round = 0; round < ROUNDS; round++)
    for (let turn = 0; turn < sandboxes.length; turn++) {
      // Another one is the first in each round, which finds the caches cold.
      const index = (turn + round) % sandboxes.length
      const { startMs, renderMs } = await measure(sandboxes[index] as Sandbox, icons)
      times[index]?.start.push(startMs)
      times[index]?.render.push(renderMs)
    }
  const [base] = times
  const rows = sandboxes.map((sandbox, index) => {
    const own = times[index]
    const cells = (['start', 'render'] as const).flatMap((kind) => {
      const [ms, baseMs] = [median(own?.[kind] ?? []), median(base?.[kind] ?? [])]
      return [`${ms.toFixed(1)} ms`, (ms / baseMs).toFixed(2)]
    })
    return [nameOf(sandbox), ...cells]
  })
  process.stdout.write(`${table(['isolation', 'first picture', 'ratio', 'each further icon', 'ratio'], rows)}\n`)
}

async function measure(sandbox: Sandbox, icons: readonly Buffer[]) {
  const [first, ...others] = icons
  const since = performance.now()
  const pool = openRenderPool({ presets, size: 1, waitingMax: icons.length, sandbox })
  try {
    await pool.render(first as Buffer, VARIANTS, { cpuLimitMs: 10_000 })
    const started = performance.now()
    for (const icon of others) await pool.render(icon, VARIANTS, { cpuLimitMs: 10_000 })
    return { startMs: started - since, renderMs: (performance.now() - started) / others.length }
  } finally {
    await pool.close()
  }
}

const nameOf = ({ isolation, launcher }: Sandbox): string =>
  `${isolation} ${launcher.filter((word) => /^--(user|reuid)/.test(word)).join(' ')}`.trim()

function readIcons(): Buffer[] {
  const file = path.join(import.meta.dirname, '../node_modules/@iconify-json/twemoji/icons.json')
  const set = JSON.parse(readFileSync(file, 'utf8')) as { icons: Record<string, { body: string }>; width?: number }
  const side = set.width ?? 36
  return Object.values(set.icons)
    .slice(0, ICONS)
    .map(({ body }) =>
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}">${body}</svg>`),
    )
}
