import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { importing, program, start } from '../support/npm-start.ts'
import { processesNaming } from '../support/processes.ts'
import { tempDirectory } from '../support/setup.ts'
import { until } from '../support/until.ts'

describe('npm start', () => {
  it('refuses a port in use, in one sentence, and leaves nothing running', async () => {
    const dataDir = await tempDirectory()
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    const refused = start(dataDir, { PORT: String(port) })
    expect(await refused.gone).toBe(1)
    expect(refused.said().split('\n').slice(-2).join('\n')).toBe(
      `Port ${port} on 127.0.0.1 is in use by another program: stop that one, or set PORT (0 picks a free one).\n`,
    )
    await until(async () => (await processesNaming(dataDir)).length === 0)
  })

  it('refuses a data directory that another instance uses, and does not disturb it', async () => {
    const dataDir = await tempDirectory()
    const first = start(dataDir)
    const url = await first.url()
    const second = start(dataDir)
    expect(await second.gone).toBe(1)
    expect(second.said()).toBe(
      `The data directory ${dataDir} is used by process ${first.child.pid}: stop that one, or set DATA_DIR to another directory.\n`,
    )
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('refuses a read-only data directory', async () => {
    const parent = await tempDirectory()
    await writeFile(path.join(parent, 'file'), '')
    await chmod(parent, 0o555)
    const refused = start(path.join(parent, 'file', 'data'))
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toMatch(
      /^Cannot write to the data directory .*data \(.*\): set DATA_DIR to a directory that you own\.\n$/,
    )
  })

  it('refuses an invalid configuration, naming every variable', async () => {
    const refused = start(await tempDirectory(), { PORT: 'x', RENDERERS: '-1' })
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toMatch(/^The configuration is invalid:\n {2}PORT="x": .*\n {2}RENDERERS="-1": .*\n$/)
  })

  it('refuses an unknown option', async () => {
    const refused = start(await tempDirectory(), {}, ['--no-backfil'])
    expect(await refused.gone).toBe(2)
    expect(refused.said()).toMatch(/unknown option '--no-backfil'\n\(Did you mean --no-backfill\?\)/)
  })
})

describe('npm run api and npm run worker', () => {
  it.each(['src/bin/api.ts', 'workers/main.ts'])('%s reports what it needs if there is no database', async (file) => {
    const none = program(file, { env: { DATA_DIR: await tempDirectory() } })
    expect(await none.gone).toBe(1)
    expect(none.said()).toMatch(/^DATABASE_URL is not set/)
    const dead = program(file, {
      env: { DATA_DIR: await tempDirectory(), DATABASE_URL: 'postgres://a:b@127.0.0.1:9/x' },
    })
    expect(await dead.gone).toBe(1)
    expect(dead.said()).toMatch(
      /^Postgres at 127\.0\.0\.1:9 does not answer \(.*ECONNREFUSED.*\): is DATABASE_URL right\?\n$/,
    )
  })

  it.each([
    [
      'a wrong password',
      { password: 'wrong' },
      /^Postgres at \S+ refuses this account \(.*\): are the user and the password in DATABASE_URL right\?\n$/,
    ],
    [
      'an unknown database',
      { pathname: '/nowhere' },
      /^Postgres at \S+ lacks the database \(.*nowhere.*\): create it, or correct its name in DATABASE_URL\.\n$/,
    ],
  ])('say what to do about %s', async (_what, change, sentence) => {
    const url = Object.assign(new URL(inject('postgresUrl')), change)
    const refused = program('src/bin/api.ts', { env: { DATA_DIR: await tempDirectory(), DATABASE_URL: url.href } })
    expect(await refused.gone).toBe(1)
    expect(refused.said()).toMatch(sentence)
  })
})

describe('npm run import', () => {
  it('prints its usage', async () => {
    const help = importing(await tempDirectory(), ['--help'])
    expect(await help.gone).toBe(0)
    expect(help.said()).toContain('import [options] [source]')
  })

  it.each([
    [[], 2, /^A directory or bucket to import is needed/],
    [['none'], 1, /^Cannot read the directory/],
    [['a', 'b'], 2, /^error: too many arguments/],
    [['--what'], 2, /^error: unknown option '--what'/],
  ])('refuses %j with exit code %d and a sentence', async (args, code, sentence) => {
    const refused = importing(await tempDirectory(), args)
    expect(await refused.gone).toBe(code)
    expect(refused.said()).toMatch(sentence)
  })
})
