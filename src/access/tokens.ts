import { createHash, timingSafeEqual } from 'node:crypto'
import { ADMIN, anonymousCaller, type Caller } from './caller.ts'

/**
 * Who sends this Authorization header.
 * Hashed first, so that the comparison's time reveals neither content nor length of the token.
 */
export async function identifyCaller(
  authorization: string | null | undefined,
  { adminToken }: { readonly adminToken: string },
): Promise<Caller> {
  const [, token] = /^Bearer\s+(\S+)$/i.exec(authorization ?? '') ?? []
  if (token && timingSafeEqual(sha256(token), sha256(adminToken))) return ADMIN
  return anonymousCaller({ publicReads: true })
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()
