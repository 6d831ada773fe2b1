import { type GraphQLSchema, isAbstractType } from 'graphql'

/** The object types of every interface and union, in the form that Apollo's cache takes as `possibleTypes`. */
export const possibleTypesOf = (schema: GraphQLSchema): Record<string, string[]> =>
  Object.fromEntries(
    Object.values(schema.getTypeMap())
      .filter(isAbstractType)
      .filter(({ name }) => !name.startsWith('__'))
      .map((type): [string, string[]] => [
        type.name,
        schema
          .getPossibleTypes(type)
          .map(({ name }) => name)
          .sort(),
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
