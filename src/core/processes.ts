import { readFile, readlink } from 'node:fs/promises'

/** When the process started, as an opaque value for comparison; null if there is no such process. */
export async function startOf(pid: number): Promise<string | null> {
  try {
    // Field 22 of /proc/PID/stat, counted from the end of the command's name, which may contain spaces: clock ticks since boot.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    // Without /proc, only whether the pid is alive is known.
    const hasProc = await readlink('/proc/self').then(
      () => true,
      () => false,
    )
    return !hasProc && isAlive(pid) ? 'alive' : null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Identifies the scope in which process ids are meaningful: the running kernel and the PID namespace. Containers may share a host name,
 * and machines a namespace number. Null if the system does not report it.
 */
export async function readPidSpace(): Promise<string | null> {
  try {
    const kernel = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${kernel.trim()} ${await readlink('/proc/self/ns/pid')}`
  } catch {
    return null
  }
}
