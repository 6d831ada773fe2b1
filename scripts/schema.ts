import { lexicographicSortSchema, printSchema } from 'graphql'
import { loadConfig } from '../src/core/config.ts'
import { schema } from '../src/graphql/schema.ts'
import { nameOffers } from '../src/graphql/server/name-offers.ts'

/** The GraphQL schema with descriptions, for the default presets and layouts. Sorted, so that moving code does not change it. */
export const printedSchema = (): string =>
  `${printSchema(lexicographicSortSchema(nameOffers(schema, loadConfig({}))))}\n`
