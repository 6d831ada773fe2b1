import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { openDatabase } from '../src/db/database.ts'
import { execute, fetchAll, fetchFirst, query } from '../src/db/query.ts'
import { STATEMENTS, statement } from '../src/db/statement.ts'
import { locateVariants } from '../src/variants/locate.ts'
import { testDatabase } from './support/database.ts'

const SOURCES = path.join(import.meta.dirname, '../src')

/** Loads every module that defines a statement. */
async function allStatements() {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && /\bstatement\(/.test(readFileSync(path.join(SOURCES, file), 'utf8')),
  )
  for (const file of files) await import(path.join(SOURCES, file))
  return [...STATEMENTS.values()]
}

/**
 * What Postgres reports about a statement when it is prepared, without running it: oids of the parameters, names and oids of the columns.
 */
class Description implements pg.Submittable {
  parameters: number[] = []
  columns: { name: string; oid: number; table: number; number: number }[] = []
  readonly done: Promise<void>
  #text: string
  #resolve = () => {}
  #reject = (_error: Error) => {}

  constructor(text: string) {
    this.#text = text
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: pg.Connection) {
    connection.once('parameterDescription', ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
      this.parameters = dataTypeIDs
    })
    connection.parse({ name: '', text: this.#text, types: [] }, true)
    connection.describe({ type: 'S', name: '' }, true)
    connection.sync()
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }) {
    this.columns = fields.map(({ name, dataTypeID, tableID, columnID }) => ({
      name,
      oid: dataTypeID,
      table: tableID,
      number: columnID,
    }))
  }

  handleError(error: Error) {
    this.#reject(error)
  }

  handleReadyForQuery() {
    this.#resolve()
  }
}

/** What a statement's own condition or update keeps from being null where its table does not. */
const NEVER_NULL: ReadonlySet<string> = new Set([
  // Only files with a problem.
  'find-refused-files: code',
  'find-refused-files: message',
  // Set by the statement itself.
  'claim-cursors: claimedUntil',
  'advance-cursor: claimedUntil',
])

/** As declared by `statement`, without `?`. */
const plain = (types: object) =>
  Object.entries(types).map(([name, type]: [string, string]) => [name, type.replaceAll('?', '')])

async function connect() {
  const client = new pg.Client({ connectionString: inject('postgresUrl') })
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

async function describeStatement(client: pg.Client, { name, text }: { name: string; text: string }) {
  const told = new Description(text)
  client.query(told)
  await told.done.catch((error) => {
    throw new Error(`${name}: ${error.message}\n${text}`)
  })
  return told
}

describe('the statements that stay SQL', () => {
  it('have the parameters and columns that the database reports', async () => {
    const client = await connect()
    const { rows } = await client.query<{ oid: number; name: string }>(
      `select oid::int, case when typelem <> 0 and typlen = -1 then substr(typname, 2) || '[]' else typname end as name
       from pg_type`,
    )
    const nameOf = new Map(rows.map(({ oid, name }) => [oid, name]))
    const all = await allStatements()
    expect(all.length).toBeGreaterThan(0)
    for (const { name, text, parameters, columns } of all) {
      const told = await describeStatement(client, { name, text })
      expect({ name, parameters: told.parameters.map((oid) => nameOf.get(oid)) }).toEqual({
        name,
        parameters: plain(parameters).map(([, type]) => type),
      })
      expect({ name, columns: told.columns.map((column) => [column.name, nameOf.get(column.oid)]) }).toEqual({
        name,
        columns: plain(columns),
      })
    }
  })

  it('say that a column may be null where its table lets it be, or is joined from the outside', async () => {
    const client = await connect()
    const { rows } = await client.query<{ table: string; number: string; name: string; nullable: boolean }>(
      `select attrelid::int as table, attnum as number, relname as name, not attnotnull as nullable
       from pg_attribute a join pg_class c on c.oid = a.attrelid where attnum > 0 and relkind = 'r'`,
    )
    const columnOf = new Map(rows.map((row) => [`${row.table} ${row.number}`, row]))
    const undeclared: string[] = []
    for (const { name, text, columns } of await allStatements())
      for (const column of (await describeStatement(client, { name, text })).columns) {
        const origin = columnOf.get(`${column.table} ${column.number}`)
        if (!origin) continue
        const mayBeNull = origin.nullable || new RegExp(`\\bleft join ${origin.name}\\b`).test(text)
        if (mayBeNull && !columns[column.name]?.endsWith('?')) undeclared.push(`${name}: ${column.name}`)
      }
    expect(undeclared.filter((column) => !NEVER_NULL.has(column))).toEqual([])
    expect([...NEVER_NULL].filter((column) => !undeclared.includes(column))).toEqual([])
  })

  it('return rows and counts, and may use a named parameter any number of times', async () => {
    const db = await openDatabase(await testDatabase(), { connectionsMax: 1 })
    onTestFinished(db.close)
    const numbers = statement({
      name: 'test-numbers',
      text: `select n::int as n, (array['a','b','c'])[1:2] as ab from generate_series(:from::int, :to::int) as n where n >= :from`,
      parameters: { to: 'int4', from: 'int4' },
      columns: { n: 'int4', ab: 'text[]' },
    })
    onTestFinished(() => void STATEMENTS.delete('test-numbers'))
    expect(numbers.text).toContain('generate_series($2::int, $1::int) as n where n >= $2')
    expect(await numbers.all(db.pg, { from: 2, to: 3 })).toEqual([
      { n: 2, ab: ['a', 'b'] },
      { n: 3, ab: ['a', 'b'] },
    ])
    expect(await numbers.get(db.pg, { from: 3, to: 2 })).toBeUndefined()
    expect(await numbers.run(db.pg, { from: 1, to: 7 })).toBe(7)
  })

  it.each([
    ['bool', 'null::bool'],
    ['text[]', `array['a', null]`],
    ['text?[]', 'null::text[]'],
  ] as const)('may not give a null in a column of %s, which any test would find', async (type, value) => {
    const db = await openDatabase(await testDatabase(), { connectionsMax: 1 })
    onTestFinished(db.close)
    onTestFinished(() => void STATEMENTS.delete('test-null'))
    const said = statement({ name: 'test-null', text: `select ${value} as it`, columns: { it: type } })
    for (const read of [said.all, said.get])
      await expect(read(db.pg)).rejects.toThrow(`statement test-null declares it as ${type}: it holds null`)
    STATEMENTS.delete('test-null')
    const allowed = type === 'text[]' ? 'text?[]' : (`${type.replace('?', '')}?` as 'bool?')
    expect(await statement({ name: 'test-null', text: said.text, columns: { it: allowed } }).all(db.pg)).toHaveLength(1)
  })

  it('that viewers wait for are planned once per connection, by keys, even while the catalogue is empty', async () => {
    const db = await openDatabase(await testDatabase(), { connectionsMax: 1 })
    onTestFinished(db.close)
    const client = await db.keyedPool.connect()
    onTestFinished(() => client.release())
    const recipe = {
      name: 'preview',
      recipeHash: 'x',
      formats: [],
      isTransform: false,
      earlierHashes: [],
      presetFor: never,
    }
    const wanted = { sourceKey: 'a/icons/b/c/d.svg', recipe, format: 'WEBP' } as const
    for (let times = 0; times < 8; times++) expect(await locateVariants(client, [wanted])).toEqual([null])
    const { rows } = await client.query('select name, custom_plans::int from pg_prepared_statements')
    expect(rows).toEqual([{ name: 'locate-variants', custom_plans: 0 }])
    for (const name of ['locate-variants', 'record-results']) {
      const plan = await client.query(`explain (generic_plan) ${STATEMENTS.get(name)?.text}`)
      expect(plan.rows.map((row) => row['QUERY PLAN']).join('\n')).not.toMatch(
        /Seq Scan on (?:item|image|render_failure)/,
      )
    }
  })

  it('that count coverage look each item up, however dear the planner believes that to be', async () => {
    await import('../src/coverage/count.ts')
    const db = await openDatabase(await testDatabase(), { connectionsMax: 1 })
    onTestFinished(db.close)
    const client = await db.pg.connect()
    onTestFinished(() => client.release())
    await client.query('set random_page_cost = 1000; set cpu_index_tuple_cost = 1')
    const plan = await client.query(`explain (generic_plan) ${STATEMENTS.get('count-sets')?.text}`)
    const lines = plan.rows.map((row) => row['QUERY PLAN'] as string)
    const at = lines.findIndex((line) => / on image m/.test(line))
    expect(lines.slice(at, at + 3).join('\n')).toMatch(/owner_id = i\.id/)
  })

  it('are refused with a duplicate name, and with a parameter that is not declared or not used', () => {
    const [taken = ''] = STATEMENTS.keys()
    expect(() => statement({ name: taken, text: 'select' })).toThrow(`two statements are named ${taken}`)
    expect(() => statement({ name: 'test-x', text: 'select :id::int' })).toThrow('does not declare its parameter :id')
    expect(() => statement({ name: 'test-y', text: 'select', parameters: { id: 'int4' } })).toThrow(
      'does not use its parameter id',
    )
  })
})

const never = (): never => {
  throw new Error('there is no item')
}

describe('plain statements', () => {
  it('are built by table and column, and return the generated types', async () => {
    const db = await openDatabase(await testDatabase(), { connectionsMax: 1 })
    onTestFinished(db.close)
    const add = query.insertInto('upload').values({ vendor: 'acme', file_name: 'a.zip', bytes: '9007199254740993' })
    const added = await fetchFirst(
      db.pg,
      add.returning(['id', 'bytes', 'created_at', 'families', 'finished_at', 'status']),
    )
    expect(added).toMatchObject({ bytes: '9007199254740993', families: [], finished_at: null, status: 'CREATED' })
    expect([typeof added?.id, added?.created_at instanceof Date]).toEqual(['number', true])
    expect(await fetchAll(db.pg, query.selectFrom('upload').select('vendor'))).toEqual([{ vendor: 'acme' }])
    expect(await execute(db.pg, query.deleteFrom('upload').where('vendor', '=', 'acme'))).toBe(1)
  })
})
