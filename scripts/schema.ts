import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from '../src/graphql/schema.ts'

/** The GraphQL schema with its descriptions, in alphabetical order, so that moving code changes nothing. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`

/** `npm run schema` */
if (import.meta.main) process.stdout.write(printedSchema())
