import { createHash } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import { AppError } from '../../core/errors.ts'

/** For all documents together. */
const STORE_BYTES_MAX = 10_000_000

/**
 * Automatic persisted queries, as sent by the Apollo and urql clients: a hash in place of a document that this process has already
 * received with its hash. The least recently used documents are dropped; clients then send them again.
 */
export function persistedQueries(): Plugin {
  const documents = new LRUCache<string, string>({
    maxSize: STORE_BYTES_MAX,
    sizeCalculation: (text) => text.length + 1000,
  })
  return {
    onParams({ params, setParams }) {
      const asked: unknown = params?.extensions?.persistedQuery
      if (asked === undefined || asked === null) return
      const { version, sha256Hash: hash } = asked as { version?: unknown; sha256Hash?: unknown }
      if (version !== 1 || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash))
        throw new AppError(
          'BAD_INPUT',
          'extensions.persistedQuery must be {"version": 1, "sha256Hash": 64 hex digits}.',
        )
      const { query } = params
      if (typeof query === 'string' && query) {
        if (createHash('sha256').update(query).digest('hex') !== hash)
          throw new AppError(
            'BAD_INPUT',
            `sha256Hash ${hash} does not match the query: send the SHA-256 hash of its text.`,
          )
        documents.set(hash, query)
        return
      }
      const document = documents.get(hash)
      // Clients look for exactly this message.
      if (document === undefined)
        throw new GraphQLError('PersistedQueryNotFound', {
          extensions: {
            code: 'PERSISTED_QUERY_NOT_FOUND',
            http: { status: 200, headers: { 'cache-control': 'no-store' } },
          },
        })
      setParams({ ...params, query: document })
    },
  }
}
