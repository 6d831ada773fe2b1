import type { Caller } from '../access/caller.ts'
import type { Context } from './builder.ts'

/** A Prisma filter on families, sets or items. */
interface Visible {
  readonly OR?: ({ readonly visibility: 'PUBLIC' | { readonly not: 'PRIVATE' } } | { readonly vendorId: number })[]
}

/** Whether they may see what is PRIVATE: with a token that may read the catalogue, everything or what belongs to its vendor. */
export const mayReadPrivate = ({ actor, scopes }: Caller): boolean =>
  actor !== 'anonymous' && scopes.has('catalogue:read')

/** What the caller may fetch by its id, or as part of something else: all that is not PRIVATE, and PRIVATE things that they may see. */
export function reachable({ caller }: Pick<Context, 'caller'>): Visible {
  if (!mayReadPrivate(caller)) return { OR: [{ visibility: { not: 'PRIVATE' } }] }
  return caller.vendor ? { OR: [{ visibility: { not: 'PRIVATE' } }, { vendorId: caller.vendor.id }] } : {}
}

/**
 * What lists show the caller: what is PUBLIC; to a vendor's token its own things too, and everything to a token that may change the
 * catalogue of all vendors. A front end's token, which only reads, gets the public's lists.
 */
export function listed({ caller }: Pick<Context, 'caller'>): Visible {
  if (!mayReadPrivate(caller)) return { OR: [{ visibility: 'PUBLIC' }] }
  if (caller.vendor) return { OR: [{ visibility: 'PUBLIC' }, { vendorId: caller.vendor.id }] }
  return caller.scopes.has('catalogue:write') ? {} : { OR: [{ visibility: 'PUBLIC' }] }
}

/**
 * What the lists of a family or set show: what `listed` does, and what is UNLISTED only because the family or set is, which the caller has
 * found already.
 */
export function listedWithin(owner: 'Family' | 'IconSet', rows: 'items' | 'iconSets') {
  const asOwner =
    owner === 'Family' && rows === 'items'
      ? { ownVisibility: 'PUBLIC' as const, iconSet: { ownVisibility: 'PUBLIC' as const } }
      : { ownVisibility: 'PUBLIC' as const }
  return (context: Pick<Context, 'caller'>) => {
    const { OR } = listed(context)
    return OR ? { OR: [...OR, { visibility: 'UNLISTED' as const, ...asOwner }] } : {}
  }
}
