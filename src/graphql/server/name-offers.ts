import { MapperKind, mapSchema } from '@graphql-tools/utils'
import type { GraphQLSchema } from 'graphql'
import type { Layouts } from '../../core/layouts.ts'
import type { Presets } from '../../core/variant.ts'

interface Described {
  readonly description?: string | null | undefined
  readonly extensions?: unknown
}

/** The schema with the available names added to the descriptions of arguments and input fields that take a preset or layout. */
export function nameOffers(
  schema: GraphQLSchema,
  { presets, layouts }: { presets: Presets; layouts: Layouts },
): GraphQLSchema {
  const offers = { presets: [...presets.keys()], layouts: [...layouts.keys()] } as const
  const described = <Config extends Described>(config: Config): Config => {
    // Pothos keeps the options it was given next to those it adds.
    const { names } = (config.extensions ?? {}) as { names?: keyof typeof offers }
    return names ? { ...config, description: `${config.description} Available: ${offers[names].join(', ')}.` } : config
  }
  return mapSchema(schema, {
    [MapperKind.ARGUMENT]: described,
    [MapperKind.INPUT_OBJECT_FIELD]: described,
  })
}
