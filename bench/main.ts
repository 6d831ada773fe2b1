import { readdirSync } from 'node:fs'

/** `npm run bench -- NAME [options]`: timings, as ratios within one run. Not part of the tests. */
const SUPPORT = new Set(['main'])
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))
  .filter((name) => !SUPPORT.has(name))
const [name = 'demo', ...args] = process.argv.slice(2)
if (names.includes(name)) {
  const { run } = (await import(`./${name}.ts`)) as { run: (args: string[]) => Promise<void> }
  await run(args)
} else {
  process.stderr.write(`There is no bench ${JSON.stringify(name)}; there are ${names.join(', ')}.\n`)
  process.exitCode = 1
}
