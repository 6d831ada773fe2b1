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
  elements: 250_000,
  depth: 256,
  attributesPerElement: 512,
  attributes: 1_000_000,
  doctypeChars: 256 * 1024,
  entities: 4096,
  entityDepth: 32,
  /** Text that entity references may add to the whole document. */
  expandedChars: 1_000_000,
  pathChars: 12_000_000,
  pathSegments: 1_200_000,
  cssChars: 1_000_000,
  /** Blocks in blocks: each level is looked at again. */
  cssDepth: 16,
  rules: 50_000,
  selectorChars: 1024,
  /** Of a rule's whole list, nesting written out. */
  selectorsChars: 20_000,
  /** Steps through the tree that matching all selectors takes together. */
  matchSteps: 20_000_000,
  /** Declarations that apply, all elements together. */
  declarations: 2_000_000,
  /** Characters that var() may make of a value, and all of them together. */
  variableChars: 65_536,
  variablesChars: 2_000_000,
  fonts: 32,
  /** Letters that are set here, of all texts together. */
  outlinedCharacters: 5000,
  fontBytes: 2_000_000,
  /** SVG in SVG in SVG. */
  nestedDocuments: 3,
  imageBytes: 8_000_000,
  imagesBytes: 12_000_000,
  /** Larger pictures are shrunk, in a decoder of our own. */
  keptImageBytes: 1_000_000,
  imageSide: 4096,
  shrunkImageSide: 2048,
  /** As stored: what a decoder may have to hold. */
  imagePixels: 33_600_000,
  /** Of all pictures together as they are drawn. */
  imagesPixels: 33_600_000,
  /** References that lead to references: resvg overflows its stack at some thousands. */
  chain: 64,
  /** Elements on one path through containment and references. */
  nesting: 512,
  /** Elements drawn beside the document's own once every `use`, pattern, mask, clip and marker is multiplied out. */
  expansion: 100_000,
  cycles: 64,
  markers: 20_000,
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
