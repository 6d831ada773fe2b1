import path from 'node:path'
import type { Config } from '../core/config.ts'
import { claimInstance } from './instance.ts'
import { startPostgres } from './postgres.ts'

export interface Embedded {
  readonly databaseUrl: string
  /** Resolves with a sentence if Postgres stops by itself. */
  readonly ended: Promise<string>
  readonly close: () => Promise<void>
}

/** Owns the data directory and runs its Postgres until closed. Throws IN_USE if another process owns it. */
export async function openEmbedded({ dataDir }: Config): Promise<Embedded> {
  const instance = await claimInstance(dataDir)
  try {
    const postgres = await startPostgres(path.join(dataDir, 'postgres'))
    await instance.announce(postgres.url)
    const close = async () => {
      await postgres.close()
      await instance.release()
    }
    return { databaseUrl: postgres.url, ended: postgres.ended, close }
  } catch (error) {
    await instance.release()
    throw error
  }
}
