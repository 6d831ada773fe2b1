import { AppError } from '../core/errors.ts'
import type { ItemKind } from '../core/variant.ts'
import { builder } from './builder.ts'

export const ItemKindRef = builder.enumType('ItemKind', {
  description: 'What an item is; a set has items of one kind only.',
  values: {
    ICON: { description: 'small, mostly of one colour or few' },
    ILLUSTRATION: { description: 'larger art' },
  } satisfies Record<ItemKind, object>,
})

export const ScopeInputRef = builder.inputType('ScopeInput', {
  description: 'At most one of the fields; without any, the whole catalogue.',
  fields: (t) => ({
    vendor: t.string({ description: 'A username, or a node id.' }),
    family: t.id({ description: 'A unique id, or a node id.' }),
    iconSet: t.id({ description: 'A unique id, or a node id.' }),
  }),
})

export const ScopeRef = builder.inputType('Scope', {
  description: 'A part of the catalogue: exactly one of the fields.',
  isOneOf: true,
  fields: (t) => ({
    vendor: t.string({ description: 'A username, or a node id.' }),
    family: t.id({ description: 'A unique id, or a node id.' }),
    iconSet: t.id({ description: 'A unique id, or a node id.' }),
  }),
})

/** The one of two ways to name a scope that was used. Throws BAD_INPUT for both. */
export function scopeOf<Scope>({ scope, in: within }: { scope?: Scope; in?: Scope }): Scope | undefined {
  if (scope && within) throw new AppError('BAD_INPUT', 'scope and in are two names of the same: give one of them.')
  return scope ?? within
}
