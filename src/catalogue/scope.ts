import { AppError } from '../core/errors.ts'
import { isRowId, parseGlobalId } from '../core/global-id.ts'
import { isUniqueId } from '../core/variant.ts'
import type { Prisma } from '../db/database.ts'

/** A part of the catalogue: at most one of the ids; without any, all of it. */
export interface Scope {
  readonly vendorId: number | null
  readonly familyId: number | null
  readonly iconSetId: number | null
}

export const WHOLE_CATALOGUE: Scope = { vendorId: null, familyId: null, iconSetId: null }

/** A scope as front ends specify it: a vendor's username, the unique id of a family or set, or the node id of any of them. */
export interface ScopeInput {
  readonly vendor?: string | null
  readonly family?: string | null
  readonly iconSet?: string | null
}

/**
 * Looks the scope up. Throws BAD_INPUT for more than one field, NOT_FOUND for an unknown one.
 * @param vendor the only vendor that there is for the caller: their scope if none is given; null: all vendors
 * @param visible a filter on families and sets: others are unknown
 */
export async function resolveScope(
  prisma: Prisma,
  input: ScopeInput | null | undefined,
  vendor: { readonly id: number } | null = null,
  visible: object = {},
): Promise<Scope> {
  const given = Object.entries(input ?? {}).filter(([, value]) => value !== null && value !== undefined)
  const [field] = given
  if (!field) return vendor ? { ...WHOLE_CATALOGUE, vendorId: vendor.id } : WHOLE_CATALOGUE
  const [name, value] = field as [keyof ScopeInput, string]
  if (given.length > 1)
    throw new AppError(
      'BAD_INPUT',
      `scope takes one of vendor, family and iconSet; it has ${given.map(([key]) => key).join(' and ')}.`,
    )
  const node = parseGlobalId(value)
  const id = node?.typename.toLowerCase() === name.toLowerCase() && isRowId(Number(node.id)) ? Number(node.id) : 0
  const where = {
    ...(isUniqueId(value) ? { uniqueId: value } : { id }),
    ...(vendor ? { vendorId: vendor.id } : {}),
    ...visible,
  }
  const select = { id: true } as const
  const found =
    name === 'vendor'
      ? await findVendor(prisma, { username: value, id, vendor })
      : name === 'family'
        ? await prisma.family.findUnique({ where, select })
        : await prisma.iconSet.findUnique({ where, select })
  if (!found) throw new AppError('NOT_FOUND', `There is no ${name} ${JSON.stringify(value.slice(0, 100))}.`)
  return { ...WHOLE_CATALOGUE, [`${name}Id`]: found.id }
}

async function findVendor(
  prisma: Prisma,
  { username, id, vendor }: { username: string; id: number; vendor: { readonly id: number } | null },
): Promise<{ id: number } | null> {
  const select = { id: true } as const
  const found =
    (await prisma.vendor.findUnique({ where: { username }, select })) ??
    (await prisma.vendor.findUnique({ where: { id }, select }))
  return vendor && found?.id !== vendor.id ? null : found
}

/** The scope as a Prisma filter on items. */
export const whereScope = (scope: Scope): { [K in keyof Scope]?: number } =>
  Object.fromEntries(Object.entries(scope).filter(([, id]) => id !== null))
