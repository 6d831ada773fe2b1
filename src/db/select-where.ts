/** Thrown for a query that is left to Prisma. */
export class Unsupported extends Error {}

/** The Prisma conditions that are supported here. */
export interface Conditions {
  readonly [field: string]: unknown
}

interface Printing {
  readonly columnOf: (field: string) => string
  /** The parameters so far; printing a condition appends its own. */
  readonly values: unknown[]
}

/** Conditions joined by AND, as SQL. Throws Unsupported. */
export const printWhere = (where: Conditions, printing: Printing): string[] =>
  Object.entries(where).flatMap(([name, condition]) => {
    if (condition === undefined) return []
    if (name === 'AND' || name === 'OR') {
      const each = (Array.isArray(condition) ? condition : [condition]).map((one) => printAll(one, printing))
      return each.length > 0 ? [`(${each.join(name === 'AND' ? ' and ' : ' or ')})`] : name === 'AND' ? [] : ['false']
    }
    const column = printing.columnOf(name)
    if (condition === null) return [`${column} is null`]
    if (typeof condition !== 'object') return [`${column} = $${printing.values.push(condition)}`]
    // A date or list has no operators: without them the condition would be lost.
    if (condition instanceof Date || Array.isArray(condition)) throw new Unsupported()
    return Object.entries(condition)
      .filter(([, value]) => value !== undefined)
      .map(([operator, value]) => printOperator(column, { operator, value, printing }))
  })

const printAll = (where: Conditions, printing: Printing): string => {
  const printed = printWhere(where, printing)
  return printed.length > 0 ? `(${printed.join(' and ')})` : 'true'
}

const COMPARISONS: Readonly<Record<string, string>> = { equals: '=', gt: '>', lt: '<', gte: '>=', lte: '<=' }

function printOperator(
  column: string,
  { operator, value, printing }: { operator: string; value: unknown; printing: Printing },
): string {
  const parameter = (given: unknown) => `$${printing.values.push(given)}`
  // Prisma does not escape wildcards either.
  if (operator === 'contains' && typeof value === 'string') return `${column} like ${parameter(`%${value}%`)}`
  if (operator === 'startsWith' && typeof value === 'string') return `${column} like ${parameter(`${value}%`)}`
  if (operator === 'in' && Array.isArray(value)) return `${column} = any(${parameter(value)})`
  const comparison = COMPARISONS[operator]
  if (!comparison || value === null || typeof value === 'object') throw new Unsupported()
  return `${column} ${comparison} ${parameter(value)}`
}
