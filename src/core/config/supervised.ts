import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type Config, loadConfig } from '../config.ts'
import type { ErrorCode } from '../errors.ts'
import type { Layout } from '../layouts.ts'
import type { Preset } from '../variant.ts'

/** The argument of a process that gets its presets and layouts from its parent. */
export const SUPERVISED = '--supervised'

/** Sent by an API to its supervisor once it serves. */
export interface Serving {
  /** `http://host:port` */
  readonly url: string
  readonly imageUrl: string
  /** Signs in to the console once, within ten minutes. */
  readonly signInCode: string
}

/** The first message of a supervised process: that it is ready, or why it refuses to start. */
export type StartupMessage =
  | { readonly ready: Serving | null }
  | { readonly refusal: { code: ErrorCode; message: string } }

interface PresetsAndLayouts {
  readonly presets: readonly [string, Preset][]
  readonly layouts: readonly [string, Layout][]
  readonly ladder: readonly number[]
}

/**
 * Sends a worker the presets and layouts that its parent has read. The files may have been edited since: the API still issues URLs for
 * the presets that it loaded, until a restart.
 */
export function sendConfig(
  child: ChildProcess,
  { presets, layouts, ladder }: Pick<Config, 'presets' | 'layouts' | 'ladder'>,
): void {
  const message: PresetsAndLayouts = { presets: [...presets], layouts: [...layouts], ladder }
  // A child that has exited already is handled at its exit.
  child.send(message, () => {})
}

/** A process's configuration from its environment, with the presets and layouts of its parent if it has one. */
export async function loadSupervisedConfig(): Promise<Config> {
  if (!process.argv.includes(SUPERVISED)) return loadConfig()
  const [received] = (await once(process, 'message')) as [PresetsAndLayouts]
  const { presets, layouts, ladder } = received
  return loadConfig(undefined, { presets: new Map(presets), layouts: new Map(layouts), ladder })
}
