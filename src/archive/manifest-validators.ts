import { Ajv2020 } from 'ajv/dist/2020.js'
import { AJV_OPTIONS, type ValidatorOf } from './manifest-parts.ts'

const ajv = new Ajv2020(AJV_OPTIONS)

/**
 * Compiles the validator of a part of the manifest. A browser's policy forbids that: the console is built with the same validators written
 * out as code instead of this file, see scripts/archive-check.ts.
 */
export const validatorOf: ValidatorOf = (_name, definition) => ajv.compile(definition)
