import { parse, validate } from 'graphql'
import { describe, expect, it } from 'vitest'
import * as documents from '../src/commands/documents.ts'
import { schema } from '../src/graphql/schema.ts'
import { afterimage } from './support/afterimage.ts'
import { testApp, testServer } from './support/setup.ts'

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
    const snapshot = await afterimage(['snapshot'], service)
    expect(snapshot).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^AFTERIMAGE_URL is ignored/) })
    expect(snapshot.stderr).toContain('The catalogue is empty, so no snapshot was written')
    expect(await afterimage(['failures'], service)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No item has failed.\n',
    })
  })

  it.each(Object.entries(documents))('asks %s as the schema has it', (_name, text) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([])
  })
})
