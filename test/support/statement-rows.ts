import { STATEMENTS } from '../../src/db/statement.ts'

/**
 * In tests every statement checks its rows: one with a null that its columns do not declare fails. What is computed may be
 * null, of which Postgres says nothing when it prepares the statement; for the columns of tables see statements.test.ts.
 */
type Made = Parameters<typeof STATEMENTS.set>[1]

if (!Object.hasOwn(STATEMENTS, 'set'))
  STATEMENTS.set = (name, made) => {
    const { all, get } = made
    const checked: Pick<Made, 'all' | 'get'> = {
      async all(...args) {
        const rows = await all(...args)
        for (const row of rows) checkRow(made, row)
        return rows
      },
      async get(...args) {
        const row = await get(...args)
        if (row) checkRow(made, row)
        return row
      },
    }
    return Map.prototype.set.call(STATEMENTS, name, Object.assign(made, checked)) as typeof STATEMENTS
  }

function checkRow({ name, columns }: Made, row: Readonly<Record<string, unknown>>): void {
  for (const [column, type] of Object.entries(columns))
    if (!isDeclared(type, row[column]))
      throw new Error(`statement ${name} declares ${column} as ${type}: it holds null`)
}

const isDeclared = (type: string, value: unknown): boolean =>
  value === null ? type.endsWith('?') : !/[^?]\[\]/.test(type) || !(value as readonly unknown[]).includes(null)
