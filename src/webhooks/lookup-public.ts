import type { LookupAddress, LookupOptions } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void
/** As `dns.lookup` for all addresses of a name. */
export type Resolve = (hostname: string, options: LookupOptions & { all: true }, callback: Found) => void

/** Two questions to each name server, of which the second may take twice as long: within the 10 s of a delivery. */
const LIMITS = { timeout: 1500, tries: 2, maxTimeout: 3000 } as const

/**
 * Resolves names from DNS alone, in bounded time. `dns.lookup` would hold one of the process's four threads for as long as the name server
 * does not answer, half a minute, and files are read and written by the same threads: a vendor chooses the names.
 * @param servers for tests: name servers instead of the system's
 */
export function lookupPublic(servers?: readonly string[]): Resolve {
  return (hostname, _options, callback) => {
    const version = isIP(hostname)
    if (version > 0) return callback(null, [{ address: hostname, family: version }])
    const resolver = new Resolver(LIMITS)
    if (servers) resolver.setServers(servers)
    const find = async (family: 4 | 6) => {
      const addresses = await (family === 4 ? resolver.resolve4(hostname) : resolver.resolve6(hostname))
      return addresses.map((address) => ({ address, family }))
    }
    void Promise.allSettled([find(4), find(6)]).then(([v4, v6]) => {
      const addresses = [v4, v6].flatMap((found) => (found.status === 'fulfilled' ? found.value : []))
      if (addresses.length > 0) callback(null, addresses)
      else callback(v4.status === 'rejected' ? v4.reason : null, [])
    })
  }
}
