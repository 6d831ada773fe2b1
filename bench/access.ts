import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { ADMIN } from '../src/access/caller.ts'
import { createCredential } from '../src/access/credential.ts'
import { createToken } from '../src/access/tokens.ts'
import { createGraphQL } from '../src/graphql/server/server.ts'
import { importDemo } from './support/backfills.ts'
import { median, table, withBench } from './support/service.ts'

const ROUNDS = 9
const IDENTIFICATIONS = 20_000
const REQUESTS = 150
const QUERY = '{ items(first: 24) { nodes { id name image { url width height } } pageInfo { hasNextPage endCursor } } }'
const ISSUER = 'https://id.example.com'

/**
 * What authorisation costs a request: identifying the caller alone, and a page of 24 items with each kind of caller, in turns within one
 * process. `npm run bench -- access`
 */
export async function run(): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }] })
  const jwks = createServer((_request, response) => response.end(keys)).listen(0, '127.0.0.1')
  await new Promise((resolve) => jwks.once('listening', resolve))
  const JWKS_URL = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`
  const jwt = await new SignJWT({ scope: 'operations:read', vendor: '*' })
    .setProtectedHeader({ alg: 'ES256', kid: 'a' })
    .setIssuer(ISSUER)
    .setAudience('afterimage')
    .setSubject('bench')
    .setExpirationTime('1 hour')
    .sign(privateKey)
  await withBench(
    async (bench) => {
      const { app } = bench
      await importDemo(bench, 200)
      const options = { name: 'bench', scopes: ['operations:read'], vendor: null, expiresAt: null, by: ADMIN }
      const { secret } = await createToken(app, options)
      const callers: Record<string, () => string | null> = {
        anonymous: () => null,
        'admin token': () => 'Bearer bench',
        token: () => `Bearer ${secret}`,
        JWT: () => `Bearer ${jwt}`,
      }
      // Never seen before: each is looked up in the database.
      const forged = () => `Bearer ${createCredential().secret}`
      const identify = (authorization: string | null) =>
        app.access.identify({ authorization, path: '/graphql', requestId: null }).catch(() => null)
      const { handle } = createGraphQL(app, { url: 'http://localhost', imageUrl: 'http://localhost/images' })
      const ask = async (authorization: string | null) => {
        const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }
        const body = JSON.stringify({ query: QUERY })
        const caller = await identify(authorization)
        // As the HTTP server does, which refuses forged tokens.
        if (!caller) return
        const http = { req: { headers: {} }, res: { setHeader() {}, removeHeader() {} } }
        const context = { ...http, caller, client: 'bench', spent: [] } as never
        const response = await handle(
          new Request('http://localhost/graphql', { method: 'POST', headers, body }),
          context,
        )
        await response.text()
      }
      const identifying = new Map<string, number[]>()
      const asking = new Map<string, number[]>()
      for (let round = -1; round < ROUNDS; round++)
        for (const [name, header] of Object.entries({ ...callers, 'forged token': forged })) {
          const count = name === 'forged token' ? REQUESTS : IDENTIFICATIONS
          const alone = await cpuUs(count, () => identify(header()))
          const whole = await cpuUs(REQUESTS, () => ask(header()))
          if (round < 0) continue
          identifying.set(name, [...(identifying.get(name) ?? []), alone])
          asking.set(name, [...(asking.get(name) ?? []), whole])
        }
      const rows = [...identifying].map(([name, times]) => [
        name,
        `${median(times).toFixed(1)} µs`,
        `${(median(asking.get(name) ?? []) / 1000).toFixed(2)} ms`,
      ])
      process.stdout.write(`${table(['caller', 'CPU of identifying', 'CPU of a request for 24 items'], rows)}\n`)
    },
    { env: { JWKS_URL, JWT_ISSUER: ISSUER, JWT_AUDIENCE: 'afterimage', WARM_PAGES: 'off' } },
  )
  jwks.close()
}

/** CPU time of this process for each, in µs, which does not depend on other programs on the machine. */
async function cpuUs(count: number, work: () => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage()
  for (let number = 0; number < count; number++) await work()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / count
}
