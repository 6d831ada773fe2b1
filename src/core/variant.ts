import { createHash } from 'node:crypto'
import type { PresetFields } from './preset-fields.ts'

/** The vocabulary of pictures: presets and recipes, and the keys of sources, variants and composites, printed and parsed. Pure. */

export const ITEM_KINDS = ['ICON', 'ILLUSTRATION'] as const
export type ItemKind = (typeof ITEM_KINDS)[number]

export const IMAGE_FORMATS = ['WEBP', 'AVIF', 'PNG'] as const
export type ImageFormat = (typeof IMAGE_FORMATS)[number]

/** Increment when the same source and preset produce different bytes: every variant is then stale. */
export const RENDERER_VERSION = '3'

/** A named size and look of pictures. */
export interface Preset extends PresetFields {
  readonly name: string
  /** The formats offered; the first is a backfill's default. */
  readonly formats: readonly ImageFormat[]
  /** False: made only on request, or by a backfill that names it. */
  readonly backfill: boolean
  /** Fingerprint of everything that determines the pixels: it changes with the preset. */
  readonly recipeHash: string
}
export type Presets = ReadonlyMap<string, Preset>

/**
 * Hash of a preset's full definition, including any future fields. Formats and `backfill` are left out: changing them makes no variant
 * stale. A new field must be null if a preset does not use it, so that existing URLs do not change.
 */
export function hashRecipe({ formats: _, backfill: __, ...preset }: Omit<Preset, 'name' | 'recipeHash'>): string {
  // In the order of the first version, whose URLs are in use; later fields follow by name.
  const { width, height, background, padding, fit, color, watermark, encoding, ...further } = preset
  const later = Object.entries(further)
    .filter(([, value]) => (value ?? null) !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const first = [RENDERER_VERSION, width, height, background, padding, fit, color, watermark, encoding]
  const definition = [...first, ...later]
  return createHash('sha256').update(JSON.stringify(definition)).digest('hex')
}

/** Fingerprint of an original whose bytes are known. */
export const hashSource = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const MIME_TYPES = { WEBP: 'image/webp', AVIF: 'image/avif', PNG: 'image/png' } as const
export const mimeTypeOf = (format: ImageFormat): string => MIME_TYPES[format]
/** The type of a stored placeholder: PNG starts with 0x89, WebP with RIFF. */
export const placeholderTypeOf = (bytes: Uint8Array): string => MIME_TYPES[bytes[0] === 0x89 ? 'PNG' : 'WEBP']

/**
 * Fingerprint of an original that is only known from a store's listing. An ETag is the MD5 of the bytes at best, and an opaque value if
 * the object was encrypted or uploaded in parts; it changes when the bytes do.
 */
export const hashListed = ({ etag, bytes }: { etag: string; bytes: number }): string => `etag:${etag}:${bytes}`
export const isListedHash = (sourceHash: string): boolean => sourceHash.startsWith('etag:')

/** Whether these can be the bytes with this fingerprint; for a listed one only the size can be compared. */
export const matchesSource = (bytes: Uint8Array, sourceHash: string): boolean =>
  isListedHash(sourceHash) ? sourceHash.endsWith(`:${bytes.length}`) : hashSource(bytes) === sourceHash

// ---- keys: a closed regular language, so that no `..`, NUL, backslash or percent sign ever reaches a store ----

const VENDOR = '[A-Za-z0-9][A-Za-z0-9_-]{0,63}'
const UNIQUE_ID = '[A-Z0-9]{12}'
const SLUG = '[A-Za-z0-9][A-Za-z0-9_-]{0,127}'
const PRESET = '[a-z][a-z0-9]{0,31}'
/** The characters of a transform's segment; preset names have no underscore. transform.ts parses it. */
const TRANSFORM = 't(?:_[a-z0-9]{1,10}){1,6}'
const LAYOUT = '[a-z][a-z0-9-]{0,31}'
const VERSION = '[a-z2-7]{16}'

const whole = (pattern: string) => new RegExp(`^${pattern}$`)
export const isVendorUsername = (text: string): boolean => whole(VENDOR).test(text)
export const isUniqueId = (text: string): boolean => whole(UNIQUE_ID).test(text)
/** Derives a 12-character id [A-Z2-7] (60 bits) from a text, so that imports are idempotent. */
export function uniqueIdOf(text: string): string {
  const digest = createHash('sha256').update(text).digest()
  return Array.from(digest.subarray(0, 12), (byte) => ID_ALPHABET[byte & 31]).join('')
}
const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export const isSlug = (text: string): boolean => whole(SLUG).test(text)
/** The display name of an item: `arrow-left` -> `Arrow left`. */
export function nameOf(slug: string): string {
  const words = slug.replaceAll(/[-_]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const isPresetName = (text: string): boolean => whole(PRESET).test(text)
export const isLayoutName = (text: string): boolean => whole(LAYOUT).test(text)

const FOLDERS = { ICON: 'icons', ILLUSTRATION: 'illustrations' } as const
const kindOf = (folder: string | undefined): ItemKind => (folder === 'icons' ? 'ICON' : 'ILLUSTRATION')

/** The key of an original: `{vendor}/{icons|illustrations}/{FAMILY}/{SET}/{slug}.svg`. */
export interface SourcePath {
  readonly vendor: string
  readonly kind: ItemKind
  readonly family: string
  readonly iconSet: string
  readonly slug: string
}

const STEM = `(${VENDOR})/(icons|illustrations)/(${UNIQUE_ID})/(${UNIQUE_ID})/(${SLUG})`
const SOURCE_KEY = whole(`${STEM}\\.svg`)
const ORIGINAL_KEY = whole(`${STEM}\\.([0-9a-f]{32})\\.svg`)
const VARIANT_KEY = whole(`${STEM}-(${PRESET}|${TRANSFORM})(?:\\.(${VERSION}))?\\.(webp|avif|png)`)

/** Folders of a family's composites, in the current grammar and the older one. */
const COMPOSITE_FOLDERS = ['previews', 'preview'] as const
const COMPOSITE_KEY = new RegExp(`^${VENDOR}/(?:${COMPOSITE_FOLDERS.join('|')})/${UNIQUE_ID}/`)

/** Whether the key is that of a composite. */
export const isCompositeKey = (key: string): boolean => COMPOSITE_KEY.test(key)

const printStem = (at: SourcePath) => `${at.vendor}/${FOLDERS[at.kind]}/${at.family}/${at.iconSet}/${at.slug}`

export const printSourceKey = (path: SourcePath): string => `${printStem(path)}.svg`

/** Parses an original's key; null if the text is not one. */
export function parseSourceKey(key: string): SourcePath | null {
  const match = SOURCE_KEY.exec(key)
  if (!match) return null
  const [, vendor = '', folder, family = '', iconSet = '', slug = ''] = match
  return { vendor, kind: kindOf(folder), family, iconSet, slug }
}

/**
 * The key of an original from an upload: `{stem}.{first 32 of its SHA-256}.svg`, so that it can be stored before anything refers to it,
 * and the previous one remains until then.
 */
export interface OriginalPath extends SourcePath {
  readonly hash: string
}

const ORIGINAL_HASH_CHARS = 32
export const printOriginalKey = (path: SourcePath, sourceHash: string): string =>
  `${printStem(path)}.${sourceHash.slice(0, ORIGINAL_HASH_CHARS)}.svg`

/** Parses such a key; null if the text is not one. */
export function parseOriginalKey(key: string): OriginalPath | null {
  const match = ORIGINAL_KEY.exec(key)
  if (!match) return null
  const [, vendor = '', folder, family = '', iconSet = '', slug = '', hash = ''] = match
  return { vendor, kind: kindOf(folder), family, iconSet, slug, hash }
}

/** The key of an uploaded archive in the originals store: no item's key has so few parts. */
export const UPLOADS_PREFIX = 'uploads/'
export const printUploadKey = (id: number): string => `${UPLOADS_PREFIX}${id}.zip`
/** The upload's id; null if the text is not such a key. */
export function parseUploadKey(key: string): number | null {
  const [, id] = /^uploads\/([1-9]\d{0,8})\.zip$/.exec(key) ?? []
  return id === undefined ? null : Number(id)
}

/** The common prefix of the keys of an item's variants. A longer slug may share it: parse the keys that are found. */
export const variantPrefixOf = (path: SourcePath): string => `${printStem(path)}-`

/** The folders that contain every key of a vendor, of its family, or of the family's set. */
export const foldersOf = {
  vendor: ({ vendor }: Pick<SourcePath, 'vendor'>): string[] => [`${vendor}/`],
  family: ({ vendor, family }: Pick<SourcePath, 'vendor' | 'family'>): string[] =>
    [...Object.values(FOLDERS), ...COMPOSITE_FOLDERS].map((folder) => `${vendor}/${folder}/${family}/`),
  iconSet: ({ vendor, kind, family, iconSet }: Omit<SourcePath, 'slug'>): string[] => [
    `${vendor}/${FOLDERS[kind]}/${family}/${iconSet}/`,
  ],
} as const

/** The key of a variant: `{stem}-{preset}.{version}.{ext}`. Without a version it is the stable alias. */
export interface VariantPath extends SourcePath {
  /** A preset's name, or a transform's segment. */
  readonly preset: string
  readonly version: string | null
  readonly format: ImageFormat
}

/** The inverse of parseVariantKey. */
export function printVariantKey(path: VariantPath): string {
  const version = path.version === null ? '' : `.${path.version}`
  return `${printStem(path)}-${path.preset}${version}.${path.format.toLowerCase()}`
}

/** Like printVariantKey, for a source key known to be valid: a page prints hundreds. */
export const printVariantKeyOf = (
  sourceKey: string,
  { preset, version, format }: Pick<VariantPath, 'preset' | 'version' | 'format'>,
): string =>
  `${sourceKey.slice(0, -'.svg'.length)}-${preset}${version === null ? '' : `.${version}`}${EXTENSIONS[format]}`

const EXTENSIONS = { WEBP: '.webp', AVIF: '.avif', PNG: '.png' } as const

/** Parses a variant's key or its stable alias; null if the text is neither. */
export function parseVariantKey(key: string): VariantPath | null {
  const match = VARIANT_KEY.exec(key)
  if (!match) return null
  const [, vendor = '', folder, family = '', iconSet = '', slug = '', preset = '', version = null, format = ''] = match
  const source = { vendor, kind: kindOf(folder), family, iconSet, slug }
  return { ...source, preset, version, format: format.toUpperCase() as ImageFormat }
}

/** The key of a family's composite: `{vendor}/previews/{FAMILY}/{layout}.{version}.{ext}`. Without a version it is the stable alias. */
export interface CompositePath {
  readonly vendor: string
  readonly family: string
  readonly layout: string
  readonly version: string | null
  readonly format: ImageFormat
}

const COMPOSITE = whole(`(${VENDOR})/previews/(${UNIQUE_ID})/(${LAYOUT})(?:\\.(${VERSION}))?\\.(webp|avif|png)`)

/** The folder of a family's composites. */
export const compositeFolderOf = ({ vendor, family }: Pick<CompositePath, 'vendor' | 'family'>): string =>
  `${vendor}/previews/${family}/`

/** The inverse of parseCompositeKey. */
export function printCompositeKey(path: CompositePath): string {
  const version = path.version === null ? '' : `.${path.version}`
  return `${compositeFolderOf(path)}${path.layout}${version}.${path.format.toLowerCase()}`
}

/** Parses a composite's key or its stable alias; null if the text is neither. */
export function parseCompositeKey(key: string): CompositePath | null {
  const match = COMPOSITE.exec(key)
  if (!match) return null
  const [, vendor = '', family = '', layout = '', version = null, format = ''] = match
  return { vendor, family, layout, version, format: format.toUpperCase() as ImageFormat }
}
