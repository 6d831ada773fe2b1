import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { chmod, chown } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'

const run = promisify(execFile)
/** The account `nobody`, on every Linux: Postgres refuses to run as root. */
const NOBODY = 65_534
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all', '--bounding-set=-all']

/** How the programs of an embedded Postgres are run. */
export interface Account {
  /** Makes a file or folder the account's. */
  readonly own: (file: string) => Promise<void>
  readonly spawn: (program: string, args: readonly string[], options: SpawnOptions) => ChildProcess
  /** Where the programs see a file of the package or the directory. */
  readonly pathOf: (file: string) => string
}

const own = (file: string) => chown(file, NOBODY, NOBODY)

/** Mounts the package ($1) and the directory ($2), in a namespace of this process, where everybody may enter. */
const MOUNT = `
mount -n -t tmpfs -o mode=755 none /sys
mkdir /sys/package /sys/postgres
mount -n --bind "$1" /sys/package
mount -n --bind "$2" /sys/postgres
shift 2
exec "$@"
`

/**
 * Which account runs Postgres's programs: the current one or, if that is root, `nobody`, to which the directory then belongs. If `nobody`
 * cannot enter the folders above (root's home, a data directory of mode 700), the programs see them elsewhere; where mounts are not
 * allowed, as in a container, the data directory is opened for passing through. Throws UNAVAILABLE.
 */
export async function chooseAccount(binary: string, directory: string): Promise<Account> {
  if (process.getuid?.() !== 0)
    return {
      own: async () => {},
      spawn: (program, args, options) => spawn(program, args, options),
      pathOf: (file) => file,
    }
  await own(directory)
  if (await canEnter(binary, directory)) return DIRECT
  const mounted = accountInMounts({ binary, directory })
  const refusal = await succeeds(mounted.spawn(mounted.pathOf(binary), ['--version'], { stdio: 'ignore', cwd: '/' }))
  if (refusal === null) return mounted
  await chmod(path.dirname(directory), 0o711)
  if (await canEnter(binary, directory)) return DIRECT
  throw new AppError(
    'UNAVAILABLE',
    `Postgres may not run as root, and the account nobody cannot enter ${directory} (${refusal}): run as another user, use a directory that everybody may enter, or set DATABASE_URL.`,
  )
}

const DIRECT: Account = {
  own,
  spawn: (program, args, options) => spawn(program, args, { ...options, uid: NOBODY, gid: NOBODY }),
  pathOf: (file) => file,
}

const canEnter = (binary: string, directory: string): Promise<boolean> =>
  run('/bin/sh', ['-c', 'cd "$1" && "$0" --version', binary, directory], { uid: NOBODY, gid: NOBODY }).then(
    () => true,
    () => false,
  )

function accountInMounts({ binary, directory }: { binary: string; directory: string }): Account {
  // .../native/bin/postgres: its libraries and its other files are beside `bin`.
  const folder = path.resolve(binary, '../..')
  const launch = ['--mount', '--', '/bin/sh', '-ec', MOUNT, 'sh', folder, directory, 'setpriv', ...AS_NOBODY, '--']
  return {
    own,
    spawn: (program, args, options) => spawn('unshare', [...launch, program, ...args], options),
    pathOf: (file) =>
      file.startsWith(`${folder}/`)
        ? path.join('/sys/package', path.relative(folder, file))
        : path.join('/sys/postgres', path.relative(directory, file)),
  }
}

/** Null if the process ends with 0, otherwise why not. */
const succeeds = (child: ChildProcess): Promise<string | null> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(causes(error)))
    child.once('exit', (code) => resolve(code === 0 ? null : `its private mounts end with code ${code}`))
  })
