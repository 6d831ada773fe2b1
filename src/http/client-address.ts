import type { IncomingMessage } from 'node:http'
import proxyAddr from 'proxy-addr'

/**
 * Tells who asks: the peer's address, or where the peer is one of the operator's proxies, the last address in X-Forwarded-For that is
 * none of theirs. What others put into that header is not believed.
 * @param trustedProxies addresses and networks, such as 10.0.0.0/8
 */
export function createClientAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  if (trustedProxies.length === 0) return ({ socket }) => socket.remoteAddress ?? ''
  const isTrusted = proxyAddr.compile([...trustedProxies])
  return (request) => proxyAddr(request, isTrusted) ?? ''
}
