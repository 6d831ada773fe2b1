import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Starts an S3 server on a free loopback port; its buckets are folders of a directory that is deleted when it closes.
 * @param parent of that directory
 */
export async function startS3(
  parent: string = tmpdir(),
): Promise<{ url: string; directory: string; pid: number; close: () => Promise<void> }> {
  const directory = await mkdtemp(path.join(parent, 'afterimage-s3-'))
  const child = fork(path.join(import.meta.dirname, 's3-child.ts'), [directory], {
    stdio: 'inherit',
    // It encrypts its continuation tokens with an old cipher.
    execArgv: ['--openssl-legacy-provider'],
  })
  const [port] = await once(child, 'message')
  return {
    url: `http://127.0.0.1:${port}`,
    directory,
    pid: child.pid as number,
    close: async () => {
      const exit = once(child, 'exit')
      child.disconnect()
      await exit
      await rm(directory, { recursive: true, force: true })
    },
  }
}
