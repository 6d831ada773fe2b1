import { readFile } from 'node:fs/promises'

/** Clock ticks in /proc: USER_HZ, 100 on every Linux (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
const TICKS_PER_S = 100

/**
 * CPU time in s of the children of this process and theirs: of those that live, and of all that have exited. Never decreases. 0 if the
 * system has no /proc.
 */
export async function readChildrenCpu(pids: readonly number[]): Promise<number> {
  const [own, ...children] = await Promise.all(['self', ...pids].map(readTicks))
  const ticks = children.reduce((sum, { used, ofChildren }) => sum + used + ofChildren, own?.ofChildren ?? 0)
  return ticks / TICKS_PER_S
}

interface Ticks {
  readonly used: number
  /** Of children that have exited. */
  readonly ofChildren: number
}

async function readTicks(pid: string | number): Promise<Ticks> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // After the name, which may contain spaces: utime, stime, cutime and cstime are fields 14 to 17 of the whole line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number)
  return { used: user + system, ofChildren: childUser + childSystem }
}
