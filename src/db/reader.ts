import { setImmediate as nextTurn } from 'node:timers/promises'
import DataLoader from 'dataloader'
import type pg from 'pg'
import { preparedName } from './query.ts'
import { modelNames, printSelect, type SelectionQuery, type SelectStatement } from './select-rows.ts'

type Row = Record<string, unknown>
type Read = (query?: SelectionQuery) => Promise<unknown>
type Delegate = Readonly<Record<'findMany' | 'findUnique' | 'findUniqueOrThrow', Read>>

/**
 * A client that reads through select-rows.ts whenever that supports the query. Such reads bypass Prisma, which would spend more time on
 * each than the database does. Look-ups by id made at the same time, such as those of one field of many rows, share a statement, and so do
 * requests that arrive together and read the same.
 */
export function readThrough<Client extends object>(pool: pg.Pool, client: Client): Client {
  const { findMany, findUnique } = createReader(pool)
  const delegates = new Map<string, Delegate>()
  for (const model of modelNames()) {
    const name = `${model.charAt(0).toLowerCase()}${model.slice(1)}`
    const prisma = client[name as keyof Client] as Delegate
    const own: Delegate = {
      findMany: (query = {}) => findMany(model, query) ?? prisma.findMany(query),
      findUnique: (query = {}) => findUnique(model, query) ?? prisma.findUnique(query),
      // Prisma throws its own error.
      findUniqueOrThrow: (query = {}) =>
        findUnique(model, query)?.then((row) => row ?? prisma.findUniqueOrThrow(query)) ??
        prisma.findUniqueOrThrow(query),
    }
    delegates.set(name, overlay(prisma, own))
  }
  return overlay(client, Object.fromEntries(delegates))
}

/** The target with some properties replaced. A prototype would not work: Prisma's proxies intercept writes to derived objects. */
const overlay = <Target extends object>(target: Target, own: object): Target =>
  new Proxy(target, {
    get: (_, name) => (Object.hasOwn(own, name) ? own[name as keyof typeof own] : target[name as keyof Target]),
  })

/** Each returns null for a query that is left to Prisma. */
function createReader(pool: pg.Pool) {
  /** Batches that are collecting ids, by selection. */
  const lookUps = new Map<string, DataLoader<number, Row | null>>()
  const readAll = createSharedRead(pool)

  return {
    findMany(model: string, query: SelectionQuery): Promise<Row[]> | null {
      const select = isRead(query) ? printSelect(model, query) : null
      return select && readAll(select)
    },
    findUnique,
  }

  function findUnique(model: string, query: SelectionQuery): Promise<Row | null> | null {
    const { where, ...selection } = query
    const [[field, id] = ['', null], ...others] = Object.entries(where ?? {})
    if (!isRead(query)) return null
    if (field === 'id' && typeof id === 'number' && others.length === 0) return findById(model, { id, selection })
    const select = printSelect(model, { ...query, take: 1 })
    return select && readAll(select).then(([row = null]) => row)
  }

  function findById(model: string, { id, selection }: { id: number; selection: SelectionQuery }) {
    const key = JSON.stringify([model, selection])
    const open = lookUps.get(key)
    if (open) return open.load(id)
    const withId = (ids: readonly number[]) =>
      printSelect(model, {
        ...selection,
        ...(selection.select ? { select: { ...selection.select, id: true } } : {}),
        where: { id: { in: [...new Set(ids)] } },
      })
    if (!withId([])) return null
    const lookUp = new DataLoader<number, Row | null>(
      async (ids) => {
        lookUps.delete(key)
        const rows = await readAll(withId(ids) as SelectStatement)
        const byId = new Map(rows.map((row) => [row.id, row]))
        return ids.map((each) => byId.get(each) ?? null)
      },
      { cache: false },
    )
    lookUps.set(key, lookUp)
    return lookUp.load(id)
  }
}

const ARGUMENTS: ReadonlySet<string> = new Set(['select', 'include', 'where', 'orderBy', 'take'])
const isRead = (query: SelectionQuery): boolean =>
  Object.entries(query).every(([name, value]) => ARGUMENTS.has(name) || value === undefined)

/**
 * Reads rows, in one statement for all who ask for the same before it is sent: after whatever else has arrived in this turn of the event
 * loop. Each gets rows of its own, that are as new as if it had sent the statement.
 */
function createSharedRead(pool: pg.Pool) {
  const unsent = new Map<string, Promise<readonly unknown[][]>>()

  return async function readAll({ text, values, toRow }: SelectStatement): Promise<Row[]> {
    const key = JSON.stringify([text, values], (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
    let reading = unsent.get(key)
    if (!reading) {
      reading = nextTurn().then(() => {
        unsent.delete(key)
        return send(text, values)
      })
      unsent.set(key, reading)
    }
    return (await reading).map(toRow)
  }

  async function send(text: string, values: readonly unknown[]): Promise<readonly unknown[][]> {
    const { rows } = await pool.query<unknown[]>({
      ...preparedName(text),
      text,
      values: [...values],
      rowMode: 'array',
    })
    return rows
  }
}
