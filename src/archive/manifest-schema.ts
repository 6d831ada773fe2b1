import { readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { escapeKey } from '../core/scan-json.ts'
import { type Problems, show } from './problems.ts'

/** The subset of JSON Schema that is used here. */
interface Definition {
  readonly description?: string
  readonly $ref?: string
  readonly items?: Definition
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, Definition>>
}

/** A definition of the schema without the elements of its arrays, and a validator for those. */
interface Part {
  readonly validate: ValidateFunction
  readonly lists: readonly { readonly property: string; readonly itemsMax: number; readonly part: Part }[]
}

/** The published schema; the path is the same in a checkout and in the image. */
const schema = JSON.parse(
  readFileSync(new URL('../../docs/manifest.schema.json', import.meta.url), 'utf8'),
) as Definition & { readonly $defs: Readonly<Record<string, Definition>> }

const ajv = new Ajv2020({ allErrors: true, verbose: true })
const { $defs } = schema
const manifestPart = partOf(schema)

/** More keys than any object of a manifest has: of a million unknown keys only the first are reported. */
const KEYS_MAX = 32

/**
 * Adds every violation of the schema. A validator that continues after the first error allocates an object for each, so a hostile
 * manifest of 10 MB would cost gigabytes: elements are validated one by one, and lists that are too long not at all.
 * @param options.file the manifest's name
 */
export function checkSchema(document: unknown, { file, problems }: { file: string; problems: Problems }): void {
  check(document, { part: manifestPart, pointer: '' })

  function check(value: unknown, { part, pointer }: { part: Part; pointer: string }): void {
    const fields = fieldsOf(value)
    const keys = Object.keys(fields).length
    if (keys > KEYS_MAX) {
      const message = `This object has ${keys} keys: at most ${KEYS_MAX} are read; remove those that are not in the schema.`
      problems.add({ code: 'SCHEMA', file, pointer, message })
      return
    }
    if (!part.validate(value)) {
      // An empty text is both too short and matches no pattern: one error is enough.
      const reported = new Set<string>()
      for (const error of part.validate.errors ?? []) {
        const problem = { pointer: pointer + pointerOf(error), message: sentenceOf(error) }
        if (!reported.has(problem.pointer)) problems.add({ code: 'SCHEMA', file, ...problem })
        reported.add(problem.pointer)
      }
    }
    for (const list of part.lists) {
      const elements = fields[list.property]
      if (!Array.isArray(elements) || elements.length > list.itemsMax) continue
      for (const [index, element] of elements.entries())
        check(element, { part: list.part, pointer: `${pointer}/${list.property}/${index}` })
    }
  }
}

/** The fields of an object; none for anything else. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

function partOf({ properties = {}, ...definition }: Definition): Part {
  const lists = Object.entries(properties).filter(([, { items }]) => items)
  const withoutElements = Object.fromEntries(lists.map(([name, list]) => [name, { ...list, items: true }]))
  const shallow = { ...definition, properties: { ...properties, ...withoutElements }, $id: undefined, $defs }
  return {
    validate: ajv.compile(Object.keys(properties).length > 0 ? shallow : { ...definition, $defs }),
    lists: lists.map(([property, { items = {}, maxItems = 0 }]) => ({
      property,
      itemsMax: maxItems,
      part: partOf(resolve(items)),
    })),
  }
}

function resolve(definition: Definition): Definition {
  const name = definition.$ref?.replace('#/$defs/', '')
  return (name === undefined ? definition : $defs[name]) ?? definition
}

const pointerOf = ({ keyword, instancePath, params }: ErrorObject): string =>
  keyword === 'additionalProperties' ? `${instancePath}/${escapeKey(params.additionalProperty)}` : instancePath

function sentenceOf({ keyword, params, data, parentSchema }: ErrorObject): string {
  const { description, properties = {} } = (parentSchema ?? {}) as Definition
  if (keyword === 'required') {
    const missing = params.missingProperty as string
    return `${show(missing)} is missing here: add ${resolve(properties[missing] ?? {}).description}.`
  }
  if (keyword === 'additionalProperties') {
    const known = Object.keys(properties).filter((name) => !name.startsWith('$'))
    return `The key ${show(params.additionalProperty)} is not known here: remove it, or rename it to one of ${known.join(', ')}.`
  }
  return `${show(data)} is not allowed here: use ${description}.`
}
