import { performance } from 'node:perf_hooks'
import { expect, it } from 'vitest'
import { openArchive } from '../src/uploads/open-archive.ts'
import { drawing } from './support/setup.ts'
import { packSets } from './support/uploads.ts'
import { buildZip, bytesSource } from './support/zip.ts'

it('reads an archive outside of the event loop, and gives it up at a limit', async () => {
  const slow = Array.from({ length: 12 }, (_, at) => [`slow-${at}`, `<!DOCTYPE svg [${`"'`.repeat(450_000)}`] as const)
  const bytes = await packSets([{ name: 'A', files: { ...Object.fromEntries(slow), a: drawing(1) } }])
  const before = performance.eventLoopUtilization()
  const { archive } = await openArchive(bytesSource(bytes))
  for (const [name] of slow) expect((await archive?.read(`set-0/${name}.svg`))?.facts.code).toBe('NOT_SVG')
  expect((await archive?.read('set-0/a.svg'))?.facts).toMatchObject({ code: null, message: null })
  await archive?.close()
  // In this thread the documents would take seconds without a break.
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5)
  const limits = { activeMsMax: 0, watchEveryMs: 5 }
  await expect(openArchive(bytesSource(bytes), limits)).rejects.toMatchObject({ code: 'TOO_COMPLEX' })
})

it('keeps little of paths, however many folders they are in: what the thread cannot allocate may end the process', async () => {
  const levels = 'a/'.repeat(240)
  const empty = Array.from({ length: 2500 }, (_, at) => ({ name: `${at}/${levels}x`, bytes: Buffer.alloc(0) }))
  const zip = buildZip([...empty, { name: 'manifest.json', bytes: Buffer.from('{}') }])
  const { problems } = await openArchive(bytesSource(zip), { memoryMb: 48 })
  expect(problems.map(({ code }) => code)).toContain('SCHEMA')
})
