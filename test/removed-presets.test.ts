import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { App } from '../src/app.ts'
import { startBackfill } from '../src/backfill/backfills.ts'
import { createChunksOfRunning, planBackfill } from '../src/backfill/plan.ts'
import { checkRequest } from '../src/backfill/request.ts'
import { runChunk } from '../src/backfill/run-chunk.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { rememberLayouts } from '../src/composites/remember-layouts.ts'
import { supervise } from '../src/embedded/supervise.ts'
import { deleteRemoved } from '../src/retention/delete-removed.ts'
import { rememberRecipes } from '../src/variants/recipes.ts'
import { testDatabase } from './support/database.ts'
import { ask, importDrawings, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'
import { until } from './support/until.ts'

const FOREVER = new AbortController().signal
const small = (width: number, formats = ['webp']) => ({ width, height: width, formats })

/** A presets file, and services on one database and directory, each with the file's presets at the time it was opened. */
async function openFile() {
  const file = path.join(await tempDirectory(), 'presets.json')
  const shared = { PRESETS_FILE: file, DATABASE_URL: await testDatabase(), DATA_DIR: await tempDirectory() }
  const write = (presets: object) => writeFile(file, JSON.stringify(presets))
  const open = async (presets: object) => {
    await write(presets)
    return await testApp(await testConfig(shared))
  }
  return { file, open, write, shared }
}

const start = (app: App, more: object = {}) =>
  startBackfill(app, checkRequest(app.presets, { scope: WHOLE_CATALOGUE, ...more }))
const stateOf = async (app: App, id: number) => {
  const { status, error, finishedAt } = await app.prisma.backfill.findUniqueOrThrow({ where: { id } })
  return { status, error, isFinished: finishedAt !== null }
}

describe('a preset that is removed during a backfill', () => {
  it('ends the backfill with a reason, wherever it was', async () => {
    const { open } = await openFile()
    const before = await open({ one: small(16), two: small(24, ['webp', 'png']) })
    await importDrawings(before, 3)
    const running = await start(before)
    await planBackfill(before, running.id)
    const cut = await start(before, { presets: ['two'] })
    await planBackfill(before, cut.id)
    await before.pg.query('update backfill set is_cut = false where id = $1', [cut.id])
    const planned = await start(before, { formats: ['WEBP'], mode: 'ALL' })
    const ofFormat = await start(before, { presets: ['two'], formats: ['PNG'] })

    const after = await open({ one: small(16) })
    const [chunk] = await after.prisma.backfillChunk.findMany({ where: { backfillId: running.id } })
    expect(await runChunk(after, chunk?.id ?? 0, FOREVER)).toBe('halted')
    await createChunksOfRunning(after)
    await planBackfill(after, planned.id)
    await planBackfill(after, ofFormat.id)
    const gone =
      /^There is no preset "two"; there are one\. It was offered when the backfill was started: start another one\.$/
    for (const { id } of [running, cut, planned, ofFormat])
      expect(await stateOf(after, id)).toEqual({
        status: 'FAILED',
        error: expect.stringMatching(gone),
        isFinished: true,
      })
    const { url } = await testServer(after)
    const query = `{ backfill(id: "${Buffer.from(`Backfill:${running.id}`).toString('base64')}") { status error } }`
    expect((await ask(url, query)).data).toEqual({
      backfill: { status: 'FAILED', error: expect.stringMatching(gone) },
    })
    // An identical backfill starts again, and the remaining presets are made.
    const again = await start(after)
    await planBackfill(after, again.id)
    expect((await stateOf(after, again.id)).status).toBe('RUNNING')
  })

  it('or whose format is removed does so too; presets unknown to an older process are left to others', async () => {
    const { open } = await openFile()
    const older = await open({ one: small(16, ['webp', 'png']) })
    await importDrawings(older, 1)
    const { id } = await start(older, { formats: ['PNG'] })
    const newer = await open({ one: small(16), two: small(24) })
    await planBackfill(newer, id)
    expect(await stateOf(newer, id)).toMatchObject({
      status: 'FAILED',
      error: expect.stringMatching(/not offered as PNG/),
    })
    const next = await start(newer, { presets: ['two'] })
    await expect(planBackfill(older, next.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await stateOf(newer, next.id)).status).toBe('PLANNING')
    await planBackfill(newer, next.id)
    await older.pg.query('update backfill set is_cut = false where id = $1', [next.id])
    await createChunksOfRunning(older)
    expect((await stateOf(newer, next.id)).status).toBe('RUNNING')
  })
})

it('an empty list of presets or formats is refused', async () => {
  const { open } = await openFile()
  const app = await open({ one: small(16) })
  const { url } = await testServer(app)
  for (const list of ['presets: []', 'formats: []'])
    for (const query of [
      `mutation { startBackfill(input: { ${list} }) { id } }`,
      `{ planBackfill(input: { ${list} }) { items } }`,
    ])
      expect((await ask(url, query)).errors?.[0]).toMatchObject({
        message: expect.stringMatching(/^(presets|formats) is an empty list/),
        extensions: { code: 'BAD_INPUT' },
      })
  expect(await app.prisma.backfill.count()).toBe(0)
})

it('a restarted worker has the presets of its parent, whatever their file contains by then', async () => {
  const { open, file, shared } = await openFile()
  const app = await open({ one: small(16) })
  const requestAborted: string[] = []
  const worker = supervise('worker', {
    databaseUrl: shared.DATABASE_URL,
    config: app.config,
    onGivenUp: (sentence) => requestAborted.push(sentence),
  })
  onTestFinished(worker.close)
  await worker.ready
  const newest = async () => (await app.prisma.worker.findFirst({ orderBy: { startedAt: 'desc' } }))?.pid ?? 0
  for (const content of ['{ broken', JSON.stringify({ other: small(99) })]) {
    await writeFile(file, content)
    const pid = await newest()
    process.kill(pid, 'SIGKILL')
    await until(async () => requestAborted.length > 0 || (await newest()) !== pid)
    expect(requestAborted).toEqual([])
  }
  const { rows } = await app.pg.query('select distinct preset from preset_recipe')
  expect(rows).toEqual([{ preset: 'one' }])
})

it('pictures of a preset that no process has had for the grace period are deleted, and no others', async () => {
  const { open } = await openFile()
  const before = await open({ one: small(16), two: small(24) })
  await importDrawings(before, 3)
  const { url } = await testServer(before)
  const query = '{ items { nodes { a: image(preset: "one") { url } b: image(preset: "two") { url } } } }'
  const { data } = await ask<{ items: { nodes: Record<'a' | 'b', { url: string }>[] } }>(url, query)
  for (const { a, b } of data.items.nodes) for (const each of [a, b]) expect((await fetch(each.url)).status).toBe(200)
  const after = await open({ one: small(16) })
  const remove = (app: App, graceDays: number) =>
    deleteRemoved({ ...app, previews: app.stores.previews }, { graceDays, batch: 2 })
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of after.stores.previews.list('')) found.push(key.replace(/.*-(\w+)\..*/, '$1'))
    return found.sort()
  }
  const age = (days: number) =>
    after.pg.query(`update preset_recipe set seen_at = now() - make_interval(days => $1) where preset = 'two'`, [days])
  for (const [seenDaysAgo, graceDays] of [
    [0, 0],
    [29, 30],
  ] as const) {
    await age(seenDaysAgo)
    expect(await remove(after, graceDays)).toBe(0)
  }
  await age(31)
  // A process that still has it reports it once an hour.
  await rememberRecipes(before.pg, before.presets)
  expect(await remove(after, 30)).toBe(0)
  await age(31)
  expect(await remove(before, 30)).toBe(0)
  expect(await remove(after, 30)).toBe(3)
  expect(await keys()).toEqual(['one', 'one', 'one'])
  expect((await after.prisma.image.findMany()).map(({ preset }) => preset)).toEqual(['one', 'one', 'one'])
  expect(await remove(after, 30)).toBe(0)
  expect(await after.prisma.presetRecipe.findMany({ where: { preset: 'two' } })).toEqual([])
})

it('pictures of a layout that nobody has had for the grace period are deleted, and no others', async () => {
  const file = path.join(await tempDirectory(), 'layouts.json')
  const shared = { LAYOUTS_FILE: file, DATABASE_URL: await testDatabase(), DATA_DIR: await tempDirectory() }
  const open = async (names: readonly string[]) => {
    const layout = { width: 64, height: 32, grids: ['2x1'] }
    await writeFile(file, JSON.stringify(Object.fromEntries(names.map((name) => [name, layout]))))
    return await testApp(await testConfig(shared))
  }
  const before = await open(['one', 'two'])
  await importDrawings(before, 2)
  const { url } = await testServer(before)
  const query = '{ items { nodes { family { a: preview(layout: "one") { url } b: preview(layout: "two") { url } } } } }'
  const { data } = await ask<{ items: { nodes: { family: Record<'a' | 'b', { url: string }> }[] } }>(url, query)
  const [shown] = data.items.nodes
  const pictures = [shown?.family.a.url ?? '', shown?.family.b.url ?? '']
  const answers = async (base: string) =>
    await Promise.all(pictures.map(async (picture) => (await fetch(new URL(new URL(picture).pathname, base))).status))
  expect(await answers(url)).toEqual([200, 200])

  const after = await open(['one'])
  const remove = (app: App) => deleteRemoved({ ...app, previews: app.stores.previews }, { graceDays: 30, batch: 1 })
  const age = (days: number) =>
    after.pg.query(`update layout_use set seen_at = now() - make_interval(days => $1) where layout = 'two'`, [days])
  await age(29)
  expect(await remove(after)).toBe(0)
  await age(31)
  // A process that still has it is heard of once an hour.
  await rememberLayouts(before.pg, before.layouts)
  expect(await remove(after)).toBe(0)
  await age(31)
  expect(await remove(before)).toBe(0)
  expect(await remove(after)).toBe(1)
  const keys: string[] = []
  for await (const { key } of after.stores.previews.list('')) keys.push(key)
  expect(keys).toEqual([expect.stringMatching(/one\.\w+\.webp$/)])
  expect((await after.prisma.image.findMany()).map(({ preset }) => preset)).toEqual(['one'])
  expect(await answers((await testServer(after)).url)).toEqual([200, 404])
  // No picture is left, so what was picked for it is forgotten too.
  expect(await after.prisma.composite.count({ where: { layout: 'two' } })).toBe(1)
  expect(await remove(after)).toBe(0)
  expect(await after.prisma.composite.findMany({ select: { layout: true } })).toEqual([{ layout: 'one' }])
  expect(await after.prisma.layoutUse.findMany({ where: { layout: 'two' } })).toEqual([])
})
