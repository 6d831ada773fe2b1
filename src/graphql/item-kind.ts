import type { ScopeInput } from '../catalogue/scope.ts'
import { AppError } from '../core/errors.ts'
import type { ItemKind } from '../core/variant.ts'
import { builder } from './builder.ts'

export const ItemKindRef = builder.enumType('ItemKind', {
  description: 'The kind of an item; all items of a set have the same kind.',
  values: {
    ICON: { description: 'small art, mostly in one or a few colours' },
    ILLUSTRATION: { description: 'larger art, often in many colours' },
  } satisfies Record<ItemKind, object>,
})

export const ScopeInputRef = builder.inputType('ScopeInput', {
  description: 'A part of the catalogue: at most one of the fields. Without any, the whole catalogue.',
  fields: (t) => ({
    vendor: t.string({ description: 'A username or a node id.' }),
    family: t.id({ description: 'A unique id or a node id.' }),
    iconSet: t.id({ description: 'A unique id or a node id.' }),
  }),
})

export const ScopeRef = builder.inputType('Scope', {
  description: 'A part of the catalogue: exactly one of the fields.',
  isOneOf: true,
  fields: (t) => ({
    vendor: t.string({ description: 'A username or a node id.' }),
    family: t.id({ description: 'A unique id or a node id.' }),
    iconSet: t.id({ description: 'A unique id or a node id.' }),
  }),
})

/** Of the argument or field `in`, which every `scope` has beside it. */
export const SAME_AS_SCOPE = 'The same as `scope`, with an input type that requires exactly one field.'

/** The scope from whichever of the two arguments was given. Throws BAD_INPUT if both were. */
export function scopeOf({ scope, in: within }: Scoped): ScopeInput | null | undefined {
  if (scope && within) throw new AppError('BAD_INPUT', 'scope and in mean the same: give only one of them.')
  return scope ?? within
}

interface Scoped {
  readonly scope?: ScopeInput | null | undefined
  readonly in?: ScopeInput | null | undefined
}
