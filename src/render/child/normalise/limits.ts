import { AppError } from '../../../core/errors.ts'
import { SOURCE_BYTES_MAX } from '../../../core/limits.ts'

/**
 * Limits on a source. Each is far above the art in 243 public icon sets and below what stalls or kills resvg 0.34 (measured; the classes
 * are in test/support/hostile.ts). The renderer's time limit catches the rest.
 */
export const LIMITS = {
  sourceBytes: SOURCE_BYTES_MAX,
  /** Unpacked size of an SVGZ, checked together with its ratio: a megabyte of zeros packs to a kilobyte. */
  unpackedBytes: 20_000_000,
  unpackedRatio: 100,
  /** Each takes up to 2.5 kB until it is drawn. */
  elements: 160_000,
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
  /** Nested blocks: each level is parsed again. */
  cssDepth: 16,
  rules: 50_000,
  selectorChars: 1024,
  /** A rule's whole selector list, with nesting expanded. */
  selectorsChars: 20_000,
  /** Steps through the tree to match all selectors. */
  matchSteps: 20_000_000,
  /** Declarations that apply, over all elements. */
  declarations: 2_000_000,
  /** Characters that var() may expand to in one value, and in all values together. */
  variableChars: 65_536,
  variablesChars: 2_000_000,
  fonts: 32,
  /** HTML layouts and measured letters; a box counts each time an enclosing box lays it out. */
  htmlLayouts: 20_000,
  htmlCharacters: 50_000,
  /** Letters positioned here, in all texts together. */
  outlinedCharacters: 5000,
  fontBytes: 2_000_000,
  /** SVG within SVG within SVG. */
  nestedDocuments: 3,
  imageBytes: 8_000_000,
  imagesBytes: 12_000_000,
  /** Larger pictures are downscaled by our own decoder. */
  keptImageBytes: 1_000_000,
  imageSide: 4096,
  shrunkImageSide: 2048,
  /** As stored: what a decoder may have to hold in memory. */
  imagePixels: 33_600_000,
  /** Of all pictures together, as drawn. */
  imagesPixels: 33_600_000,
  /** References to elements that contain references: resvg overflows its stack at several thousand. */
  chain: 64,
  /** Elements on one path through containment and references. */
  nesting: 512,
  /** Elements drawn in addition to the document's own once every `use`, pattern, mask, clip and marker is multiplied out. */
  expansion: 100_000,
  /** Estimated CPU time of drawing it once at 512 px: with reading and encoding, five seconds. */
  drawingMs: 4000,
  /** Of paths and lists of points, with references multiplied out. */
  outlineChars: 30_000_000,
  cycles: 64,
  markers: 20_000,
  /** Nested groups that each allocate a canvas: 1 MB at 512 px, some of them twice. */
  layers: 100,
  filterLayers: 16,
  filterPrimitives: 100,
  octaves: 10,
  /** Engines keep the outline of each, with its caps: up to 1.5 kB. */
  dashes: 400_000,
  dashChars: 10_000,
  /** Offsets and filter regions: resvg aborts the process when an i32 overflows. */
  filterNumber: 1e6,
  side: 4096,
  ratio: 4096,
  unitMin: 1e-6,
  unitMax: 1e9,
} as const

export const tooComplex = (sentence: string): AppError => new AppError('TOO_COMPLEX', sentence)
