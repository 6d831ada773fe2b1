import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type Config, loadConfig } from './config.ts'
import type { ErrorCode } from './errors.ts'
import type { Layout } from './layouts.ts'
import type { Preset } from './variant.ts'

/** Argument of a process that gets its presets and layouts from the one that started it. */
export const SUPERVISED = '--supervised'

/** What an API tells its supervisor once it serves. */
export interface Serving {
  /** `http://host:port` */
  readonly url: string
  readonly imageUrl: string
}

/** What a supervised process says first: that it is ready, or in which sentence it refuses to start. */
export type FirstWord = { readonly ready: Serving | null } | { readonly refusal: { code: ErrorCode; message: string } }

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

/** A process's configuration: of its environment, with its parent's presets and layouts where it has such a parent. */
export async function loadSupervisedConfig(): Promise<Config> {
  if (!process.argv.includes(SUPERVISED)) return loadConfig()
  const [handed] = (await once(process, 'message')) as [Handed]
  return loadConfig(undefined, { presets: new Map(handed.presets), layouts: new Map(handed.layouts) })
}
