import type { Ask } from './ask-service.ts'

/** Rows per request: the most that the API allows. */
const PAGE = 100

interface Connection<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/**
 * The nodes of a connection, page by page, or its first `limit`.
 * @param from.query a document with the variables $first and $after
 */
export async function* allPages<Node>(
  ask: Ask,
  from: { query: string; field: string; variables?: object; limit?: number },
): AsyncGenerator<Node> {
  const { query, field, variables, limit = Number.POSITIVE_INFINITY } = from
  let after: string | null = null
  for (let left = limit; left > 0; left -= PAGE) {
    const data: Record<string, Connection<Node>> = await ask(query, {
      ...variables,
      first: Math.min(PAGE, left),
      after,
    })
    const page = data[field]
    if (!page) return
    yield* page.nodes
    if (!page.pageInfo.hasNextPage) return
    after = page.pageInfo.endCursor
  }
}
