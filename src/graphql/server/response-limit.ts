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

/** The approximate length of a value as JSON, in bytes; stops counting above `max`. */
export function lengthOf(value: unknown, max: number): number {
  let length = 0
  const open = [value]
  while (open.length > 0 && length <= max) {
    const next = open.pop()
    if (typeof next === 'string') length += bytesOf(next) + 1
    else if (Array.isArray(next)) for (const part of next) open.push(part)
    else if (typeof next === 'object' && next !== null) {
      for (const name in next) {
        const part = next[name as keyof typeof next] as unknown
        length += name.length + 4
        if (typeof part === 'string') length += bytesOf(part) + 1
        else if (typeof part === 'object') open.push(part)
        else length += 6
      }
    } else length += 6
  }
  return length
}

/** Of a text with its quotation marks. One of three bytes a character, or of escaped ones, has several times its length. */
const bytesOf = (text: string): number => Buffer.byteLength(ESCAPED.test(text) ? JSON.stringify(text) : text) + 2

const ESCAPED = /["\\\p{Cc}]/u
