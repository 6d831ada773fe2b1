import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { programEnv } from './program-env.ts'

const COMMAND = path.join(import.meta.dirname, '../../src/bin/afterimage.ts')

/** Runs the command; the exit code and what it printed. */
export async function afterimage(args: readonly string[], env: Record<string, string> = {}) {
  return await promisify(execFile)(process.execPath, [COMMAND, ...args], { env: { ...programEnv(), ...env } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code: code as number, stdout: stdout as string, stderr: stderr as string }),
  )
}
