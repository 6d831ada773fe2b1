import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { RenderPool } from '../../src/render/contract.ts'
import { cpuMsOf } from '../../src/render/spawn-renderer.ts'

const SAMPLE_MS = 20

/** Runs a render, and measures the CPU time and the largest resident memory of the pool's renderers meanwhile. Never rejects. */
export async function measureRender<T>(pool: RenderPool, render: () => Promise<T>) {
  const probe = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>')
  // Until it has answered once it compiles its code.
  await pool.render(probe, [{ preset: 'thumbnail', format: 'WEBP' }], { cpuLimitMs: 20_000 })
  const before = new Map<number, number>()
  for (const pid of pool.pids) before.set(pid, (await cpuMsOf(pid)) ?? 0)
  const used = new Map<number, number>()
  let rssBytes = 0
  let isOver = false
  const sample = async () => {
    for (const pid of pool.pids) {
      used.set(pid, Math.max(used.get(pid) ?? 0, ((await cpuMsOf(pid)) ?? 0) - (before.get(pid) ?? 0)))
      rssBytes = Math.max(rssBytes, await peakOf(pid))
    }
  }
  const sampling = (async () => {
    for (; !isOver; await delay(SAMPLE_MS)) await sample()
  })()
  const result = await render().catch((error: Error) => error)
  isOver = true
  await sampling
  await sample()
  return { result, cpuMs: [...used.values()].reduce((sum, ms) => sum + ms, 0), rssBytes }
}

const peakOf = async (pid: number): Promise<number> =>
  Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1] ?? 0) * 1024
