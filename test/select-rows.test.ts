import { PrismaPg } from '@prisma/adapter-pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PrismaClient } from '../prisma/generated/client/client.ts'
import { columnsOf, modelNames, printSelect, type SelectionQuery, snakeCase } from '../src/db/select-rows.ts'
import { importItems } from '../src/import/import-items.ts'
import { drawing, entry, testApp } from './support/setup.ts'
import { statementCounter } from './support/statements.ts'

/** Reads of nested lists and of one, of conditions, orders and counts. */
const QUERIES: readonly [name: string, model: string, query: SelectionQuery][] = [
  ['columns', 'Item', { select: { id: true, sourceKey: true, tags: true, createdAt: true, width: true } }],
  ['all columns', 'Item', {}],
  ['the first', 'Item', { select: { slug: true }, take: 3, orderBy: { id: 'asc' } }],
  ['the last', 'Item', { select: { slug: true }, take: -3, orderBy: { id: 'asc' } }],
  ['the last of a reversed order', 'Item', { select: { slug: true }, take: -3, orderBy: { id: 'desc' } }],
  [
    'conditions',
    'Item',
    { select: { slug: true }, where: { id: { gt: 2 }, kind: 'ICON', AND: [{ slug: { contains: 'm-' } }] } },
  ],
  [
    'alternatives',
    'Item',
    { select: { slug: true }, where: { OR: [{ slug: { startsWith: 'item-1' } }, { id: { in: [2, 3] } }] } },
  ],
  ['a bound that is not given', 'Item', { select: { slug: true }, where: { id: { gt: 2, lt: undefined } } }],
  ['no alternatives', 'Item', { select: { slug: true }, where: { OR: [] } }],
  ['nothing at all', 'Item', { select: { slug: true }, where: { originalKey: null, AND: [] } }],
  [
    'relations to one',
    'Item',
    { select: { id: true, vendor: { select: { name: true } }, family: { select: { id: true, vendor: true } } } },
  ],
  [
    'a relation to none',
    'RenderFailure',
    { select: { code: true, item: { select: { slug: true } }, backfill: { select: { id: true } } } },
  ],
  [
    'lists in lists, with dates',
    'Vendor',
    {
      select: {
        username: true,
        _count: { select: { items: true, families: true } },
        families: {
          take: 2,
          orderBy: { id: 'asc' },
          select: {
            id: true,
            createdAt: true,
            vendor: { select: { createdAt: true } },
            items: {
              take: -2,
              orderBy: { id: 'asc' },
              where: { id: { gt: 1 } },
              select: { slug: true, createdAt: true, tags: true },
            },
            iconSets: { select: { name: true, _count: { select: { items: true } } } },
          },
        },
      },
    },
  ],
  ['an include', 'Family', { include: { vendor: true } }],
]

async function open() {
  const app = await testApp()
  const entries = ['a', 'b', 'c'].flatMap((vendor) =>
    ['one', 'two', 'three'].flatMap((family) =>
      Array.from({ length: 3 }, (_, at) => entry(`item-${at}`, drawing(at), { vendor, family })),
    ),
  )
  await importItems({ pg: app.pg, originals: app.stores.originals }, entries)
  await app.pg.query(
    `insert into render_failure (item_id, source_hash, renderer_version, code, message, settled)
     select id, 'h', '1', 'BLANK', 'm', true from item where id < 4`,
  )
  const prisma = new PrismaClient({ adapter: new PrismaPg(app.pg) })
  onTestFinished(() => prisma.$disconnect())
  return { app, prisma }
}

type Read = (query: SelectionQuery) => Promise<Record<string, unknown>[]>
const delegate = (client: unknown, model: string) =>
  (client as Record<string, Record<'findMany' | 'findUniqueOrThrow', Read>>)[
    model.charAt(0).toLowerCase() + model.slice(1)
  ] as Record<'findMany' | 'findUniqueOrThrow', Read>

describe('a read of a selection', () => {
  it('is what Prisma reads, in one statement', async () => {
    const { app, prisma } = await open()
    for (const [name, model, query] of QUERIES) {
      const ordered = { orderBy: { id: 'asc' }, ...query } as SelectionQuery
      const read: Record<string, unknown>[] = []
      const count = await statementCounter(app)(async () => {
        read.push(...(await delegate(app.prisma, model).findMany(ordered)))
      })
      expect([name, count]).toEqual([name, 1])
      expect(read, name).toEqual(await delegate(prisma, model).findMany(ordered))
      expect(read.length > 0 || query.where?.OR, name).toBeTruthy()
    }
  })

  it('shares a statement with those of other rows at the same time, and tells what is not there', async () => {
    const { app, prisma } = await open()
    const all = await prisma.item.findMany({ where: { id: { lt: 4 } }, orderBy: { id: 'asc' } })
    const select = { slug: true, family: { select: { name: true } } } as const
    const count = await statementCounter(app)(async () => {
      const found = await Promise.all([1, 2, 3].map((id) => app.prisma.item.findUnique({ where: { id }, select })))
      expect(found.map((item) => item?.slug)).toEqual(all.map(({ slug }) => slug))
    })
    expect(count).toBe(1)
    expect(await app.prisma.item.findUnique({ where: { id: 1_000_000 } })).toBeNull()
    await expect(app.prisma.item.findUniqueOrThrow({ where: { id: 1_000_000 } })).rejects.toThrow(/record/i)
    await expect(app.prisma.item.findUniqueOrThrow({ where: { uniqueId: 'NONE' } })).rejects.toThrow(/record/i)
  })

  it('shares a statement with requests that ask for the same in the same turn, but no rows', async () => {
    const { app } = await open()
    const read = (take: number) => app.prisma.item.findMany({ take, select: { slug: true, vendor: true } })
    const count = await statementCounter(app)(async () => {
      const [one, other, longer] = await Promise.all([read(2), read(2), read(3)])
      expect([other, longer]).toEqual([one, [...one, expect.anything()]])
      expect(one[0] === other[0] || one[0]?.vendor === other[0]?.vendor).toBe(false)
    })
    expect(count).toBe(2)
    // One that has been sent answers nobody else: it may be older than a change that they know of.
    const sent = new Promise((resolve) => app.pg.once('acquire', resolve))
    const before = read(1)
    await sent
    await app.pg.query(`update item set slug = 'changed' where id = (select min(id) from item)`)
    expect([(await before).length, await read(1)]).toEqual([1, [expect.objectContaining({ slug: 'changed' })]])
    await expect(read(-1.5)).rejects.toThrow()
    expect(await read(0)).toEqual([])
  })

  it('leaves to Prisma what it does not know', () => {
    const left: SelectionQuery[] = [
      { where: { family: { name: 'x' } } },
      { where: { slug: { endsWith: 'x' } } },
      { where: { createdAt: new Date(0) } },
      { where: { tags: [] } },
      { orderBy: { id: 'asc', slug: 'asc' } },
      { select: { nothing: true } },
      { select: { _count: { select: { failure: true } } } as never },
    ]
    for (const query of left) expect(printSelect('Item', query), JSON.stringify(query)).toBeNull()
    expect(printSelect('Backfill', { select: { formats: true } })).toBeNull()
  })
})

it('every table and column of the schema has the name that is printed', async () => {
  const { pg } = await testApp()
  for (const model of modelNames())
    await pg.query(`select ${columnsOf(model).map(snakeCase).join(', ')} from "${snakeCase(model)}" limit 0`)
})
