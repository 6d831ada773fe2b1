import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

interface Process {
  readonly pid: number
  readonly parent: number
  /** Clock ticks since the machine's start. */
  readonly startedAt: number
  readonly command: string
  readonly environment: string
}

async function readProcess(pid: number): Promise<Process | null> {
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
  const stat = await read('stat')
  // The command's name is in brackets before them and may contain anything.
  const [state, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (!state || state === 'Z') return null
  const [command = '', environment] = await Promise.all([read('cmdline'), read('environ')])
  return {
    pid,
    parent: Number(parent),
    startedAt: Number(fields[17]),
    command: command.replaceAll('\0', ' ').trim(),
    environment,
  }
}

/** All live processes except this one. None if the system has no /proc. */
async function listProcesses(): Promise<Process[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0 && pid !== process.pid)
  return (await Promise.all(pids.map(readProcess))).filter((found) => found !== null)
}

const names = ({ command, environment }: Process, text: string) => command.includes(text) || environment.includes(text)

/** Processes whose command line or environment names a folder: those that work in it. */
export const processesNaming = async (folder: string): Promise<number[]> =>
  (await listProcesses()).filter((found) => names(found, folder)).map(({ pid }) => pid)

const describe = ({ pid, command }: Process) => `process ${pid}: ${command}`

/** Children of this process, and processes that name the folder. */
export const processesOf = async (folder: string): Promise<{ pid: number; description: string }[]> =>
  (await listProcesses())
    .filter((found) => found.parent === process.pid || names(found, folder))
    .map((found) => ({ pid: found.pid, description: describe(found) }))

/** Programs of this clone that were started after this process and have lost their parent, and processes that name the folder. */
export async function orphansOf(folder: string): Promise<string[]> {
  const self = await readProcess(process.pid)
  const isOrphan = ({ parent, startedAt, command }: Process) =>
    parent === 1 &&
    startedAt > (self?.startedAt ?? 0) &&
    new RegExp(`${RegExp.escape(ROOT)}/(src|workers)/`).test(command)
  return (await listProcesses()).filter((found) => names(found, folder) || isOrphan(found)).map(describe)
}

/** Children of a process, their children and so on. */
export async function familyOf(pid: number): Promise<number[]> {
  const children = Map.groupBy(await listProcesses(), ({ parent }) => parent)
  const below = (parent: number): number[] =>
    (children.get(parent) ?? []).flatMap((child) => [child.pid, ...below(child.pid)])
  return below(pid)
}

/** Processes, and those that started them: in namespaces, a renderer's own is the child of one that waits for it. */
export async function withParents(pids: readonly number[]): Promise<Set<number>> {
  const found = await Promise.all(pids.map(readProcess))
  return new Set([...pids, ...found.flatMap((process) => process?.parent ?? [])])
}

/** The live ones among processes: not those that have exited and wait for their parent. */
export async function livingOf(pids: readonly number[]): Promise<number[]> {
  const found = await Promise.all(pids.map(readProcess))
  return found.flatMap((process) => process?.pid ?? [])
}
