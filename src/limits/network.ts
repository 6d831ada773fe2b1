import ipaddr from 'ipaddr.js'

/** The first half of an IPv6 address: who has one address usually controls its whole /64. */
const NETWORK_BITS = 64

/** What limits count as one address: an IPv4 address, also if it is mapped into IPv6, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  // Most requests have such an address.
  if (!address.includes(':') || !ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${withoutZone(address)}/${NETWORK_BITS}`)}/${NETWORK_BITS}`
}

const withoutZone = (address: string) => address.replace(/%.*$/, '')
