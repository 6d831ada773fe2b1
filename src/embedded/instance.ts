import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import { startOf } from '../core/processes.ts'

/** Written by the process that owns a data directory, for others (`npm run import` connects to its Postgres). Mode 600. */
export interface Instance {
  readonly pid: number
  /** Distinguishes a process from a later one with the same pid; see `startOf`. */
  readonly startedAt: string
  readonly databaseUrl: string | null
}

const fileOf = (dataDir: string) => path.join(dataDir, 'instance.json')

/** The live owner of the data directory, or null. */
export async function readInstance(dataDir: string): Promise<Instance | null> {
  const text = await readFile(fileOf(dataDir), 'utf8').catch(() => '')
  try {
    const instance = JSON.parse(text) as Instance
    return (await startOf(instance.pid)) === instance.startedAt ? instance : null
  } catch {
    return null
  }
}

/**
 * Makes this process the owner of the data directory. Throws IN_USE if a live process owns it, UNAVAILABLE if it cannot be written. Takes
 * over the file of a killed owner.
 */
export async function claimInstance(dataDir: string): Promise<{
  announce: (databaseUrl: string) => Promise<void>
  release: () => Promise<void>
}> {
  const file = fileOf(dataDir)
  const self = { pid: process.pid, startedAt: (await startOf(process.pid)) ?? '' }
  const text = (databaseUrl: string | null) => `${JSON.stringify({ ...self, databaseUrl } satisfies Instance)}\n`
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await chmod(dataDir, 0o700)
    const owner = await readInstance(dataDir)
    if (owner) throw inUse(dataDir, owner.pid)
    await rm(file, { force: true })
    const handle = await open(file, 'wx', 0o600)
    await handle.writeFile(text(null))
    await handle.close()
  } catch (error) {
    if (error instanceof AppError) throw error
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw inUse(dataDir, (await readInstance(dataDir))?.pid ?? 0)
    throw new AppError(
      'UNAVAILABLE',
      `Cannot write to the data directory ${dataDir} (${causes(error)}): set DATA_DIR to a directory that you own.`,
      { cause: error },
    )
  }
  return {
    announce: (databaseUrl) => writeFile(file, text(databaseUrl), { mode: 0o600 }),
    release: () => rm(file, { force: true }),
  }
}

const inUse = (dataDir: string, pid: number) =>
  new AppError(
    'IN_USE',
    `The data directory ${dataDir} is used by process ${pid}: stop that one, or set DATA_DIR to another directory.`,
  )
