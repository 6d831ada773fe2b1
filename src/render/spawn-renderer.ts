import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

const CHILD = path.join(import.meta.dirname, 'child/main.ts')
/** What librsvg finds fonts by: the bundled ones and no other. fontconfig reads it once, from the environment. */
const FONTCONFIG_FILE = path.join(import.meta.dirname, '../../assets/fonts.conf')
const NODE_OPTIONS = ['--expose-gc', '--max-old-space-size=256']
const PAGE_BYTES = 4096
/** What V8 and the libraries map as data without ever touching most of it; below this Node does not start. */
const MAPPED_AT_START_BYTES = 650e6

/**
 * Starts a renderer process with nothing to find and little to break: no environment but where its fonts are, no stdin, no core dumps, no file
 * that it could write, and a limit on its data that turns a sudden gigabyte into a failed allocation. IPC has a channel of its own.
 */
export function spawnRenderer({ memoryMaxBytes }: { memoryMaxBytes: number }): ChildProcess {
  const dataKb = Math.round((MAPPED_AT_START_BYTES + memoryMaxBytes) / 1024)
  // A limit that the platform does not have is left out; the shell becomes Node, so there is no process in between.
  const limits = ['-c 0', '-f 0', `-d ${dataKb}`].map((limit) => `ulimit ${limit} 2>/dev/null`).join('; ')
  return fork(CHILD, {
    env: { FONTCONFIG_FILE },
    cwd: '/',
    execPath: '/bin/sh',
    execArgv: ['-c', `${limits}; exec "$0" "$@"`, process.execPath, ...NODE_OPTIONS],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

/** Resident memory of a process in bytes; 0 where the platform does not tell. */
export async function rssOf(pid: number | undefined): Promise<number> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => '')
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES
}
