import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { backgroundOf, presetFields, side } from './preset-fields.ts'
import { lastKeyOf, scanJson } from './scan-json.ts'
import { hashRecipe, IMAGE_FORMATS, type ImageFormat, isPresetName, type Preset, type Presets } from './variant.ts'

const WATERMARK_MAX_BYTES = 100_000
/** Anybody can have a picture of each item made in each of these sizes. */
const LADDER_MAX = 50

export const formatNames = IMAGE_FORMATS.map((format) => format.toLowerCase()) as [string, ...string[]]
export const presetSchema = z.strictObject({
  ...presetFields,
  formats: z.array(z.enum(formatNames)).min(1).default(['webp']),
  backfill: z.boolean().default(true),
})
/** Sizes in px that transforms are rounded up to. */
const ladderSchema = z.array(side).max(LADDER_MAX)
const fileSchema = z.object({ ladder: ladderSchema.optional() }).catchall(presetSchema)

const DEFAULT_LADDER: readonly number[] = [16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024]

interface PresetsFile {
  readonly presets: Presets
  /** Sizes in px that transforms are rounded up to, smallest first; empty: transforms are disabled. */
  readonly ladder: readonly number[]
  readonly problems: string[]
}

/**
 * Reads a presets file; watermark paths are relative to it. Reports all problems at once, as sentences; `presets` and `ladder` are
 * complete only without problems.
 */
export function readPresets(file: string): PresetsFile {
  const presets = new Map<string, Preset>()
  const problems: string[] = []
  let ladder: readonly number[] | null = null
  const entries = readEntries<z.output<typeof presetSchema> | number[]>(file, { schema: fileSchema, problems }) ?? []
  for (const [name, entry] of entries) {
    if (Array.isArray(entry)) {
      ladder = [...new Set(entry)].sort((a, b) => a - b)
      continue
    }
    if (!isPresetName(name)) problems.push(`${file}: ${name}: a preset's name is a-z, then a-z or 0-9, at most 32`)
    const watermark = attempt(() => (entry.watermark ? readWatermark(path.resolve(file, '..', entry.watermark)) : null))
    if ('error' in watermark) {
      problems.push(`${file}: ${name}.watermark: ${watermark.error}`)
      continue
    }
    if (2 * entry.padding >= Math.min(entry.width, entry.height)) {
      problems.push(
        `${file}: ${name}.padding: ${entry.padding} px on each side leave no room in ${entry.width} x ${entry.height}`,
      )
    }
    const definition = {
      ...entry,
      background: backgroundOf(entry.background),
      color: entry.color ?? null,
      watermark: watermark.value,
      formats: [...new Set(entry.formats)].map((format) => format.toUpperCase() as ImageFormat),
    }
    presets.set(name, { name, ...definition, recipeHash: hashRecipe(definition) })
  }
  if (presets.size === 0 && problems.length === 0) problems.push(`${file}: contains no preset`)
  return { presets, ladder: ladder ?? defaultLadder(presets), problems }
}

/** Empty if every preset has a watermark: art that is only shown watermarked must not be available without one. */
const defaultLadder = (presets: Presets): readonly number[] =>
  [...presets.values()].every(({ watermark }) => watermark !== null) ? [] : DEFAULT_LADDER

/** Reads the named entries of an operator's JSON file; null if it is invalid, with the reason added to the problems. */
export function readEntries<T>(
  file: string,
  { schema, problems }: { schema: z.ZodType<Record<string, T>>; problems: string[] },
): [string, T][] | null {
  const json = attempt(() => parseStrictly(readFileSync(file, 'utf8')))
  if ('error' in json) {
    problems.push(`${file}: ${json.error}`)
    return null
  }
  const parsed = schema.safeParse(json.value)
  if (parsed.success) return Object.entries(parsed.data)
  for (const issue of parsed.error.issues) problems.push(`${file}: ${issue.path.join('.') || 'file'}: ${issue.message}`)
  return null
}

/** Keeps recursive readers safe. */
const LIMITS = { depth: 32, values: 100_000, reported: 1 }

/** Also throws for duplicate keys, which JSON.parse accepts: the first value would be lost silently. */
function parseStrictly(text: string): unknown {
  if (text.startsWith('\ufeff')) throw new Error('begins with a byte order mark: save it as UTF-8 without one')
  const value: unknown = JSON.parse(text)
  const { depth, twice } = scanJson(text, LIMITS)
  if (depth > LIMITS.depth) throw new Error(`nests deeper than ${LIMITS.depth} levels`)
  const [pointer] = twice
  if (pointer !== undefined)
    throw new Error(`the key "${lastKeyOf(pointer)}" occurs twice in one object (${pointer}): remove one of them`)
  JSON.parse(text, (key, each) => {
    if (key === '__proto__') throw new Error('the key "__proto__" cannot be used: remove it')
    return each
  })
  return value
}

/** Reads an operator's SVG. Throws if it is invalid. */
export function readWatermark(file: string): string {
  const svg = readFileSync(file, 'utf8')
  if (svg.length > WATERMARK_MAX_BYTES) throw new Error(`${file} is larger than ${WATERMARK_MAX_BYTES} bytes`)
  if (!/<svg[\s>]/.test(svg)) throw new Error(`${file} is not an SVG`)
  return svg
}

/** Returns the result of `run`, or the message of what it throws. */
export function attempt<T>(run: () => T): { value: T } | { error: string } {
  try {
    return { value: run() }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
