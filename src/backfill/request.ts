import { createHash } from 'node:crypto'
import type { BackfillPriority } from '../../prisma/generated/kysely.ts'
import type { Scope } from '../catalogue/scope.ts'
import { AppError, isErrorCode } from '../core/errors.ts'
import type { ImageFormat, Presets } from '../core/variant.ts'
import type { UrlSecret } from '../core/version.ts'
import type { BackfillMode, WorkOrder } from '../variants/find-missing.ts'
import { backfilledPresets, variantsOf } from '../variants/offered.ts'

/** A backfill's request, validated and in canonical order. */
export interface BackfillRequest {
  readonly scope: Scope
  readonly mode: BackfillMode
  readonly presets: readonly string[]
  /** Empty: the first format of each preset. */
  readonly formats: readonly ImageFormat[]
  /** Mode FAILED: only failures with one of these codes; absent: all. */
  readonly codes?: readonly string[]
  /** Also composes the previews of the scope's families. */
  readonly previews?: true
  /** Renderers of all workers that it uses at once at most; absent: all of them. */
  readonly maxRenderers?: number
  /** When it is paused if it is not done; absent: never. */
  readonly notAfter?: Date
  /** Which of several backfills goes first; absent: NORMAL, or what the unfinished one has. */
  readonly priority?: BackfillPriority
}

/** As many as 64 workers have with 16 renderers each. */
const RENDERERS_MAX = 1024

/**
 * Throws BAD_INPUT for an unknown preset, format or code, for codes with another mode than FAILED, and for limits that would let nothing be
 * made. Defaults: all presets except those with `backfill: false`, mode STALE.
 */
export function checkRequest(
  presets: Presets,
  input: {
    scope: Scope
    mode?: BackfillMode | null
    presets?: readonly string[] | null
    formats?: readonly ImageFormat[] | null
    codes?: readonly string[] | null
    previews?: boolean | null
    maxRenderers?: number | null
    notAfter?: Date | null
    priority?: BackfillPriority | null
  },
): BackfillRequest {
  for (const list of ['presets', 'formats', 'codes'] as const)
    if (input[list]?.length === 0)
      throw new AppError('BAD_INPUT', `${list} is an empty list: name at least one, or omit it for the default.`)
  const names = [...new Set(input.presets ?? backfilledPresets(presets))].sort()
  const formats = [...new Set(input.formats ?? [])].sort()
  const mode = input.mode ?? 'STALE'
  const codes = [...new Set(input.codes ?? [])].sort()
  checkCodes(codes, mode)
  const request = {
    scope: input.scope,
    mode,
    presets: names,
    formats,
    ...(codes.length > 0 ? { codes } : {}),
    ...(input.previews ? { previews: true as const } : {}),
    ...limitsOf(input),
    ...(input.priority ? { priority: input.priority } : {}),
  }
  variantsOf(presets, request)
  return request
}

function limitsOf({ maxRenderers, notAfter }: { maxRenderers?: number | null; notAfter?: Date | null }) {
  if (typeof maxRenderers === 'number' && (maxRenderers < 1 || maxRenderers > RENDERERS_MAX))
    throw new AppError('BAD_INPUT', `maxRenderers is ${maxRenderers}; 1 to ${RENDERERS_MAX} are allowed.`)
  if (notAfter && notAfter.getTime() <= Date.now())
    throw new AppError('BAD_INPUT', `notAfter is ${notAfter.toISOString()}, which has passed.`)
  return { ...(maxRenderers ? { maxRenderers } : {}), ...(notAfter ? { notAfter } : {}) }
}

function checkCodes(codes: readonly string[], mode: BackfillMode): void {
  if (codes.length > 0 && mode !== 'FAILED')
    throw new AppError('BAD_INPUT', `codes needs mode FAILED; the mode is ${mode}.`)
  const unknown = codes.find((code) => !isErrorCode(code))
  if (unknown !== undefined)
    throw new AppError('BAD_INPUT', `There is no code ${JSON.stringify(unknown.slice(0, 100))} in the error catalogue.`)
}

/** Hash of a request without its priority: starting the same one twice returns the unfinished one. */
export const fingerprintOf = ({ priority: _, ...request }: BackfillRequest): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('hex')

/** The work order of a stored backfill. */
export function orderOf(
  { presets, urlSecret }: { presets: Presets; urlSecret: UrlSecret },
  backfill: Omit<BackfillRequest, 'scope' | 'previews' | 'maxRenderers' | 'notAfter' | 'priority'> &
    Scope & { id: number | null; createdAt: Date },
): WorkOrder {
  const { id, mode, vendorId, familyId, iconSetId, createdAt, codes = [] } = backfill
  const variants = variantsOf(presets, backfill)
  const scope = { vendorId, familyId, iconSetId }
  return { scope, mode, variants, backfillId: id, since: createdAt, urlSecretId: urlSecret.id, codes }
}
