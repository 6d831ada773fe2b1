import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { App } from '../src/app.ts'
import { orderOf } from '../src/backfill/request.ts'
import { WHOLE_CATALOGUE } from '../src/catalogue/scope.ts'
import { createOriginHandler } from '../src/http/images.ts'
import { importItems } from '../src/import/import-items.ts'
import { RUNNER_NAMES } from '../src/jobs/registry.ts'
import { createEnsureVariant } from '../src/variants/ensure.ts'
import { findWork } from '../src/variants/find-missing.ts'
import { variantKeyOf } from '../src/variants/make.ts'
import { runTasks } from './support/run-tasks.ts'
import {
  ADMIN_TOKEN,
  ask,
  entry,
  importDrawings,
  listen,
  tempDirectory,
  testApp,
  testConfig,
  testServer,
} from './support/setup.ts'
import { until } from './support/until.ts'

const idOf = (backfill: number) => Buffer.from(`Backfill:${backfill}`).toString('base64')
const authorization = `Bearer ${ADMIN_TOKEN}`

/** Failed items of two vendors: `count` from the first of two backfills, half as many from the second. */
async function failAll(app: App, count: number, message = 'm'): Promise<void> {
  const [one, two] = ['acme', 'zeta'].map((vendor) => entry('first', '<svg/>', { vendor }))
  await importItems(
    { pg: app.pg, originals: app.stores.originals },
    [one, two].filter((first) => first !== undefined),
  )
  await app.pg.query(
    `insert into item (unique_id, slug, name, kind, icon_set_id, family_id, vendor_id, source_key, source_hash)
     select lpad(n::text, 12, 'X'), 's' || n, 's', kind, icon_set_id, family_id, vendor_id, source_key || n, 'h'
     from item, generate_series(1, $1::int) n where slug = 'first' and (n % 3 = 0) = (vendor_id = (select max(id) from vendor))`,
    [(count * 3) / 2],
  )
  await app.pg.query(`delete from item where slug = 'first'`)
  await app.pg.query(
    `insert into backfill (mode, presets, formats, fingerprint, status) values ('ALL', '{}', '{}', 'a', 'COMPLETED'), ('ALL', '{}', '{}', 'b', 'COMPLETED')`,
  )
  await app.pg.query(
    `insert into render_failure (item_id, source_hash, renderer_version, code, message, attempts, settled, backfill_id)
     select i.id, 'h', '1', case when i.id % 2 = 0 then 'BLANK' else 'TIMEOUT' end, $1 || i.id, 2, true, case when v.username = 'acme' then 1 else 2 end
     from item i join vendor v on v.id = i.vendor_id order by i.id`,
    [message],
  )
}

/** The expected export, from the table. */
async function rowsOf(app: App, where = {}) {
  const rows = await app.prisma.renderFailure.findMany({ where, include: { item: true }, orderBy: { id: 'asc' } })
  return rows.map(({ item, code, message, attempts, lastAt, backfillId }) => ({
    item: item.uniqueId,
    sourceKey: item.sourceKey,
    code,
    message,
    attempts,
    lastAt: lastAt.toISOString(),
    backfill: idOf(backfillId ?? 0),
  }))
}

const parse = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

it('a bug of the renderer fails one item, after two attempts, records the others, and keeps its stack from viewers', async () => {
  const app = await testApp()
  await importDrawings(app, 5)
  const [first, ...others] = await app.prisma.item.findMany({ orderBy: { id: 'asc' } })
  if (!first) throw new Error('no item')
  const svg = await app.stores.originals.get(first.sourceKey)
  let bugs = 0
  /** The renderer's own code throws where a recipe is empty. */
  const render: App['pool']['render'] = (source, variants, options) => {
    if (!svg?.equals(source)) return app.pool.render(source, variants, options)
    bugs++
    return app.pool.render(source, [{ ...variants[0], recipe: {} } as never], options)
  }
  const faulty = { ...app, pool: { ...app.pool, render } }
  const failure = () => app.prisma.renderFailure.findFirst({ where: { itemId: first.id } })
  const { url: api } = await testServer(app)
  expect((await ask(api, 'mutation { startBackfill { id } }')).errors).toBeUndefined()
  const row = () => app.prisma.backfill.findFirstOrThrow()
  await until(async () => {
    for (const runner of RUNNER_NAMES) await runTasks(faulty, runner)
    return (await row()).status === 'COMPLETED'
  }, 60_000)
  const { items: made } = await app.pg
    .query("select count(distinct owner_id)::int as items from image where owner_type = 'ITEM'")
    .then(({ rows }) => rows[0])
  expect(made).toBe(others.length)
  expect(await failure()).toMatchObject({ code: 'INTERNAL_RENDER', message: expect.not.stringContaining('/') })
  const ensureVariant = createEnsureVariant(faulty)
  const handle = createOriginHandler({ ...app, ensureVariant })
  const url = await listen((request, response) => void handle(request, response, request.url?.slice(1) ?? ''))
  const key = variantKeyOf(app, first, { preset: 'preview', format: 'WEBP' })
  const answers = []
  for (let each = 0; each < 3; each++) {
    const response = await fetch(`${url}/${key}`)
    answers.push([response.status, await response.text()])
  }
  const sentence = 'INTERNAL_RENDER: The document triggered a bug in the renderer; the log has its stack.\n'
  expect(answers).toEqual(Array(3).fill([422, sentence]))
  expect(await failure()).toMatchObject({ settled: true, attempts: 2 })
  expect(bugs).toBe(2)
})

describe('the export of failures', () => {
  it('contains the whole table, or one backfill of it, and is refused without a token', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await failAll(app, 6)
    const ask = (query = '', init: RequestInit = {}) =>
      fetch(`${url}/failures.jsonl${query}`, { headers: { authorization }, ...init })
    const all = await ask()
    expect([all.status, all.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8'])
    expect(parse(await all.text())).toEqual(await rowsOf(app))
    const second = parse(await (await ask(`?backfill=${idOf(2)}`)).text())
    expect(second).toEqual(await rowsOf(app, { backfillId: 2 }))
    expect(second).toHaveLength(3)

    const head = await ask('', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const refused: [number, string, Promise<Response>][] = [
      [403, 'FORBIDDEN', ask('', { headers: {} })],
      [403, 'FORBIDDEN', ask('', { headers: { authorization: 'Bearer other' } })],
      [404, 'NOT_FOUND', ask(`?backfill=${idOf(99)}`)],
      [400, 'BAD_INPUT', ask('?backfill=1')],
      [400, 'BAD_INPUT', ask(`?backfill=${idOf(9_999_999_999)}`)],
      [405, 'METHOD_NOT_ALLOWED', ask('', { method: 'POST' })],
    ]
    for (const [status, code, asked] of refused) {
      const response = await asked
      expect([response.status, (await response.text()).split(':')[0]]).toEqual([status, code])
    }
    await app.pg.query('delete from render_failure')
    expect(await (await ask()).text()).toBe('')
  })

  it('of 6,000 failures waits for a client that does not read', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await failAll(app, 4000, 'm'.repeat(3000))
    expect(await app.prisma.renderFailure.count()).toBe(6000)
    const queries = vi.spyOn(app.pg, 'query')
    const open = async () => {
      const [response] = await once(get(`${url}/failures.jsonl`, { headers: { authorization } }), 'response')
      return response as IncomingMessage
    }
    const read = async (response: IncomingMessage) => {
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      return text
    }
    const slow = await open()
    // By then the slow one would be done as well.
    const text = await read(await open())
    const pagesOfOne = 7
    expect(queries.mock.calls.length).toBeLessThan(2 * pagesOfOne)
    expect(await read(slow)).toBe(text)
    expect(queries.mock.calls.length).toBe(2 * pagesOfOne)
    expect(parse(text)).toEqual(await rowsOf(app))
  })
})

describe('failures in GraphQL', () => {
  it('are those of a scope and a code, page by page', async () => {
    const app = await testApp()
    const { url } = await testServer(app)
    await failAll(app, 20)
    type Page = {
      failures: {
        totalCount: number
        pageInfo: { endCursor: string }
        nodes: { code: string; item: { vendor: { username: string } } }[]
      }
    }
    const page = (args: string) =>
      ask<Page>(
        url,
        `{ failures(${args}) { totalCount pageInfo { endCursor } nodes { code item { vendor { username } } } } }`,
      )
    const { data: first } = await page('first: 4, scope: { vendor: "zeta" }, code: "BLANK"')
    expect(first.failures.totalCount).toBe(5)
    expect(new Set(first.failures.nodes.map(({ code, item }) => `${code} ${item.vendor.username}`))).toEqual(
      new Set(['BLANK zeta']),
    )
    const { data: rest } = await page(
      `first: 4, after: "${first.failures.pageInfo.endCursor}", scope: { vendor: "zeta" }, code: "BLANK"`,
    )
    expect([first.failures.nodes.length, rest.failures.nodes.length]).toEqual([4, 1])
    expect((await page('first: 1')).data.failures.totalCount).toBe(30)
    expect((await page('code: "NONSENSE"')).errors?.[0]?.extensions.code).toBe('BAD_INPUT')
  })
})

describe('a changed preset', () => {
  it('makes exactly its own variants stale', async () => {
    const config = await testConfig()
    const app = await testApp(config)
    const { url } = await testServer(app)
    await importDrawings(app, 3)
    type Items = { items: { nodes: Record<string, { url: string; status: string }>[] } }
    const presets = [...app.presets.keys()]
    const read = (at: string) =>
      ask<Items>(
        at,
        `{ items { nodes { ${presets.map((name) => `${name}: image(preset: "${name}") { url status }`)} } } }`,
      )
    const before = (await read(url)).data.items.nodes.flatMap((node) => Object.values(node))
    for (const image of before) expect((await fetch(image.url)).status).toBe(200)

    const definition = JSON.parse(await readFile(path.join(import.meta.dirname, '../presets.json'), 'utf8'))
    definition.watermark.watermark = path.join(import.meta.dirname, '../assets/watermark.svg')
    definition.preview.padding = 3
    const file = path.join(await tempDirectory(), 'presets.json')
    await writeFile(file, JSON.stringify(definition))
    const { dataDir: DATA_DIR, databaseUrl } = config
    const changed = await testApp(await testConfig({ DATA_DIR, DATABASE_URL: databaseUrl ?? '', PRESETS_FILE: file }))
    const names = [...changed.presets.keys()]
    const request = { scope: WHOLE_CATALOGUE, mode: 'STALE' as const, presets: names, formats: [] }
    const order = orderOf(changed, { ...request, ...WHOLE_CATALOGUE, id: null, createdAt: new Date() })
    const work = await findWork(changed.pg, order, { afterId: 0, toId: 1000, limit: 10 })
    expect(work.map(({ variants }) => variants)).toEqual(Array(3).fill([{ preset: 'preview', format: 'WEBP' }]))
  })
})
