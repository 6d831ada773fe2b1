import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** A page of 100 items with ten images each has 250 kB. */
const RESPONSE_MAX_BYTES = 8_000_000

/**
 * Refuses an answer that would be too long, before it is written as JSON: until then its texts are shared with the rows they come from,
 * so that memory is spent only there.
 */
export const limitResponse: Plugin = {
  onExecute: () => ({
    onExecuteDone({ result, setResult }) {
      if (!('data' in result) || lengthOf(result.data, RESPONSE_MAX_BYTES) <= RESPONSE_MAX_BYTES) return
      setResult({
        errors: [
          new GraphQLError(`The answer has more than ${RESPONSE_MAX_BYTES} bytes: ask for less at once.`, {
            extensions: { http: { status: 400, spec: false } },
          }),
        ],
      })
    },
  }),
}

/** Characters of a value as JSON, about; it stops counting beyond `max`. */
export function lengthOf(value: unknown, max: number): number {
  let length = 0
  const open = [value]
  while (open.length > 0 && length <= max) {
    const next = open.pop()
    if (typeof next === 'string') length += next.length + 3
    else if (Array.isArray(next)) for (const part of next) open.push(part)
    else if (typeof next === 'object' && next !== null) {
      for (const [name, part] of Object.entries(next)) {
        length += name.length + 4
        open.push(part)
      }
    } else length += 6
  }
  return length
}
