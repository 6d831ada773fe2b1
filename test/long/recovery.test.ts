import { describe, expect, it } from 'vitest'
import { afterimage } from '../support/afterimage.ts'
import { testDatabase } from '../support/database.ts'
import { importDrawings, tempDirectory, testApp, testConfig } from '../support/setup.ts'

describe('by command', () => {
  it('a snapshot is written, an empty database is rebuilt, and migrate says what is pending', async () => {
    const env = { DATA_DIR: await tempDirectory(), URL_SECRET: 'test-url-secret', RENDERERS: '1' }
    const app = await testApp(await testConfig(env))
    await importDrawings(app, 3)
    const [old, empty] = [app.config.databaseUrl ?? '', await testDatabase('template1')]
    const run = (databaseUrl: string, ...args: string[]) => afterimage(args, { ...env, DATABASE_URL: databaseUrl })
    expect(await run(old, 'snapshot')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ rows of .* objects of .*originals/),
    })
    expect(await run(empty, 'migrate')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/pending 20261123000000_catalogue\n/),
    })
    expect(JSON.parse((await run(empty, 'migrate', '--json')).stdout).pending).toContain('20261123000000_catalogue')
    expect(await run(empty, 'migrate', '--apply')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\d+ applied\n$/),
    })
    const rebuilt = await run(empty, 'rebuild')
    expect(rebuilt).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/originals: 0 added, 0 changed, 3 as in the snapshot\n/),
    })
  })
})
