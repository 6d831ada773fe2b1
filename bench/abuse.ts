import { parseArgs } from 'node:util'
import { ABUSES, sendAbuse } from '../test/support/abuse.ts'
import { importDemo } from './support/backfills.ts'
import { median, rssMb, startProgram, table, withBench } from './support/service.ts'

const GOAL_MS = 50

/**
 * Sends each kind of abusive request many times to an API process, and compares the time to its refusal with the goal, and the memory of
 * the process before and after. `npm run bench -- abuse [--rounds 20]`
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { rounds: { type: 'string', default: '20' } } })
  await withBench(async (bench) => {
    await importDemo(bench, 200)
    const { child, said } = await startProgram(bench, { file: 'src/bin/api.ts', ready: /http:\S+\/graphql/ })
    const url = (/http:\S+(?=\/graphql)/.exec(said) ?? [''])[0]
    const memory = () => rssMb(child.pid ?? 0)
    const times = new Map<string, number[]>()
    const rounds = Number(values.rounds)
    let [before, halfway] = [0, 0]
    // The first round is a warm-up.
    for (let round = -1; round < rounds; round++) {
      if (round === 0) before = await memory()
      if (round === Math.floor(rounds / 2)) halfway = await memory()
      for (const abuse of ABUSES) {
        const from = performance.now()
        await sendAbuse(url, abuse, 'bench')
        if (round >= 0) times.set(abuse.kind, [...(times.get(abuse.kind) ?? []), performance.now() - from])
      }
    }
    const rows = [...times]
      .map(([kind, taken]) => ({ kind, taken, typical: median(taken) }))
      .sort((a, b) => b.typical - a.typical)
    const late = rows.filter(({ typical }) => typical > GOAL_MS).length
    const slowest = rows.slice(0, 10)
    process.stdout.write(
      `${table(
        ['the slowest kinds', 'median', 'maximum'],
        slowest.map(({ kind, taken, typical }) => [
          kind,
          `${typical.toFixed(1)} ms`,
          `${Math.max(...taken).toFixed(1)} ms`,
        ]),
      )}\n${rows.length} kinds, ${late} of them above ${GOAL_MS} ms; memory ${before.toFixed(0)} MB before, ${halfway.toFixed(0)} MB halfway, ${(await memory()).toFixed(0)} MB after\n`,
    )
  })
}
