import { AppError } from '../core/errors.ts'
import { type GlobalId, isRowId, parseGlobalId } from '../core/global-id.ts'
import { isUniqueId } from '../core/variant.ts'
import type { Prisma } from '../db/database.ts'

/**
 * The one rule for ids: an argument takes a node id, or the unique id of an item, set or family. The two cannot be confused: a node id
 * is the base64 of a type and a number.
 */

/** The filter that finds the row of this type with the given id; null if no row can have it. */
export function whereId(typename: string, text: string): { uniqueId: string } | { id: number } | null {
  if (isUniqueId(text)) return { uniqueId: text }
  const id = rowIdOf(typename, text)
  return id === null ? null : { id }
}

/** The filter that finds the item with the given id; null if no item can have it. */
export function whereItemId(text: string) {
  if (isUniqueId(text)) return { uniqueId: text }
  const icon = rowIdOf('Icon', text)
  if (icon !== null) return { id: icon, kind: 'ICON' } as const
  const illustration = rowIdOf('Illustration', text)
  return illustration === null ? null : ({ id: illustration, kind: 'ILLUSTRATION' } as const)
}

/** The primary key in a node id of this type, or null for any other text. */
export function rowIdOf(typename: string, text: string): number | null {
  const node = parseGlobalId(text)
  return node?.typename === typename && isRowId(Number(node.id)) ? Number(node.id) : null
}

/**
 * What the ids name, in order; null for an invalid or unknown id. Unique ids are looked up with one statement per table.
 * @param visible a filter on families, sets and items: others are unknown
 */
export async function parseIds(
  prisma: Prisma,
  texts: readonly string[],
  visible: object = {},
): Promise<(GlobalId | null)[]> {
  const uniqueIds = texts.filter(isUniqueId)
  const found = uniqueIds.length > 0 ? await findUniqueIds(prisma, uniqueIds, visible) : new Map<string, GlobalId>()
  return texts.map((text) => found.get(text) ?? parseGlobalId(text))
}

async function findUniqueIds(
  prisma: Prisma,
  uniqueIds: string[],
  visible: object,
): Promise<ReadonlyMap<string, GlobalId>> {
  const where = { uniqueId: { in: uniqueIds }, ...visible }
  const select = { id: true, uniqueId: true } as const
  const [items, iconSets, families] = await Promise.all([
    prisma.item.findMany({ where, select: { ...select, kind: true } }),
    prisma.iconSet.findMany({ where, select }),
    prisma.family.findMany({ where, select }),
  ])
  const named = (typename: string) => (row: { id: number; uniqueId: string }) =>
    [row.uniqueId, { typename, id: String(row.id) }] as const
  return new Map([
    ...families.map(named('Family')),
    ...iconSets.map(named('IconSet')),
    ...items.map((item) => named(item.kind === 'ICON' ? 'Icon' : 'Illustration')(item)),
  ])
}

export const unknownUniqueId = (text: string) =>
  new AppError('NOT_FOUND', `Nothing has the unique id ${JSON.stringify(text)}.`)

/** The object of one of these types that an id names. Throws BAD_INPUT for another type, NOT_FOUND for an unknown unique id. */
export async function parseIdOf(
  prisma: Prisma,
  typenames: readonly string[],
  text: string,
  visible: object = {},
): Promise<GlobalId> {
  const [id = null] = await parseIds(prisma, [text], visible)
  const shown = JSON.stringify(text.slice(0, 100))
  if (!id && isUniqueId(text)) throw unknownUniqueId(text)
  if (!id) throw new AppError('BAD_INPUT', `${shown} is not an id: give the "id" or "uniqueId" of an object.`)
  if (typenames.includes(id.typename)) return id
  throw new AppError('BAD_INPUT', `${shown} is the id of a ${id.typename}; give the id of a ${typenames.join(', ')}.`)
}
