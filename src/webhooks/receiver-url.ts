import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { AppError } from '../core/errors.ts'
import { lookupPublic, type Resolve } from './lookup-public.ts'

const URL_MAX = 2000

/** Link-local, where cloud hosts find their credentials, and addresses that do not belong to one host: refused for private hosts too. */
const NEVER_RANGES = new Set(['unspecified', 'linkLocal', 'multicast', 'broadcast', 'ipv4Mapped', 'rfc6145'])
const NEVER_NETS = [
  '240.0.0.0/4',
  // AWS's metadata service by IPv6, and link-local and loopback IPv4 addresses behind NAT64 and 6to4.
  ...['fd00:ec2::/32', '64:ff9b::a9fe:0/112', '2002:a9fe::/32', '64:ff9b::7f00:0/104', '2002:7f00::/24'],
].map((net) => ipaddr.parseCIDR(net))
/** The part of IPv6 that is assigned for global unicast: https://www.iana.org/assignments/ipv6-address-space. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Allows = (address: string) => boolean

const isWithin = (address: Address, net: [Address, number]) => address.kind() === net[0].kind() && address.match(net)
const isLoopback: Allows = (text) => ipaddr.parse(text).range() === 'loopback'
/** Not in a block of IANA's special-purpose registries (https://www.iana.org/assignments/iana-ipv4-special-registry, -ipv6-). */
const isPublic: Allows = (text) => {
  const address = ipaddr.parse(text)
  return address.range() === 'unicast' && (address.kind() === 'ipv4' || isWithin(address, GLOBAL_IPV6))
}
const isOtherHost: Allows = (text) => {
  const address = ipaddr.parse(text)
  const range = address.range()
  return range !== 'loopback' && !NEVER_RANGES.has(range) && !NEVER_NETS.some((net) => isWithin(address, net))
}

/**
 * The addresses that a webhook's host may have: for hosts of the operator's own network (WEBHOOK_PRIVATE_HOSTS) any except link-local and
 * this machine's, which only `localhost` and loopback addresses lead to if they are listed; for all others only public ones.
 * @param privateHosts null for a vendor's webhook: only public addresses
 */
function allowedFor(hostname: string, privateHosts: readonly string[] | null): Allows {
  if (!privateHosts?.includes(hostname)) return isPublic
  return isLoopbackName(hostname) ? isLoopback : isOtherHost
}

const isLoopbackName = (hostname: string) => hostname === 'localhost' || (isIP(hostname) > 0 && isLoopback(hostname))

/** Without the brackets of an IPv6 address. */
const hostOf = (url: URL) => url.hostname.replace(/^\[|\]$/g, '')

/**
 * The normalised URL. Throws BAD_INPUT for a URL that is not https (http is allowed for private hosts), has credentials, is too long, or
 * is one of a forbidden address.
 */
export function checkReceiverUrl(text: string, privateHosts: readonly string[] | null): URL {
  const refuse = (why: string) => new AppError('BAD_INPUT', `The webhook's url ${why}.`)
  if (text.length > URL_MAX) throw refuse(`has ${text.length} characters; at most ${URL_MAX} are allowed`)
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url) throw refuse('is not a URL like https://example.com/hook')
  const host = hostOf(url)
  const mayBeHttp = privateHosts?.includes(host)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && mayBeHttp))
    throw refuse(`begins with ${url.protocol}; it must be https, or http for hosts in WEBHOOK_PRIVATE_HOSTS`)
  if (url.username || url.password)
    throw refuse('contains credentials, which are not supported: deliveries are signed instead')
  if (isIP(host) > 0 && !allowedFor(host, privateHosts)(host)) throw new AppError('BAD_INPUT', REFUSED_TARGET)
  return url
}

/** Says neither what address a name has nor whether it has one: nobody can explore the names of a network with it. */
export const REFUSED_TARGET =
  "The webhook's url leads to no address that may be called: use a host that has public addresses alone, or one of your own network that is listed in WEBHOOK_PRIVATE_HOSTS."

/**
 * Throws BAD_INPUT for a URL whose name leads to a forbidden address now; a delivery checks again. A name that cannot be resolved yet is
 * refused with the same sentence in a vendor's URL, since it would tell names of the service's network apart, and taken in the operator's.
 * @param servers for tests: name servers instead of the system's
 */
export async function checkReceiverHost(
  url: URL,
  privateHosts: readonly string[] | null,
  servers?: readonly string[],
): Promise<void> {
  const [host, resolve] = [hostOf(url), resolverFor(url, privateHosts, servers)]
  const allows = allowedFor(host, privateHosts)
  const mayCall = await new Promise<boolean>((settle) => {
    resolve(host, { all: true }, (error, addresses) =>
      settle(error ? privateHosts !== null : addresses.every(({ address }) => allows(address))),
    )
  })
  if (!mayCall) throw new AppError('BAD_INPUT', REFUSED_TARGET)
}

/** Hosts of the operator's own network may be known to the system alone, for example from /etc/hosts. */
const resolverFor = (url: URL, privateHosts: readonly string[] | null, servers?: readonly string[]): Resolve =>
  privateHosts?.includes(hostOf(url)) ? lookup : lookupPublic(servers)

/**
 * Resolves the name for a connection, and refuses forbidden addresses: a name that was public when the webhook was created cannot lead to
 * the internal network later (DNS rebinding). The connection is made to the addresses that were checked: there is no second look-up. The
 * error is for the log alone.
 */
export function guardedLookup(
  url: URL,
  privateHosts: readonly string[] | null,
  resolve: Resolve = resolverFor(url, privateHosts),
): LookupFunction {
  const allows = allowedFor(hostOf(url), privateHosts)
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const bad = addresses.find(({ address }) => !allows(address))
      if (bad) return callback(new Error(`${hostname} has the address ${bad.address}, which may not be called`), [])
      const [first] = addresses
      if (options.all || !first) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}
