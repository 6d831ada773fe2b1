import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSchema, createYoga } from 'graphql-yoga'

/** What bench/graphql.ts compares with: graphql-yoga as its documentation sets it up, answering a constant. */
const yoga = createYoga({
  schema: createSchema({ typeDefs: 'type Query { hello: String! }', resolvers: { Query: { hello: () => 'world' } } }),
  logging: false,
})
const server = createServer((request, response) => void yoga(request, response))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`Yoga at http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql\n`)
})
process.on('SIGTERM', () => process.exit())
