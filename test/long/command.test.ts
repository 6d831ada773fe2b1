import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { importItems } from '../../src/import/import-items.ts'
import { afterimage } from '../support/afterimage.ts'
import {
  ADMIN_TOKEN,
  drawing,
  entry,
  importDrawings,
  listen,
  tempDirectory,
  testApp,
  testServer,
} from '../support/setup.ts'
import { until } from '../support/until.ts'
import { startWorker } from '../support/worker.ts'

describe('afterimage', () => {
  it('does the same on the database of this machine and on a service elsewhere', async () => {
    const app = await testApp()
    await importDrawings(app, 3)
    const { url } = await testServer(app)
    startWorker(app, { RENDERERS: '1' })
    const { databaseUrl, dataDir } = app.config
    const local = { DATABASE_URL: databaseUrl ?? '', DATA_DIR: dataDir, URL_SECRET: app.urlSecret.value }
    const remote = { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN: ADMIN_TOKEN }
    const plan = await afterimage(['backfill', '--plan', '--presets', 'thumbnail'], local)
    expect(plan.stdout).toMatch(/^3 images of 3 items, /)
    const made = await afterimage(['backfill', '--watch', '--presets', 'thumbnail'], remote)
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('COMPLETED: 3 images of 3 items, 0 failed') })
    for (const env of [local, remote]) {
      const coverage = await afterimage(['coverage', '--json'], env)
      expect(JSON.parse(coverage.stdout)).toContainEqual(
        expect.objectContaining({ preset: 'thumbnail', total: 3, ready: 3 }),
      )
    }
    const [item] = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
    const id = item?.uniqueId ?? ''
    expect((await afterimage(['explain', id], local)).stdout).toMatch(/^ITEM: /)
    expect((await afterimage(['failures', '--json'], remote)).stdout).toBe('')
    const taken = await afterimage(['takedown', id, '--reason', 'a claim'], remote)
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringMatching(/COMPLETED: hidden, 1 objects deleted/) })
    expect((await afterimage(['restore', id], local)).stdout).toMatch(/RESTORED/)
    expect((await afterimage(['presets'], local)).stdout).toMatch(/^thumbnail +128 x 128 px, WEBP/m)
  })

  /** With what each command needs on its command line. */
  const FAILING: [string[], ...string[][]] = [
    ['import', '.'],
    ['backfill'],
    ['backfill', '--plan'],
    ...['pause', 'resume', 'cancel', 'watch'].map((verb) => ['backfill', verb, 'QmFja2ZpbGw6MQ==']),
    ['coverage'],
    ['failures'],
    ['explain', 'x'],
    ['presets'],
    ['preview', 'x'],
    ['takedown', 'x', '--reason', 'y'],
    ['restore', 'x'],
    ['token', 'create', 'x', '--scopes', 'catalogue:read'],
    ['token', 'list'],
    ['token', 'revoke', 'x'],
    ['rotate', 'url-secret'],
    ['migrate'],
    ['snapshot'],
    ['rebuild'],
  ]
  it('each one ends with 1 and one sentence without a database, and with 2 and one for an option that there is not', async () => {
    const env = { DATA_DIR: await tempDirectory(), DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/nowhere' }
    for (const command of FAILING) {
      const failed = await afterimage(command, env)
      expect([command, failed.code, failed.stdout]).toEqual([command, 1, ''])
      expect([command, failed.stderr]).toEqual([command, expect.stringMatching(/^[^\n]*127\.0\.0\.1:1[^\n]*\n$/)])
      expect(failed.stderr).not.toContain('secret')
      const misused = await afterimage([...command, '--colour'], env)
      expect([command, misused.code, misused.stdout]).toEqual([command, 2, ''])
      expect(misused.stderr).toMatch(
        /^error: unknown option '--colour'\nafterimage [a-z ]+ --help lists what there is\.\n$/,
      )
    }
  })

  it('pauses, resumes and cancels a backfill, and follows it through an outage', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await importItems({ pg: app.pg, originals: app.stores.originals }, [entry('one', drawing(1))])
    // A balancer whose second to fourth answers say that no service is there.
    let requests = 0
    const balancer = await listen(async (request, response) => {
      requests++
      if (requests > 1 && requests < 5) return response.writeHead(503).end('no server is available')
      const { authorization = '' } = request.headers
      const headers = { 'content-type': 'application/json', authorization }
      const answer = await fetch(new URL('/graphql', url), { method: 'POST', headers, body: await text(request) })
      return response.end(await answer.text())
    })
    const service = { AFTERIMAGE_URL: url, AFTERIMAGE_TOKEN: ADMIN_TOKEN }
    const { stdout } = await afterimage(['backfill'], service)
    const [, id = ''] = /^backfill (\S+) is \w+\n$/.exec(stdout) ?? []
    const json = await afterimage(['backfill', 'pause', id, '--json'], service)
    expect(JSON.parse(json.stdout)).toEqual({ id, status: 'PAUSED' })
    const change = async (verb: string) => (await afterimage(['backfill', verb, id], service)).stdout
    expect(await change('pause')).toBe(`backfill ${id} is PAUSED\n`)
    expect(await change('resume')).toMatch(/ is (QUEUED|PLANNING|RUNNING)\n$/)
    const watching = afterimage(['backfill', 'watch', id], { ...service, AFTERIMAGE_URL: balancer })
    await until(() => requests >= 5)
    expect(await change('cancel')).toBe(`backfill ${id} is CANCELED\n`)
    const { code, stdout: said, stderr } = await watching
    expect({ code, said }).toEqual({
      code: 1,
      said: expect.stringMatching(/^CANCELED: 0 images of 0 items, 0 failed/m),
    })
    expect(stderr).toMatch(/^\S.* Waiting: the backfill continues\.\n$/)
  })
})
