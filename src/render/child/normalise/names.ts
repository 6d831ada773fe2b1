/** The elements that are printed. All others are left out with their content. */
export const PRINTED: ReadonlySet<string> = new Set(
  (
    'svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath image ' +
    'linearGradient radialGradient stop pattern clipPath mask marker filter ' +
    'feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap ' +
    'feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feImage feMerge feMergeNode ' +
    'feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile feTurbulence'
  ).split(' '),
)

/** Read by the normaliser, then removed. */
export const READ: ReadonlySet<string> = new Set([
  ...PRINTED,
  ...'a style switch foreignObject animate animateTransform animateMotion mpath animateColor set'.split(' '),
])

/** Drawn only when referenced. */
export const DEFINITIONS: ReadonlySet<string> = new Set(
  'defs symbol clipPath mask pattern marker filter linearGradient radialGradient'.split(' '),
)

export const SHAPES: ReadonlySet<string> = new Set('path rect circle ellipse line polyline polygon'.split(' '))

/** Attributes that move to a group that replaces or contains an element. */
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

/** The only elements in which white space is significant. */
export const HOLDS_TEXT: ReadonlySet<string> = new Set(['text', 'tspan', 'textPath', 'a', 'style'])

/** What a document uses; the choice of the engine depends on it. */
export type Feature =
  /** A blur with its own subregion. */
  | 'blur-region'
  /** A clip path in bounding-box units, with several shapes and the even-odd rule, or with clipped shapes. */
  | 'clip-complex'
  | 'clipPath'
  | 'filter'
  /** `feImage`. */
  | 'filter-image'
  /** A filter region or offset many times the document: resvg 0.34 allocates all of it, librsvg clips it. */
  | 'filter-region'
  | 'gradient'
  | 'image'
  | 'mask'
  /** `mix-blend-mode` or `isolation`. */
  | 'blend'
  | 'morphology'
  | 'nested-svg'
  | 'opacity'
  | 'paint-order'
  | 'pattern'
  | 'pattern-view-box'
  | 'text'
  /** `textLength`, lists of positions, `rotate` or `word-spacing`. */
  | 'text-length'
  | 'text-path'
  | 'use'
  | 'use-in-clip'
  | 'vector-effect'

/** The feature that the presence of an element implies. */
export const FEATURE_OF: ReadonlyMap<string, Feature> = new Map<string, Feature>([
  ['clipPath', 'clipPath'],
  ['filter', 'filter'],
  ['feImage', 'filter-image'],
  ['feMorphology', 'morphology'],
  ['image', 'image'],
  ['linearGradient', 'gradient'],
  ['radialGradient', 'gradient'],
  ['mask', 'mask'],
  ['pattern', 'pattern'],
  ['text', 'text'],
  ['textPath', 'text-path'],
  ['use', 'use'],
])

/** What was left out or may look different. Never a reason to refuse a document. */
export type Warning =
  /** A reference to something outside of the document: a file or URL. */
  | 'EXTERNAL_REFERENCE'
  /** Scripts and event handlers. */
  | 'SCRIPT'
  /** HTML in the document that could not be drawn. */
  | 'FOREIGN_OBJECT'
  /** Animation: the preview is the first frame, or the last if the first shows nothing. */
  | 'ANIMATION'
  /** Text that was not converted to paths: the vendor's fonts are not available here. */
  | 'TEXT'
  /** A letter that none of the bundled fonts has is drawn as a box. */
  | 'MISSING_GLYPH'
  /** An embedded picture that is invalid, of an unknown type or beyond the limits was left out. */
  | 'PICTURE_LEFT_OUT'
  /** An embedded picture is larger than the limits. */
  | 'TOO_LARGE'
  /** A direct or indirect reference to itself was cut. */
  | 'CYCLE'
  /** A number was clamped where the difference is not visible. */
  | 'CLAMPED'
  /** An invalid colour. */
  | 'UNKNOWN_COLOR'
  /** A rule or declaration of a style sheet was not understood, or is for another medium. */
  | 'RULE_DROPPED'
  /** A reference to a missing element. */
  | 'DEAD_REFERENCE'
