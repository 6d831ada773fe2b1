import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What bench/stored.ts compares with: node:http that sends one picture from memory, with the headers of ours. */
const picture = Buffer.alloc(3000, 1)
const server = createServer((_request, response) => {
  response.writeHead(200, {
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
    'cache-control': 'public, max-age=31536000, immutable',
    etag: '"d41d8cd98f00b204e9800998ecf8427e"',
    'content-type': 'image/webp',
    'content-length': picture.length,
  })
  response.end(picture)
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`a picture at http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql\n`)
})
process.on('SIGTERM', () => process.exit())
