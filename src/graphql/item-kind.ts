import { ITEM_KINDS } from '../core/variant.ts'
import { builder } from './builder.ts'

export const ItemKindRef = builder.enumType('ItemKind', {
  description: 'What all items of a set are.',
  values: ITEM_KINDS,
})

export const ScopeInputRef = builder.inputType('ScopeInput', {
  description: 'At most one of the fields; none means the whole catalogue.',
  fields: (t) => ({
    vendor: t.string({ description: 'A username.' }),
    family: t.id({ description: 'A unique id.' }),
    iconSet: t.id({ description: 'A unique id.' }),
  }),
})
