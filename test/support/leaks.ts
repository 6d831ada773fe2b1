import { mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, inject } from 'vitest'
import { processesOf, withParents } from './processes.ts'
import { seed } from './random.ts'
import { sharedRenderers } from './renderers.ts'
import { until } from './until.ts'

/**
 * Runs around each test file. The file gets its own temporary folder and must leave nothing behind when it ends: no process, no open
 * server or socket, no file. For databases see `testDatabase`.
 */

/** Closing takes a moment, and longer on a busy machine. */
const LIMIT_MS = 10_000
/** Resources that keep Node alive, other than timers and children. */
const HANDLES = /^(TCPServer|TCPSocket|PipeServer|FSEvent|UDP)/

const folder = path.join(inject('runFolder'), path.basename(expect.getState().testPath ?? 'unknown'))
mkdirSync(folder, { recursive: true })
process.env.TMPDIR = folder
const before = countHandles()
fc.configureGlobal({ seed: seed() })

afterAll(async () => {
  let left: string[] = []
  await until(async () => {
    left = await findLeft()
    return left.length === 0
  }, LIMIT_MS).catch(() => {})
  await rm(folder, { recursive: true, force: true })
  if (left.length > 0) throw new Error(`${path.basename(folder)} leaves behind:\n${left.join('\n')}`)
}, 2 * LIMIT_MS)

async function findLeft(): Promise<string[]> {
  const handles = [...countHandles()].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const)
  const left = [
    ...handles.filter(([, count]) => count > 0).map(([name, count]) => `open: ${count} ${name}`),
    ...(await readdir(folder)).map((name) => `folder: ${name}`),
  ]
  if (left.length > 0) return left
  const processes = await processesOf(folder)
  const shared = await withParents(sharedRenderers())
  return processes.filter(({ pid }) => !shared.has(pid)).map(({ description }) => description)
}

function countHandles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo())
    if (HANDLES.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
