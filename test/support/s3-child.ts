/** A real S3 server in its own process. @param argv directory */
import { createRequire } from 'node:module'

interface S3rver {
  run(): Promise<{ address: string; port: number }>
}
const Server = createRequire(import.meta.url)('@20minutes/s3rver') as new (options: object) => S3rver

const server = new Server({
  directory: process.argv[2],
  address: '127.0.0.1',
  port: 0,
  silent: true,
  vhostBuckets: false,
  // It omits the slash after a bucket's name that the SDK signs. An unknown key is still refused.
  allowMismatchedSignatures: true,
})
const { port } = await server.run()
process.send?.(port)
// It exits with its parent.
process.once('disconnect', () => process.exit(0))
