import type { ErrorObject } from 'ajv/dist/2020.js'
import { escapeKey } from '../core/scan-json.ts'
import { type Definition, type Part, readParts, resolve } from './manifest-parts.ts'
import { validatorOf } from './manifest-validators.ts'
import { type Problems, show } from './problems.ts'

const manifestPart = readParts(validatorOf)

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
