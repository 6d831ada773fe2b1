import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { causes } from '../core/log.ts'
import { VISIBILITIES } from '../core/visibility.ts'

/** JSON Lines: an object per line, each line ended. */
export const printLines = (lines: readonly unknown[]): Buffer =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

/** The inverse of printLines. Throws SyntaxError if a line is not JSON. */
export const parseLines = (bytes: Uint8Array): unknown[] =>
  Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

const date = z.coerce.date()
const at = { at: date }

/**
 * A tombstone: the state of something after a change, as the triggers of prisma/migrations/20261201000000_tombstones_additive write it. Things are
 * named by the parts of their keys, which outlive the database. Installations hold lines of every release: only add optional members.
 */
const tombstoneLine = z.discriminatedUnion('type', [
  z.object({
    ...at,
    type: z.literal('takedown'),
    target: z.enum(['ITEM', 'ICON_SET', 'FAMILY', 'VENDOR']),
    /** Null: the target was gone already. */
    key: z.string().nullable(),
    reason: z.string(),
    byOperator: z.boolean(),
    createdAt: date,
    restoredAt: date.nullable(),
  }),
  z.object({
    ...at,
    type: z.literal('visibility'),
    target: z.enum(['ITEM', 'ICON_SET', 'FAMILY']),
    key: z.string(),
    visibility: z.enum(VISIBILITIES),
  }),
  /** A vendor's upload left the item out. */
  z.object({ ...at, type: z.literal('removed'), key: z.string() }),
  z.object({
    ...at,
    type: z.literal('token'),
    /** SHA-256 of the secret, in hex. */
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    name: z.string(),
    prefix: z.string(),
    scopes: z.array(z.string()),
    vendor: z.string().nullable(),
    /** Hash of the token that created it. */
    parent: z.string().nullable(),
    createdAt: date,
    expiresAt: date.nullable(),
    revokedAt: date.nullable(),
  }),
])

/** The tombstones of an object. Throws CONFIG if it holds anything else, which nothing of this service has written. */
export function parseTombstones(key: string, bytes: Uint8Array): TombstoneLine[] {
  try {
    return parseLines(bytes).map((line) => tombstoneLine.parse(line))
  } catch (error) {
    throw new AppError(
      'CONFIG',
      `${key} is not a tombstone that this release knows (${causes(error)}): use the release that wrote it, or remove what else has been put there.`,
      { cause: error },
    )
  }
}

export type TombstoneLine = z.output<typeof tombstoneLine>
/** The lines of one type. */
export type LineOf<Type extends TombstoneLine['type']> = Extract<TombstoneLine, { type: Type }>
