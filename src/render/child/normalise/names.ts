/** The elements that are printed. Everything else is left out with what it holds. */
export const PRINTED: ReadonlySet<string> = new Set(
  (
    'svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath image ' +
    'linearGradient radialGradient stop pattern clipPath mask marker filter ' +
    'feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap ' +
    'feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode ' +
    'feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence'
  ).split(' '),
)

/** Read for what they say, then gone. */
export const READ: ReadonlySet<string> = new Set([
  ...PRINTED,
  ...'a style switch foreignObject animate animateTransform animateMotion animateColor set'.split(' '),
])

/** Drawn only where something refers to them. */
export const DEFINITIONS: ReadonlySet<string> = new Set(
  'defs symbol clipPath mask pattern marker filter linearGradient radialGradient'.split(' '),
)

export const SHAPES: ReadonlySet<string> = new Set('path rect circle ellipse line polyline polygon'.split(' '))

/** What an element hands to a group that takes its place or holds it. */
export const OF_GROUP = [
  'transform',
  'opacity',
  'clip-path',
  'mask',
  'filter',
  'display',
  'mix-blend-mode',
  'isolation',
] as const

/** White space means something in these only. */
export const HOLDS_TEXT: ReadonlySet<string> = new Set(['text', 'tspan', 'textPath', 'a', 'style'])

/** What a document makes use of: the choice between the rasterisers rests on it. */
export type Feature =
  | 'clipPath'
  | 'filter'
  /** A filter region or offset many times the document: resvg 0.34 allocates it whole, librsvg clips it. */
  | 'filter-region'
  | 'gradient'
  | 'image'
  | 'mask'
  /** `mix-blend-mode` or `isolation`. */
  | 'blend'
  | 'nested-svg'
  | 'opacity'
  | 'paint-order'
  | 'pattern'
  | 'text'
  /** `textLength`, lists of positions, `rotate` or `word-spacing`. */
  | 'text-length'
  | 'text-path'
  | 'use'
  | 'use-in-clip'
  | 'vector-effect'

/** The feature that an element's presence is. */
export const FEATURE_OF: ReadonlyMap<string, Feature> = new Map<string, Feature>([
  ['clipPath', 'clipPath'],
  ['filter', 'filter'],
  ['image', 'image'],
  ['linearGradient', 'gradient'],
  ['radialGradient', 'gradient'],
  ['mask', 'mask'],
  ['pattern', 'pattern'],
  ['text', 'text'],
  ['textPath', 'text-path'],
  ['use', 'use'],
])

/** What was left out or may look different. Never a reason to refuse. */
export type Warning =
  /** Something outside of the document was asked for: a file, a URL. */
  | 'EXTERNAL_REFERENCE'
  /** Scripts and handlers. */
  | 'SCRIPT'
  /** HTML in the document that could not be drawn. */
  | 'FOREIGN_OBJECT'
  /** Movement: the preview is the first frame, or the last where that shows nothing. */
  | 'ANIMATION'
  /** Letters that were not turned into paths: the fonts of the vendor are not here. */
  | 'TEXT'
  /** An embedded picture that is none, of an unknown kind, or beyond the limits was left out. */
  | 'PICTURE_LEFT_OUT'
  /** An embedded picture is larger than the limits. */
  | 'TOO_LARGE'
  /** A reference to itself, directly or not: cut. */
  | 'CYCLE'
  /** A number without visible effect at its size was brought down to one that costs less. */
  | 'CLAMPED'
  /** A colour that no browser knows. */
  | 'UNKNOWN_COLOR'
  /** A rule or declaration of a style sheet was not understood, or is for another medium. */
  | 'RULE_DROPPED'
  /** A reference to nothing. */
  | 'DEAD_REFERENCE'
