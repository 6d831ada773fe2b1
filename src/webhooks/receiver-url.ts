import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { AppError } from '../core/errors.ts'

export const URL_MAX = 2000

/** Link-local, where a cloud's hosts find their credentials, and what is no single host: refused always. */
const NEVER = blockList(
  ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
  ['::/128', '::ffff:0:0/96', 'fe80::/10', 'ff00::/8', 'fd00:ec2::/32'],
)
const LOOPBACK = blockList(['127.0.0.0/8'], ['::1/128'])
/** https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-: all that is not global unicast. */
const NOT_PUBLIC = blockList(
  [
    ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
    ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
    ...['224.0.0.0/4', '240.0.0.0/4'],
  ],
  ['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
)

type Allows = (address: string) => boolean

/**
 * Which addresses a webhook's host may have: `localhost` only loopback ones, a host of the operator's own network
 * (WEBHOOK_PRIVATE_HOSTS) any but link-local, all others public ones only.
 */
function allowedFor(hostname: string, privateHosts: readonly string[]): Allows {
  if (isLoopbackName(hostname)) return (address) => LOOPBACK(address)
  if (privateHosts.includes(hostname)) return (address) => !NEVER(address)
  return (address) => !NOT_PUBLIC(address)
}

const isLoopbackName = (hostname: string) => hostname === 'localhost' || LOOPBACK(hostname)

/** Without the brackets of an IPv6 address. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '')

/**
 * The URL as it will be called. Throws BAD_INPUT for what no webhook may be: other than https (http too for localhost and
 * the private hosts), with credentials, too long, or with an address that is refused.
 */
export function checkReceiverUrl(text: string, privateHosts: readonly string[]): URL {
  const refuse = (why: string) => new AppError('BAD_INPUT', `The webhook's url ${why}.`)
  if (text.length > URL_MAX) throw refuse(`has ${text.length} characters; it takes ${URL_MAX}`)
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url) throw refuse('is not a URL; give one like https://example.com/hook')
  const host = hostOf(url)
  const mayBeHttp = isLoopbackName(host) || privateHosts.includes(host)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBeHttp))
    throw refuse(`begins with ${url.protocol}; it takes https, and http for localhost and WEBHOOK_PRIVATE_HOSTS only`)
  if (url.username || url.password) throw refuse('has credentials in it; every delivery is signed instead')
  if (isIP(host) && !allowedFor(host, privateHosts)(host)) throw refuse(`has the address ${host}, ${REFUSED}`)
  return url
}

const REFUSED = 'which is not public; name a host of your own network in WEBHOOK_PRIVATE_HOSTS'

/**
 * Resolves a name for a connection that is about to be made, and refuses what it may not be: checked here, a name that
 * was public when the webhook was made cannot lead elsewhere later.
 */
export function guardedLookup(url: URL, privateHosts: readonly string[]): LookupFunction {
  const allows = allowedFor(hostOf(url), privateHosts)
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const bad = addresses.find(({ address }) => !allows(address))
      if (bad) return callback(new Error(`${hostname} has the address ${bad.address}, ${REFUSED}`), [])
      const [first] = addresses
      if (options.all || !first) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

/** Two lists: Node takes an IPv4 address for its mapped IPv6 one, which is in ::/3. */
function blockList(ipv4: readonly string[], ipv6: readonly string[]): Allows {
  const lists = { 4: new BlockList(), 6: new BlockList() }
  for (const [family, nets] of [[4, ipv4] as const, [6, ipv6] as const])
    for (const net of nets) {
      const [base = '', bits] = net.split('/')
      lists[family].addSubnet(base, Number(bits), `ipv${family}`)
    }
  return (address) => {
    const family = isIP(address)
    return family === 4 || family === 6 ? lists[family].check(address, `ipv${family}`) : false
  }
}
