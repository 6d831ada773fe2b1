import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type Config, loadConfig } from './config.ts'
import type { Layout } from './layouts.ts'
import type { Preset } from './variant.ts'

/** Argument of a worker that gets its presets and layouts from the process that started it. */
export const SUPERVISED = '--supervised'

interface Handed {
  readonly presets: readonly [string, Preset][]
  readonly layouts: readonly [string, Layout][]
}

/**
 * Hands a worker what its parent has read, which may differ from the files of this moment: whoever edits them has not started
 * anew yet, and the API goes on printing URLs of the presets that it has.
 */
export function handConfig(child: ChildProcess, { presets, layouts }: Pick<Config, 'presets' | 'layouts'>): void {
  const handed: Handed = { presets: [...presets], layouts: [...layouts] }
  // A child that is gone already is seen at its exit.
  child.send(handed, () => {})
}

/** A worker's configuration: of its environment, with its parent's presets and layouts where it has such a parent. */
export async function loadWorkerConfig(): Promise<Config> {
  if (!process.argv.includes(SUPERVISED)) return loadConfig()
  const [handed] = (await once(process, 'message')) as [Handed]
  return loadConfig(undefined, { presets: new Map(handed.presets), layouts: new Map(handed.layouts) })
}
