import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'

/**
 * Determines the client: the peer's address or, if the peer is one of the operator's proxies, the address in the configured header. In
 * X-Forwarded-For that is the last address that is not one of the proxies; other headers, such as CloudFront-Viewer-Address, hold one
 * address, perhaps with a port. Everything else in them is not trusted.
 * @param config.trustedProxies addresses and networks, such as 10.0.0.0/8
 */
export function createClientAddress({
  trustedProxies,
  clientAddressHeader,
}: {
  readonly trustedProxies: readonly string[]
  readonly clientAddressHeader: string
}): (request: IncomingMessage) => string {
  const peerOf = ({ socket }: IncomingMessage) => socket.remoteAddress ?? ''
  if (trustedProxies.length === 0) return peerOf
  const isTrusted = proxyAddr.compile([...trustedProxies])
  const header = clientAddressHeader.toLowerCase()
  if (header === 'x-forwarded-for') return (request) => proxyAddr(request, isTrusted) ?? ''
  return (request) => {
    const peer = peerOf(request)
    const given = request.headers[header]
    return isTrusted(peer, 0) && typeof given === 'string' ? (addressIn(given) ?? peer) : peer
  }
}

/** `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`, or CloudFront's `2001:db8:0:0:0:0:0:1:443`. */
function addressIn(text: string): string | null {
  const given = text.trim()
  const withoutPort = given.replace(/:\d{1,5}$/, '').replaceAll(/^\[|\]$/g, '')
  return [given, withoutPort].find((each) => isIP(each) !== 0) ?? null
}
