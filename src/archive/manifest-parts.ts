import type { ValidateFunction } from 'ajv/dist/2020.js'
import published from '../../docs/manifest.schema.json' with { type: 'json' }

/** The subset of JSON Schema that is used here. */
export interface Definition {
  readonly description?: string
  readonly $ref?: string
  readonly items?: Definition
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, Definition>>
}

/** A definition of the schema without the elements of its arrays, and a validator for those. */
export interface Part {
  readonly validate: ValidateFunction
  readonly lists: readonly { readonly property: string; readonly itemsMax: number; readonly part: Part }[]
}

/** How the validator of a part is made, or found: by its name, such as `manifest_families_sets`. */
export type ValidatorOf = (name: string, definition: object) => ValidateFunction

/** The options of all validators: every error is reported, with the value that it is about. */
export const AJV_OPTIONS = { allErrors: true, verbose: true } as const

const schema: Definition = published
const $defs: Readonly<Record<string, Definition>> = published.$defs

/** The parts of the published schema, docs/manifest.schema.json. */
export const readParts = (validatorOf: ValidatorOf): Part => partOf(schema, { name: 'manifest', validatorOf })

function partOf(
  { properties = {}, ...definition }: Definition,
  { name, validatorOf }: { name: string; validatorOf: ValidatorOf },
): Part {
  const lists = Object.entries(properties).filter(([, { items }]) => items)
  const withoutElements = Object.fromEntries(lists.map(([property, list]) => [property, { ...list, items: true }]))
  const shallow = { ...definition, properties: { ...properties, ...withoutElements }, $id: undefined, $defs }
  return {
    validate: validatorOf(name, Object.keys(properties).length > 0 ? shallow : { ...definition, $defs }),
    lists: lists.map(([property, { items = {}, maxItems = 0 }]) => ({
      property,
      itemsMax: maxItems,
      part: partOf(resolve(items), { name: `${name}_${property}`, validatorOf }),
    })),
  }
}

/** A definition, or the one that it refers to. */
export function resolve(definition: Definition): Definition {
  const name = definition.$ref?.replace('#/$defs/', '')
  return (name === undefined ? definition : $defs[name]) ?? definition
}
