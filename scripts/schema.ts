import { lexicographicSortSchema, printSchema } from 'graphql'
import { loadConfig } from '../src/core/config.ts'
import { nameOffers } from '../src/graphql/name-offers.ts'
import { schema } from '../src/graphql/schema.ts'

/** The GraphQL schema with its descriptions, in alphabetical order, so that moving code changes nothing. Presets and layouts are ours. */
export const printedSchema = (): string =>
  `${printSchema(lexicographicSortSchema(nameOffers(schema, loadConfig({}))))}\n`

/** `npm run schema` */
if (import.meta.main) process.stdout.write(printedSchema())
