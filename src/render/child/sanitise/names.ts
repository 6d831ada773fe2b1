/** The elements that a still picture is made of. Everything else is left out with what it holds. */
export const ALLOWED: ReadonlySet<string> = new Set(
  (
    'svg g defs symbol use switch a style path rect circle ellipse line polyline polygon text tspan textPath image ' +
    'linearGradient radialGradient stop pattern clipPath mask marker filter ' +
    'feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap ' +
    'feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode ' +
    'feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence'
  ).split(' '),
)

/** Drawn only where something refers to them. */
export const DEFINITIONS: ReadonlySet<string> = new Set(
  'defs symbol clipPath mask pattern marker filter linearGradient radialGradient style'.split(' '),
)

/** White space means something in these only. */
export const HOLDS_TEXT: ReadonlySet<string> = new Set(['text', 'tspan', 'textPath', 'style'])

/** Elements whose href the engines follow. */
export const HAS_HREF: ReadonlySet<string> = new Set(
  'use image feImage linearGradient radialGradient pattern filter textPath'.split(' '),
)

/** What a document makes use of: the choice between two rasterisers rests on it. */
export type Feature =
  | 'clipPath'
  | 'filter'
  /** A filter region or offset many times the document: resvg 0.34 allocates it whole, librsvg clips it. */
  | 'filter-region'
  /** CSS functions such as `filter: blur(2px)`. */
  | 'filter-function'
  | 'gradient'
  | 'image'
  /** An embedded WebP: resvg 0.34 does not draw it. */
  | 'image-webp'
  | 'marker'
  | 'mask'
  /** `mix-blend-mode` or `isolation`. */
  | 'blend'
  | 'nested-svg'
  | 'pattern'
  | 'style'
  | 'switch'
  | 'text'
  | 'text-path'
  | 'use'
  | 'use-in-clip'

/** The feature that an element's presence is. */
export const FEATURE_OF: ReadonlyMap<string, Feature> = new Map<string, Feature>([
  ['clipPath', 'clipPath'],
  ['filter', 'filter'],
  ['linearGradient', 'gradient'],
  ['radialGradient', 'gradient'],
  ['marker', 'marker'],
  ['mask', 'mask'],
  ['pattern', 'pattern'],
  ['style', 'style'],
  ['switch', 'switch'],
  ['text', 'text'],
  ['textPath', 'text-path'],
  ['use', 'use'],
])

/** What was left out or may look different. Never a reason to refuse. */
export type Warning =
  /** Something outside of the document was asked for: a file, a URL, a picture that is not embedded as PNG etc. */
  | 'EXTERNAL_REFERENCE'
  /** Scripts, handlers or foreign content. */
  | 'SCRIPT'
  /** Movement: the preview is the first frame. */
  | 'ANIMATION'
  /** Letters that were not turned into paths: the fonts of the vendor are not here. */
  | 'TEXT'
  /** An embedded picture is larger than the limits. */
  | 'TOO_LARGE'
  /** A reference to itself, directly or not: cut. */
  | 'CYCLE'
  /** A number without visible effect at its size was brought down to one that costs less. */
  | 'CLAMPED'
