import { AppError } from '../../../core/errors.ts'
import { SOURCE_BYTES_MAX } from '../../../core/limits.ts'

/**
 * What a source may ask of us. Each limit is far above the art in 243 public icon sets and below what stalls or kills
 * resvg 0.34 (measured; the classes are in test/support/hostile.ts). The renderer's time limit catches what is left.
 */
export const LIMITS = {
  sourceBytes: SOURCE_BYTES_MAX,
  /** Of an SVGZ, together with its ratio: a megabyte of zeros packs to a kilobyte. */
  unpackedBytes: 20_000_000,
  unpackedRatio: 100,
  elements: 100_000,
  depth: 256,
  attributesPerElement: 512,
  attributes: 1_000_000,
  doctypeChars: 256 * 1024,
  entities: 64,
  entityChars: 1024,
  /** Text that entity references may add to the whole document. */
  expandedChars: 1_000_000,
  pathChars: 4_000_000,
  pathSegments: 200_000,
  cssChars: 1_000_000,
  /** Selectors times elements: both engines try each on each. */
  cssMatches: 50_000_000,
  selectorChars: 1024,
  imageBytes: 1_000_000,
  imagesBytes: 4_000_000,
  imageSide: 4096,
  imagePixels: 16_800_000,
  imagesPixels: 33_600_000,
  /** References that lead to references: resvg overflows its stack at some thousands. */
  chain: 64,
  /** Elements on one path through containment and references. */
  nesting: 512,
  /** Elements drawn after every `use`, pattern, mask, clip and marker is multiplied out. */
  expansion: 100_000,
  cycles: 64,
  /** Nested groups that each take a canvas: 1 MB at 512 px, some of them twice. */
  layers: 100,
  filterLayers: 16,
  filterPrimitives: 100,
  octaves: 10,
  dashes: 1_000_000,
  dashChars: 10_000,
  /** Offsets and filter regions: i32 overflows in resvg abort its process. */
  filterNumber: 1e6,
  side: 4096,
  ratio: 4096,
  unitMin: 1e-6,
  unitMax: 1e9,
} as const

export const tooComplex = (sentence: string): AppError => new AppError('TOO_COMPLEX', sentence)
