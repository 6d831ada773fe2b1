import type { BoundVendor, Caller } from '../access/caller.ts'
import { AppError } from '../core/errors.ts'
import type { GlobalId } from '../core/global-id.ts'
import { type Context, numberOf } from './builder.ts'

/**
 * What a vendor's token sees of each private type: a Prisma filter for that vendor's rows. Another vendor's rows are as if they did not
 * exist. test/long/vendor-isolation.test.ts tries every field of the schema.
 */
const OWN = {
  Backfill: ({ id }: BoundVendor) => ({ ownerId: id }),
  RenderFailure: ({ id }: BoundVendor) => ({ item: { vendorId: id } }),
  TakeDown: ({ id }: BoundVendor) => ({ ownerId: id }),
  Upload: ({ username }: BoundVendor) => ({ vendor: username }),
  UploadProblem: ({ username }: BoundVendor) => ({ upload: { vendor: username } }),
  Webhook: ({ username }: BoundVendor) => ({ vendor: username }),
  DeadLetter: ({ username }: BoundVendor) => ({ webhook: { vendor: username } }),
  Token: ({ username }: BoundVendor) => ({ vendor: username }),
  AuditEntry: ({ username }: BoundVendor) => ({ vendor: username }),
} as const

type PrivateType = keyof typeof OWN
type Filter<Type extends PrivateType> = ReturnType<(typeof OWN)[Type]> | Record<never, never>

/** The filter for the rows of a type that the caller sees: empty for callers who see all. */
export const own = <Type extends PrivateType>(type: Type, { vendor }: Caller): Filter<Type> =>
  vendor ? (OWN[type](vendor) as Filter<Type>) : {}

/** How errors name a type. */
const NAMES = {
  Backfill: 'backfill',
  Upload: 'upload',
  Webhook: 'webhook',
  DeadLetter: 'dead letter',
  Token: 'token',
} as const

const COUNTS: {
  readonly [Type in keyof typeof NAMES]: (context: Context, where: object) => PromiseLike<number>
} = {
  Backfill: ({ app }, where) => app.prisma.backfill.count({ where }),
  Upload: ({ app }, where) => app.prisma.upload.count({ where }),
  Webhook: ({ app }, where) => app.prisma.webhook.count({ where }),
  DeadLetter: ({ app }, where) => app.prisma.deadLetter.count({ where }),
  Token: ({ app }, where) => app.prisma.token.count({ where }),
}

/** The primary key of a row that the caller may change. Throws NOT_FOUND for another vendor's, as for a row that does not exist. */
export async function ownId(type: keyof typeof NAMES, globalId: GlobalId, context: Context): Promise<number> {
  const id = numberOf(globalId)
  const { caller } = context
  if (!caller.vendor || (await COUNTS[type](context, { id, ...own(type, caller) })) > 0) return id
  throw new AppError('NOT_FOUND', `There is no ${NAMES[type]} ${id}.`)
}

/** The username that a caller acts for. Throws FORBIDDEN for a vendor's token that names another vendor. */
export function actingFor({ vendor }: Caller, username: string): string {
  if (!vendor || vendor.username === username) return username
  throw new AppError('FORBIDDEN', `This token is of the vendor ${vendor.username} and cannot act for another one.`)
}
