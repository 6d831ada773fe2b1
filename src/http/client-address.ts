import type { IncomingMessage } from 'node:http'
import proxyAddr from 'proxy-addr'

/**
 * Determines the client: the peer's address or, if the peer is one of the operator's proxies, the last address in X-Forwarded-For that is
 * not one of them. Other entries of the header are not trusted.
 * @param trustedProxies addresses and networks, such as 10.0.0.0/8
 */
export function createClientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  if (trustedProxies.length === 0) return ({ socket }) => socket.remoteAddress ?? ''
  const isTrusted = proxyAddr.compile([...trustedProxies])
  return (request) => proxyAddr(request, isTrusted) ?? ''
}
