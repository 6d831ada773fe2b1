import { spawnSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { COMPILE_CACHE, READABLE, ROOT } from './files.ts'

/**
 * What keeps a renderer from the rest of the machine, the strongest first. All of them have Node's permission model, an empty environment
 * and limits on resources.
 * - `namespaces`: it sees no process, no network and no file but its own code, and has no capabilities; started by root, it has an account
 *   of its own
 * - `account`: an account of its own, without capabilities
 * - `privileges`: the account of its parent, without capabilities
 * - `permissions`: nothing more
 */
const ISOLATIONS = ['namespaces', 'account', 'privileges', 'permissions'] as const
export type Isolation = (typeof ISOLATIONS)[number]

export interface Sandbox {
  readonly isolation: Isolation
  /** A program and its arguments, which run the command that follows. */
  readonly launcher: readonly string[]
  /** Whether that is a process that waits for the renderer, its only child; otherwise it becomes the renderer. */
  readonly isParent: boolean
}

/** Not `nobody`, which Postgres and other services use: no process but renderers has this account, and no file belongs to it. */
export const ACCOUNT = 65_533
const OWN_ACCOUNT = [`--reuid=${ACCOUNT}`, `--regid=${ACCOUNT}`, '--clear-groups']
const NO_PRIVILEGES = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']
const NAMESPACES = ['--mount', '--net', '--ipc', '--pid', '--fork', '--kill-child']
/** Without capabilities outside of it; its files and processes are its parent's, but no namespace shows them. */
const USER_NAMESPACE = ['--user', '--map-root-user']

/**
 * Moves into a root directory with nothing but the mounts of $2, read-only. The file systems of others are mounted over `/sys`, which
 * exists everywhere and is not needed. `setpriv` sets the parent-death signal again: the kernel clears it with a change of account.
 */
const ENTER = `
mount -n -t tmpfs -o size=64k,nr_inodes=64,mode=755,nosuid,nodev none /sys
cd /sys
printf %s "$2" > mounts
: > setpriv
mount -n -a -T mounts
printf '{"type":"module"}' > ".$1/package.json"
shift 2
ulimit -f 0
exec unshare --root=/sys --wd=/ "$@"
`
const READ_ONLY = 'bind,ro,nosuid,nodev,X-mount.mkdir'
/** Of the C library and what native packages need, where a distribution keeps them. */
const LIBRARIES = ['/usr/lib', '/usr/lib64', '/lib', '/lib64']
const PROGRAMS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin']
/** A kernel that is asked for namespaces while others are torn down may take this long. */
const TRIAL_LIMIT_MS = 10_000

/** Node's flags for a renderer: it may read its own code, and not write, start processes or threads, or use the inspector. */
export const PERMISSIONS = [
  '--permission',
  // The engines are native; the warning that native code has no such limits is why there is more than this.
  '--allow-addons',
  '--disable-warning=PERM0001',
  ...[...READABLE, path.join(ROOT, 'package.json')].flatMap((file) => [
    `--allow-fs-read=${file}`,
    ...(existsSync(file) && realpathSync(file) !== file ? [`--allow-fs-read=${realpathSync(file)}`] : []),
  ]),
  // Node only reads compiled code from where it may write; no renderer can, because its files may have no size.
  `--allow-fs-write=${COMPILE_CACHE}`,
]

let found: Sandbox | undefined

/** The strongest sandbox that works on this machine. Tries each once per process, within about 50 ms. */
export function findSandbox(): Sandbox {
  found ??= candidates().find(works) ?? PERMISSIONS_ONLY
  return found
}

export const PERMISSIONS_ONLY: Sandbox = { isolation: 'permissions', launcher: [], isParent: false }

/** Strongest first. As root without an account of its own: if the clone is readable only by root. */
export function candidates({ isRoot = process.getuid?.() === 0 } = {}): Sandbox[] {
  const [unshare, setpriv] = ['unshare', 'setpriv'].map((name) =>
    PROGRAMS.map((folder) => path.join(folder, name)).find((file) => existsSync(file)),
  )
  if (process.platform !== 'linux' || !setpriv) return []
  const accounts = isRoot ? [OWN_ACCOUNT, []] : [[]]
  const plain = accounts.map(
    (account): Sandbox => ({
      isolation: account.length > 0 ? 'account' : 'privileges',
      // Only root may give up what a process could gain.
      launcher: [setpriv, ...account, ...(isRoot ? NO_PRIVILEGES : ['--no-new-privs'])],
      isParent: false,
    }),
  )
  // Without this file the renderer behind its parent is not found, and its CPU time not limited.
  if (!unshare || !existsSync('/proc/thread-self/children')) return plain
  const mounts = mountsWith(setpriv)
  const namespaced = (flags: readonly string[], account: readonly string[]): Sandbox => ({
    isolation: 'namespaces',
    launcher: [
      ...[unshare, ...flags, ...NAMESPACES, '--', '/bin/sh', '-ec', ENTER, 'sh', ROOT, mounts],
      ...['/setpriv', ...account, ...NO_PRIVILEGES, '--pdeathsig=KILL'],
    ],
    isParent: true,
  })
  return [
    ...(isRoot ? accounts.map((account) => namespaced([], account)) : []),
    namespaced(USER_NAMESPACE, []),
    ...plain,
  ]
}

/** The root directory of a renderer in the format of fstab(5). */
function mountsWith(setpriv: string): string {
  const node = path.dirname(process.execPath)
  const isIn = (folder: string) => node === folder || node.startsWith(`${folder}/`)
  const readOnly = [...LIBRARIES.filter((folder) => existsSync(folder)), ...READABLE]
  if (!readOnly.some(isIn)) readOnly.push(node)
  return [
    ...readOnly.map((folder) => [folder, `/sys${folder}`, 'none', READ_ONLY]),
    [setpriv, '/sys/setpriv', 'none', 'bind'],
    ['proc', '/sys/proc', 'proc', 'nosuid,nodev,noexec,X-mount.mkdir'],
  ]
    .map((fields) => `${fields.map(escapeField).join(' ')}\n`)
    .join('')
}

const escapeField = (text: string): string =>
  text.replaceAll(/[\s\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)

/** Whether Node starts in it and can read a renderer's code. */
function works({ launcher }: Sandbox): boolean {
  const [program = '', ...args] = [...launcher, process.execPath, ...PERMISSIONS, '--eval', READ_CODE, ...READABLE]
  const { status } = spawnSync(program, args, { cwd: '/', env: {}, stdio: 'ignore', timeout: TRIAL_LIMIT_MS })
  return status === 0
}

const READ_CODE = 'for (const folder of process.argv.slice(1)) require("node:fs").readdirSync(folder)'
