import { execFile } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './markdown.ts'

const CLIENT = path.join(ROOT, 'packages/client')

/** The compiler of this project. Throws what it says. */
export async function runTsc(args: readonly string[]): Promise<void> {
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc')
  const { error, said } = await new Promise<{ error: Error | null; said: string }>((resolve) =>
    execFile(tsc, args, (failure, stdout) => resolve({ error: failure, said: stdout })),
  )
  if (error) throw new Error(said || error.message, { cause: error })
}

/** The client's modules as a browser loads them, with their types. */
export const buildClient = (outDir: string): Promise<void> => runTsc(['-p', CLIENT, '--outDir', outDir])

/** Installs the client and React in a folder's node_modules, as npm would install the published package. */
export async function installClient(directory: string): Promise<void> {
  const modules = path.join(directory, 'node_modules')
  const own = path.join(modules, '@afterimage/client')
  await mkdir(path.join(modules, '@types'), { recursive: true })
  await buildClient(path.join(own, 'dist'))
  await cp(path.join(CLIENT, 'package.json'), path.join(own, 'package.json'))
  for (const name of ['react', '@types/react'])
    await symlink(path.join(ROOT, 'node_modules', name), path.join(modules, name))
}
