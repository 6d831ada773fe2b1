import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

/**
 * The machine's limit: a program that makes the same pictures in one process of native code, with resvg and libwebp. It is called with a
 * folder of SVGs, their count, a number of threads, and `one` for the preview alone, and prints its rate as `N items/s` and the mean size as `N bytes`.
 */
export async function measureNative(
  program: string,
  { sources, threads, isOne = false }: { sources: readonly Buffer[]; threads: number; isOne?: boolean },
): Promise<{ rate: number; cpuMs: number; bytes: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'afterimage-bench-'))
  try {
    for (const [index, svg] of sources.entries()) await writeFile(path.join(folder, `${index}.svg`), svg)
    const args = [
      '-c',
      '"$0" "$@"; times',
      program,
      folder,
      String(sources.length),
      String(threads),
      ...(isOne ? ['one'] : []),
    ]
    const { stdout } = await promisify(execFile)('sh', args)
    const found = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1])
    // The last line of `times` is the CPU time of the shell's children, user and system: 0m1.23s 0m0.04s.
    const spent = [...(stdout.trim().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)]
    return {
      rate: found(/([\d.]+) items\/s/),
      cpuMs: spent.reduce((sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1000, 0),
      bytes: found(/(\d+) bytes/) * sources.length,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
