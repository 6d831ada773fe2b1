import type { Command } from 'commander'
import { parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import * as documents from '../src/commands/documents.ts'
import { createProgram } from '../src/commands/program.ts'
import { schema } from '../src/graphql/schema.ts'
import { importItems } from '../src/import/import-items.ts'
import { afterimage } from './support/afterimage.ts'
import { testBuckets } from './support/s3.ts'
import { ADMIN_TOKEN, drawing, entry, testApp, testServer } from './support/setup.ts'

/** All commands that do something, by their words. */
function commandsOf(command: Command, words: readonly string[] = []): [string, Command][] {
  const own: [string, Command][] =
    words.length > 0 && !(command.commands.length > 0 && command.options.length === 0)
      ? [[words.join(' '), command]]
      : []
  return [...own, ...command.commands.flatMap((each) => commandsOf(each, [...words, each.name()]))]
}
const COMMANDS = commandsOf(createProgram({ becomeWorker: () => {} }))
/** They run until they are stopped, or print what is no result. */
const WITHOUT_RESULT = /^(start|api|worker|rotate|completion|complete)$/

describe('afterimage', () => {
  it('lists its commands, completes them, and is told its version', async () => {
    const { code, stdout } = await afterimage(['--help'])
    expect(code).toBe(0)
    for (const name of ['start', 'api', 'worker', 'import', 'backfill', 'explain', 'takedown', 'token', 'doctor'])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    expect((await afterimage(['completion', 'bash'])).stdout).toContain('bash completion for afterimage')
    expect((await afterimage(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    ['an unknown command', ['backfil'], /Did you mean backfill\?/],
    ['an unknown option', ['coverage', '--preset', 'x'], /unknown option '--preset'/],
    ['an unknown format', ['backfill', '--formats', 'webp,gif'], /'webp,gif' is invalid\. Use some of webp, avif, png/],
    [
      'a limit that leaves nothing',
      ['backfill', '--max-renderers', '0'],
      /'0' is invalid\. Use a whole number, 1 or more/,
    ],
    ['a value of the wrong kind', ['failures', '--limit', 'many'], /'many' is invalid\. Use a whole number/],
    [
      'a missing argument',
      ['explain'],
      /missing required argument 'url'\nafterimage explain --help lists what there is/,
    ],
    ['a subcommand', ['token', 'create'], /not specified\nafterimage token create --help lists/],
    ['no source', ['import'], /A directory or bucket to import is needed/],
    ['two scopes', ['backfill', '--vendor', 'a', '--family', 'b'], /Use --vendor or --family, not both/],
  ])('ends with exit code 2 and a sentence for %s', async (_what, args, sentence) => {
    const { code, stdout, stderr } = await afterimage(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(sentence)
  })

  it('prints the result of every command as JSON', () => {
    expect(COMMANDS.length).toBeGreaterThan(25)
    const without = COMMANDS.filter(([, { options }]) => !options.some(({ long }) => long === '--json'))
    expect(without.map(([name]) => name).filter((name) => !WITHOUT_RESULT.test(name))).toEqual([])
  })

  it('creates no token for a vendor that there is not, unless it is said to be new; prints a result as JSON alone', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const service = { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN: ADMIN_TOKEN }
    const create = ['token', 'create', 'uploads', '--scopes', 'upload:write', '--vendor', 'acme', '--json']
    expect(await afterimage(create, service)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^There is no vendor "acme": correct the name, or add --new-vendor/),
    })
    const created = await afterimage([...create, '--new-vendor'], service)
    const { prefix, secret } = JSON.parse(created.stdout)
    expect([created.code, secret.startsWith(prefix)]).toEqual([0, true])
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('one', drawing(1))])
    expect((await afterimage(create, service)).code).toBe(0)
    const revoked = await afterimage(['token', 'revoke', prefix, '--json'], service)
    expect(JSON.parse(revoked.stdout)).toMatchObject({ prefix, state: 'revoked' })
  })

  it('tells what is wrong with the service that it asks', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const refused = await afterimage(['token', 'list'], { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN: 'ai_live_wrong' })
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/token/) })
    const nobody = await afterimage(['coverage'], { AFTERIMAGE_URL: 'http://127.0.0.1:1' })
    expect(nobody).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^No service answers at http:\S+ .*: start it/),
    })
  })

  it('asks the service for what the doctor finds, and says which commands do not', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    const [AFTERIMAGE_TOKEN = ''] = app.config.adminTokens
    const service = { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN, DATABASE_URL: app.config.databaseUrl ?? '' }
    const doctor = await afterimage(['doctor'], service)
    expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(/^OK {7}requests {11}In the last 24 hours/) })
    expect(doctor.stderr).not.toContain('AFTERIMAGE_URL')
    const { DATABASE_URL } = service
    const away = await afterimage(['doctor'], { DATABASE_URL, ...(await testBuckets('http://127.0.0.1:1')) })
    expect(away).toMatchObject({ code: 1, stdout: expect.stringMatching(/^ERROR {4}stores .*127\.0\.0\.1:1/) })
    const snapshot = await afterimage(['snapshot'], service)
    expect(snapshot).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^AFTERIMAGE_URL is ignored/) })
    expect(snapshot.stderr).toContain('The catalogue is empty, so no snapshot was written')
    expect(await afterimage(['failures'], service)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'There are no failures to show.\n',
    })
  })

  it.each(Object.entries(documents))('asks %s as the schema has it', (_name, document) => {
    expect(validate(schema, parse(document)).map(({ message }) => message)).toEqual([])
  })
})
