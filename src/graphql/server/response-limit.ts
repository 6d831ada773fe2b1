import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** A page of 100 items with ten images each has 250 kB. */
const RESPONSE_MAX_BYTES = 8_000_000

/**
 * Refuses a response that is too long before it is serialised: until then its strings are shared with the database rows, so that only
 * JSON would cost memory.
 */
export const limitResponse: Plugin = {
  onExecute: () => ({
    onExecuteDone({ result, setResult }) {
      if (!('data' in result) || lengthOf(result.data, RESPONSE_MAX_BYTES) <= RESPONSE_MAX_BYTES) return
      setResult({
        errors: [
          new GraphQLError(`The response has more than ${RESPONSE_MAX_BYTES} bytes: request less at once.`, {
            extensions: { http: { status: 400, spec: false } },
          }),
        ],
      })
    },
  }),
}

/** The approximate length of a value as JSON, in characters; stops counting above `max`. */
export function lengthOf(value: unknown, max: number): number {
  let length = 0
  const open = [value]
  while (open.length > 0 && length <= max) {
    const next = open.pop()
    if (typeof next === 'string') length += next.length + 3
    else if (Array.isArray(next)) for (const part of next) open.push(part)
    else if (typeof next === 'object' && next !== null) {
      for (const name in next) {
        const part = next[name as keyof typeof next] as unknown
        length += name.length + 4
        if (typeof part === 'string') length += (part as string).length + 3
        else if (typeof part === 'object') open.push(part)
        else length += 6
      }
    } else length += 6
  }
  return length
}
