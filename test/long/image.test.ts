import { execFile } from 'node:child_process'
import { cp, mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { readDockerfile } from '../support/container.ts'
import { programEnv } from '../support/program-env.ts'
import { tempDirectory } from '../support/setup.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const run = promisify(execFile)

it('the image is built from what its Dockerfile copies: the console builds, and the commands load', async () => {
  const app = await tempDirectory()
  const [build = ''] = readDockerfile().text.split(/^FROM scratch$/m)
  const copies = [...build.matchAll(/^COPY (?!--)(.+) (\S+)$/gm)]
  expect(copies.length).toBeGreaterThan(8)
  for (const [, sources = '', target = ''] of copies) {
    const names = sources.split(' ')
    // A folder's contents go to the target; files into it.
    for (const name of names) {
      const to = target.endsWith('/') ? path.join(app, target, path.basename(name)) : path.join(app, target)
      await mkdir(path.dirname(to), { recursive: true })
      await cp(path.join(ROOT, name), to, { recursive: true })
    }
  }
  // Installed there from the lock file.
  await symlink(path.join(ROOT, 'node_modules'), path.join(app, 'node_modules'))
  const options = { cwd: app, env: programEnv() }
  await run(process.execPath, ['scripts/console.ts'], options)
  const { stdout } = await run(process.execPath, ['src/bin/afterimage.ts', '--help'], options)
  expect(stdout).toContain('Run the service:')
})
