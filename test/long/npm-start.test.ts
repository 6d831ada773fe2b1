import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { childrenOf, directoryOfDrawings, importing, start } from '../support/npm-start.ts'
import { processesNaming } from '../support/processes.ts'
import { ADMIN_TOKEN, ask, tempDirectory } from '../support/setup.ts'
import { until } from '../support/until.ts'

describe('npm start', () => {
  it('serves, imports while it runs and while it is stopped, continues after a kill -9, and leaves no process', async () => {
    const dataDir = path.join(await tempDirectory(), 'the data')
    const drawings = await directoryOfDrawings(40)

    const offline = importing(dataDir, [drawings])
    expect(await offline.gone, offline.said()).toBe(0)
    expect(offline.said()).toMatch(/refused acme\/icons\/.*page\.svg: NOT_SVG: The root element is <html>/)
    expect(offline.said()).toMatch(/40 added, 0 changed, 0 unchanged, 1 refused/)

    const first = start(dataDir)
    const url = await first.url()
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const online = importing(dataDir, [drawings])
    expect(await online.gone, online.said()).toBe(0)
    expect(online.said()).toMatch(/0 added, 0 changed, 40 unchanged, 1 refused/)
    expect(first.said()).toContain(`admin token     ${ADMIN_TOKEN}`)

    await until(() => first.said().includes('Backfill COMPLETED: 120 images of 40 items'))
    // Only the parent, as with kill -9: it cannot clean up.
    const [worker] = (await processesNaming(dataDir)).filter((pid) => pid !== first.child.pid)
    expect(worker).toBeDefined()
    first.child.kill('SIGKILL')
    await first.gone

    const second = start(dataDir)
    await second.url()
    await until(() => second.said().includes('All pictures are ready.'))
    second.child.kill('SIGINT')
    expect(await second.gone, second.said()).toBe(0)
    await until(async () => (await processesNaming(dataDir)).length === 0)
    expect((await readdir(dataDir)).sort()).toEqual(['originals', 'postgres', 'previews', 'url-secret'])
  })

  it('restarts its worker and its API when they are killed, and the backfill completes', async () => {
    const dataDir = await tempDirectory()
    const done = importing(dataDir, [await directoryOfDrawings(120)])
    await done.gone
    const service = start(dataDir, {}, ['--no-backfill'])
    const url = await service.url()
    const { data } = await ask<{ startBackfill: { id: string } }>(url, 'mutation { startBackfill { id } }')
    const read = async () =>
      (
        await ask<{ backfill: { status: string; imagesMade: number; doneItems: number } }>(
          url,
          `{ backfill(id: "${data.startBackfill.id}") { status imagesMade doneItems } }`,
        )
      ).data.backfill
    await until(async () => (await read()).imagesMade > 30)
    for (const pid of await childrenOf(service.child.pid as number)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      if (command.includes('workers/main.ts')) process.kill(pid, 'SIGKILL')
    }
    await until(async () => (await read()).status === 'COMPLETED')
    expect(await read()).toEqual({ status: 'COMPLETED', imagesMade: 360, doneItems: 120 })
    expect(service.said()).toContain('the worker died; restarting it')
    // The API too, on the same port.
    for (const pid of await childrenOf(service.child.pid as number)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      if (command.includes('bin/api.ts')) process.kill(pid, 'SIGKILL')
    }
    await until(() => service.said().includes('the API died; restarting it'))
    await until(async () => (await fetch(`${url}/healthz`).catch(() => null))?.ok === true)
    expect(service.said()).toContain('returned the jobs of dead workers to the queue')
  })
})
