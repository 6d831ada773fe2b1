import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { getPriority } from 'node:os'
import path from 'node:path'
import { COMPILE_CACHE, ROOT } from './files.ts'
import { ACCOUNT, findSandbox, PERMISSIONS, type Sandbox } from './sandbox.ts'

const CHILD = path.join(import.meta.dirname, 'child/main.ts')
const PRECOMPILE = path.join(import.meta.dirname, 'child/precompile.ts')
/** Restricts librsvg to the bundled fonts. fontconfig reads it once, from the environment. */
const FONTCONFIG_FILE = path.join(ROOT, 'assets/fonts.conf')
/**
 * glibc's allocator (https://man7.org/linux/man-pages/man3/mallopt.3.html) keeps up to 32 MB instead of returning each raster's megabyte to
 * the system and requesting it again, zeroed page by page. All threads share one heap, since two seldom work at once. This saves 5 % of
 * the CPU time, and memory. resvg has an allocator of its own (https://microsoft.github.io/mimalloc/environment.html), which by default
 * returns memory that was unused for 10 ms, less than a picture takes: 4 % of the CPU time.
 */
const ALLOCATOR = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: String(8 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(32 * 2 ** 20),
  MIMALLOC_PURGE_DELAY: '100',
}
/**
 * V8 starts a full collection (15 ms) whenever 8 MB were added since the last one, which is every 60 pictures. Here it waits for one and a half
 * times what it keeps, every 200; in return new objects get 12 MB instead of 48. Minor collections take 0.3 ms, too little to wake other
 * threads for. Together this saves up to a tenth of the CPU time, with no more memory (bench/README.md, render).
 */
const GARBAGE_COLLECTION = ['--heap-growing-percent=150', '--max-semi-space-size=4', '--no-parallel-scavenge']
const NODE_OPTIONS = ['--expose-gc', '--max-old-space-size=256', ...GARBAGE_COLLECTION]
const PAGE_BYTES = 4096
/**
 * Lower priority than the process that it works for, unless that has a low one itself. What an API does while its renderers draw is short, such as a
 * refusal or a stored picture; with equal priority it would wait for their turns (bench/README.md, delivery).
 */
const NICENESS_MIN = 3
/** What V8 and the libraries map as data, mostly without touching it; below this Node does not start. */
const MAPPED_AT_START_BYTES = 650e6

/**
 * Starts a renderer process with as few privileges as the machine allows (sandbox.ts): no environment except the configuration below, no
 * stdin, no core dumps, no writable files, and a limit on its data segment that turns a sudden gigabyte into a failed allocation. IPC has
 * its own channel.
 */
export function spawnRenderer({
  memoryMaxBytes,
  sandbox = findSandbox(),
  file = CHILD,
}: {
  memoryMaxBytes: number
  sandbox?: Sandbox
  file?: string
}): ChildProcess {
  const dataKb = Math.round((MAPPED_AT_START_BYTES + memoryMaxBytes) / 1024)
  // Limits that the platform does not support are omitted; `exec` replaces the shell, so there is no process in between.
  const limits = ['-c 0', `-d ${dataKb}`, ...(sandbox.isParent ? [] : ['-f 0'])]
    .map((limit) => `ulimit ${limit} 2>/dev/null`)
    .join('; ')
  const nicer = Math.max(0, NICENESS_MIN - getPriority())
  // Signals that reach the whole process group are for the parent, which decides when a renderer ends.
  return fork(file, {
    env: { FONTCONFIG_FILE, NODE_COMPILE_CACHE: COMPILE_CACHE, ...ALLOCATOR },
    cwd: '/',
    execPath: '/bin/sh',
    execArgv: [
      '-c',
      `${limits}; trap '' INT TERM HUP; exec nice -n ${nicer} "$0" "$@"`,
      ...sandbox.launcher,
      process.execPath,
      ...NODE_OPTIONS,
      ...PERMISSIONS,
    ],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

/** The renderer's own process id, once it has answered; `child` may be the process that waits for it. */
export function pidOf(child: ChildProcess, { isParent }: Sandbox): number | undefined {
  if (!isParent) return child.pid
  try {
    return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim()) || child.pid
  } catch {
    return child.pid
  }
}

/** Compiles a renderer's code for the next ones, within about a second. Without it they compile their code themselves. */
export function compileRenderer(): void {
  rmSync(COMPILE_CACHE, { recursive: true, force: true })
  const env = { NODE_COMPILE_CACHE: COMPILE_CACHE }
  const { error, stderr, status } = spawnSync(process.execPath, [...NODE_OPTIONS, PRECOMPILE], {
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw error ?? new Error(stderr)
  // Node has a folder for each account, named NODE-ARCHITECTURE-FLAGS-UID. Their renderers run the same code.
  for (const own of readdirSync(COMPILE_CACHE)) {
    for (const file of readdirSync(path.join(COMPILE_CACHE, own))) chmodSync(path.join(COMPILE_CACHE, own, file), 0o644)
    for (const uid of ACCOUNTS) {
      const folder = path.join(COMPILE_CACHE, own.replace(/\d+$/, String(uid)))
      if (!existsSync(folder)) symlinkSync(own, folder)
    }
  }
}

/** Accounts that renderers may have besides that of this process: root in a namespace, the image's `node`, and their own. */
const ACCOUNTS = [0, 1000, ACCOUNT]

/**
 * The kernel answers from memory, in some 10 µs. Read asynchronously, each file would take four turns of the thread pool: for two renderers
 * a twentieth of a core.
 */
function readProc(pid: number | undefined, file: 'stat' | 'statm'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

/** Resident memory of a process in bytes; 0 if the platform does not report it. */
export function rssOf(pid: number | undefined): number {
  const statm = readProc(pid, 'statm')
  return Number(statm.split(' ')[1] ?? 0) * PAGE_BYTES
}

/** Clock ticks in /proc: USER_HZ, 100 on every Linux (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
const TICK_MS = 10

/** CPU time of a process and all its threads, in ms; null if the platform does not report it. */
export function cpuMsOf(pid: number | undefined): number | null {
  const stat = readProc(pid, 'stat')
  // After the name, which may contain spaces: utime and stime are fields 14 and 15 of the whole line.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return user === undefined || system === undefined ? null : (Number(user) + Number(system)) * TICK_MS
}
