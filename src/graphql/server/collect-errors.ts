import { GraphQLError } from 'graphql'

/** More are of no use to a reader, and each takes a tenth of a millisecond: a page may have 20,000. */
const ERRORS_MAX = 200

/** The errors of a response: the first 200 of its fields, and one that counts the others. */
export function collectErrors() {
  const kept: GraphQLError[] = []
  let more = 0

  return {
    /** @param make is not called for errors that are only counted */
    add(make: () => GraphQLError): void {
      if (kept.length < ERRORS_MAX) kept.push(make())
      else more++
    },
    all(): readonly GraphQLError[] {
      if (more === 0) return kept
      // With a path, as an error of fields: one without would give the whole response an HTTP status.
      const path = kept[0]?.path?.slice(0, 1) ?? []
      return [...kept, new GraphQLError(`${more} more fields failed, and are null.`, { path })]
    },
  }
}
