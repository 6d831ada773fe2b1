import DataLoader from 'dataloader'
import type pg from 'pg'
import { modelNames, printSelect, type SelectionQuery, type SelectStatement } from './select-rows.ts'

type Row = Record<string, unknown>
type Read = (query?: SelectionQuery) => Promise<unknown>
type Delegate = Readonly<Record<'findMany' | 'findUnique' | 'findUniqueOrThrow', Read>>

/**
 * The client, whose reads are those of select-rows.ts where it can print them. They go around the client altogether, which would spend
 * more on each than the database does. Look-ups by id that are made at the same time, as those of one field of many rows are, share
 * a statement.
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
      // The error is Prisma's.
      findUniqueOrThrow: (query = {}) =>
        findUnique(model, query)?.then((row) => row ?? prisma.findUniqueOrThrow(query)) ??
        prisma.findUniqueOrThrow(query),
    }
    delegates.set(name, overlay(prisma, own))
  }
  return overlay(client, Object.fromEntries(delegates))
}

/** The target with some of its properties replaced. A prototype would not do: Prisma's proxies take what is set on their heirs. */
const overlay = <Target extends object>(target: Target, own: object): Target =>
  new Proxy(target, {
    get: (_, name) => (Object.hasOwn(own, name) ? own[name as keyof typeof own] : target[name as keyof Target]),
  })

/** Each returns null for what is left to Prisma. */
function createReader(pool: pg.Pool) {
  /** By what is selected, while they collect ids. */
  const lookUps = new Map<string, DataLoader<number, Row | null>>()

  return {
    findMany(model: string, query: SelectionQuery): Promise<Row[]> | null {
      const select = isRead(query) ? printSelect(model, query) : null
      return select && readAll(pool, select)
    },
    findUnique,
  }

  function findUnique(model: string, query: SelectionQuery): Promise<Row | null> | null {
    const { where, ...selection } = query
    const [[field, id] = ['', null], ...others] = Object.entries(where ?? {})
    if (!isRead(query)) return null
    if (field === 'id' && typeof id === 'number' && others.length === 0) return findById(model, { id, selection })
    const select = printSelect(model, { ...query, take: 1 })
    return select && readAll(pool, select).then(([row = null]) => row)
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
        const rows = await readAll(pool, withId(ids) as SelectStatement)
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

async function readAll(pool: pg.Pool, { text, values, toRow }: SelectStatement): Promise<Row[]> {
  const { rows } = await pool.query<unknown[]>({ ...prepared(text), text, values: [...values], rowMode: 'array' })
  return rows.map(toRow)
}

/** Those that clients send often; a connection keeps what it prepared, so that there is an end to it. */
const PREPARED_MAX = 100
const names = new Map<string, string>()

function prepared(text: string): { name?: string } {
  const known = names.get(text)
  if (known) return { name: known }
  if (names.size >= PREPARED_MAX) return {}
  const name = `select-rows-${names.size}`
  names.set(text, name)
  return { name }
}
