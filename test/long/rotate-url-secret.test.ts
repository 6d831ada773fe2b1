import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { App } from '../../src/app.ts'
import { variantKeyOf } from '../../src/variants/make.ts'
import { testDatabase } from '../support/database.ts'
import { programEnv } from '../support/program-env.ts'
import { importDrawings, tempDirectory, testApp, testConfig, testServer } from '../support/setup.ts'

const COMMAND = path.join(import.meta.dirname, '../../src/bin/afterimage.ts')

/** An installation on which the command runs, and apps are started. */
async function installation() {
  const env = { DATA_DIR: await tempDirectory(), DATABASE_URL: await testDatabase(), URL_SECRET: '' }
  return {
    directory: env.DATA_DIR,
    start: async (secrets = '') => await testApp(await testConfig({ ...env, URL_SECRETS: secrets })),
    rotate: async (secrets: string, ...args: string[]) =>
      await promisify(execFile)(process.execPath, [COMMAND, 'rotate', ...args], {
        env: { ...programEnv(), ...env, URL_SECRETS: secrets },
      }).then(
        ({ stdout }) => ({ code: 0, said: stdout }),
        ({ code, stdout, stderr }) => ({ code, said: `${stdout}${stderr}` }),
      ),
  }
}

/** Makes thumbnails of all items, and returns their keys by this app's secret. */
async function thumbnailsOf(app: App): Promise<string[]> {
  const { url } = await testServer(app)
  const items = await app.prisma.item.findMany()
  const keys = items.map((item) => variantKeyOf(app, item, { preset: 'thumbnail', format: 'WEBP' }))
  for (const key of keys) expect((await fetch(`${url}/images/${key}`)).status).toBe(200)
  return keys
}

it('rotates secrets that are configured: says the steps, copies ahead, and when the old one may be dropped', async () => {
  const { start, rotate } = await installation()
  const before = await start('old')
  await importDrawings(before, 3)
  await thumbnailsOf(before)
  const first = await rotate('old', 'url-secret')
  expect(first).toMatchObject({ code: 0, said: expect.stringMatching(/URL_SECRETS=OLD,NEW[\s\S]*\n +[\w-]{32}\n/) })

  const second = await rotate('old,new', 'url-secret')
  expect(second.said).toMatch(/Copying 3 pictures[\s\S]*Copied 3\.\nNext,.*\n?.*URL_SECRETS=NEW,OLD/)
  const ahead = await start('new,old')
  const { url } = await testServer(ahead)
  const objects = []
  for await (const { key } of ahead.stores.previews.list('')) objects.push(key)
  const keys = await thumbnailsOf(ahead)
  expect(objects).toEqual(expect.arrayContaining(keys))
  expect(objects).toHaveLength(6)
  expect(ahead.pool.stats.renders).toBe(0)
  expect((await fetch(`${url}/readyz`)).status).toBe(200)

  const third = await rotate('new,old', 'url-secret', '--dry-run')
  expect(third.said).toMatch(
    /^It would copy 0 pictures.*\nURLs were last issued with the old secret on \d{4}-\d\d-\d\d \d\d:\d\d UTC\./,
  )
  expect(third.said).toMatch(/may be dropped from \d{4}-\d\d-\d\d on: remove the old one from URL_SECRETS/)
  await ahead.pg.query(`update url_secret set issued_at = now() - interval '31 days'`)
  expect((await rotate('new,old', 'url-secret')).said).toContain('may be dropped now')
})

it('rotates the secret that is kept in the data directory, in place', async () => {
  const { directory, start, rotate } = await installation()
  const file = path.join(directory, 'url-secret')
  const before = await start()
  await importDrawings(before, 2)
  await thumbnailsOf(before)
  const old = (await readFile(file, 'utf8')).trim()

  expect((await rotate('', 'url-secret', '--dry-run')).said).toContain('would put a new secret')
  expect((await readFile(file, 'utf8')).trim()).toBe(old)
  const first = await rotate('', 'url-secret')
  expect(first.said).toMatch(/A new secret is the first in [\s\S]*Copied 2\.\nNext: restart the service/)
  const [fresh, kept] = (await readFile(file, 'utf8')).trim().split('\n')
  expect([kept, (await stat(file)).mode & 0o777]).toEqual([old, 0o600])
  expect(fresh).toMatch(/^[\w-]{32}$/)
  expect(await rotate('', 'url-secret', '--drop')).toMatchObject({
    code: 1,
    said: expect.stringContaining('restart it'),
  })

  const after = await start()
  expect(after.urlSecrets.map(({ value }) => value)).toEqual([fresh, old])
  await thumbnailsOf(after)
  expect(after.pool.stats.renders).toBe(0)
  // Once more rotates nothing: the first rotation has not ended.
  expect((await rotate('', 'url-secret')).said).toContain('--drop')
  expect((await readFile(file, 'utf8')).trim()).toBe(`${fresh}\n${old}`)
  expect(await rotate('', 'url-secret', '--drop')).toMatchObject({
    code: 1,
    said: expect.stringContaining('still in use'),
  })
  expect(await rotate('', 'url-secret', '--drop', '--now')).toMatchObject({ code: 0 })
  expect((await readFile(file, 'utf8')).trim()).toBe(fresh)
})

it('refuses what it does not know', async () => {
  const { rotate } = await installation()
  expect(await rotate('', 'admin-token')).toMatchObject({
    code: 2,
    said: expect.stringContaining('Only url-secret is rotated by a command.'),
  })
})
