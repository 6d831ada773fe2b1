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

/** The scope from whichever of the two arguments was given. Throws BAD_INPUT if both were. */
export function scopeOf<Scope>({ scope, in: within }: { scope?: Scope; in?: Scope }): Scope | undefined {
  if (scope && within) throw new AppError('BAD_INPUT', 'scope and in mean the same: give only one of them.')
  return scope ?? within
}
