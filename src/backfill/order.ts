import { createHash } from 'node:crypto'
import type { BackfillMode, WorkOrder } from '../catalogue/find-work.ts'
import type { Scope } from '../catalogue/scope.ts'
import { AppError } from '../errors.ts'
import type { ImageFormat, Preset, Presets } from '../variant.ts'

/** What a backfill is asked to make, checked and in canonical order. */
export interface BackfillRequest {
  readonly scope: Scope
  readonly mode: BackfillMode
  readonly presets: readonly string[]
  /** Empty: of each preset the format it lists first. */
  readonly formats: readonly ImageFormat[]
  /** Composites of the scope's families as well. */
  readonly previews?: true
}

/** Throws BAD_INPUT for a preset or format that is not offered. Nothing given means all presets, mode STALE. */
export function checkRequest(
  presets: Presets,
  input: {
    scope: Scope
    mode?: BackfillMode | null
    presets?: readonly string[] | null
    formats?: readonly ImageFormat[] | null
    previews?: boolean | null
  },
): BackfillRequest {
  const names = [...new Set(input.presets?.length ? input.presets : presets.keys())].sort()
  const formats = [...new Set(input.formats ?? [])].sort()
  const request = {
    scope: input.scope,
    mode: input.mode ?? 'STALE',
    presets: names,
    formats,
    ...(input.previews ? { previews: true as const } : {}),
  }
  variantsOf(presets, request)
  return request
}

/** Hash of a request: starting the same one twice returns the unfinished one. */
export const fingerprintOf = (request: BackfillRequest): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('hex')

/** The order that a stored backfill stands for. */
export function orderOf(
  presets: Presets,
  backfill: Omit<BackfillRequest, 'scope' | 'previews'> & Scope & { id: number | null; createdAt: Date },
): WorkOrder {
  const { id, mode, vendorId, familyId, iconSetId, createdAt } = backfill
  const variants = variantsOf(presets, backfill)
  return { scope: { vendorId, familyId, iconSetId }, mode, variants, backfillId: id, since: createdAt }
}

/** Every preset x format of a request. */
export function variantsOf(
  presets: Presets,
  request: Pick<BackfillRequest, 'presets' | 'formats'>,
): { preset: Preset; format: ImageFormat }[] {
  return request.presets.flatMap((name) => {
    const preset = offeredPreset(presets, name)
    const formats = request.formats.length > 0 ? request.formats : preset.formats.slice(0, 1)
    return formats.map((format) => ({ preset, format: offeredFormat(preset, format) }))
  })
}

/** Throws BAD_INPUT with the names there are. */
export function offeredPreset(presets: Presets, name: string): Preset {
  const preset = presets.get(name)
  if (preset) return preset
  throw new AppError(
    'BAD_INPUT',
    `There is no preset ${JSON.stringify(name.slice(0, 100))}; there are ${[...presets.keys()].join(', ')}.`,
  )
}

/** Throws BAD_INPUT with the formats that the preset offers. */
export function offeredFormat(preset: Preset, format: ImageFormat): ImageFormat {
  if (preset.formats.includes(format)) return format
  throw new AppError(
    'BAD_INPUT',
    `Preset ${preset.name} is not offered as ${format}; it is as ${preset.formats.join(', ')}.`,
  )
}
