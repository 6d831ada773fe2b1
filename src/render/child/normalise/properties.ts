import { colour } from './colours.ts'
import { type Axis, length, notNegative, share } from './lengths.ts'
import {
  background,
  dashes,
  decoration,
  fontFamily,
  fontSize,
  fontStretch,
  fontWeight,
  functions,
  miter,
  names,
  orWord,
  paint,
  paintOrder,
  pathOf,
  reference,
  verbatim,
} from './property-values.ts'
import { isTransform } from './transform-list.ts'
import { oneOf, type Parse } from './values.ts'

export interface Property {
  readonly parse: Parse
  readonly isInherited: boolean
  /** Printed for `initial`; undefined: nothing is printed. */
  readonly initial?: string
  /** Not read from an attribute: in browsers it exists in CSS only. */
  readonly isCssOnly?: boolean
  /** Kept in `extra` for a later step, not printed. */
  readonly isExtra?: boolean
}

const inherit = (parse: Parse, initial?: string): Property => ({
  parse,
  isInherited: true,
  ...(initial === undefined ? {} : { initial }),
})
const own = (parse: Parse, initial?: string): Property => ({ ...inherit(parse, initial), isInherited: false })
const extra = (parse: Parse, more: Partial<Property> = {}): Property => ({
  parse,
  isInherited: false,
  isExtra: true,
  ...more,
})
const css = { isCssOnly: true }

const position = (axis: Axis) => own(orWord('auto', length(axis)), '0')
const extent = (axis: Axis) => own(orWord('auto', length(axis, notNegative)), 'auto')
const word = oneOf

const marker = inherit(reference('marker'), 'none')

/** Every property that is resolved. Others are not printed. */
export const PROPERTIES: Readonly<Record<string, Property>> = {
  fill: inherit(paint, '#000000'),
  stroke: inherit(paint, 'none'),
  color: inherit(colour, '#000000'),
  'fill-opacity': inherit(share, '1'),
  'stroke-opacity': inherit(share, '1'),
  'fill-rule': inherit(word('nonzero evenodd'), 'nonzero'),
  'clip-rule': inherit(word('nonzero evenodd'), 'nonzero'),
  'stroke-width': inherit(length('other', notNegative), '1'),
  'stroke-linecap': inherit(word('butt round square'), 'butt'),
  'stroke-linejoin': inherit(
    orWord('miter round bevel', (text) => (/^\s*(?:arcs|miter-clip)\s*$/.test(text) ? 'miter' : null)),
    'miter',
  ),
  'stroke-miterlimit': inherit(miter, '4'),
  'stroke-dasharray': inherit(dashes, 'none'),
  'stroke-dashoffset': inherit(length('other'), '0'),
  'marker-start': marker,
  'marker-mid': marker,
  'marker-end': marker,
  'paint-order': inherit(paintOrder, 'normal'),
  visibility: inherit(word('visible hidden collapse'), 'visible'),
  'shape-rendering': inherit(word('auto optimizeSpeed crispEdges geometricPrecision'), 'auto'),
  'text-rendering': inherit(word('auto optimizeSpeed optimizeLegibility geometricPrecision'), 'auto'),
  'image-rendering': inherit(
    orWord('auto optimizeQuality smooth crisp-edges pixelated', (text) =>
      /^\s*optimizespeed\s*$/i.test(text) ? 'auto' : null,
    ),
    'auto',
  ),
  'color-interpolation': inherit(word('auto sRGB linearRGB'), 'sRGB'),
  'color-interpolation-filters': inherit(word('auto sRGB linearRGB'), 'linearRGB'),
  'font-family': inherit(fontFamily, 'serif'),
  'font-size': inherit(fontSize, '16'),
  'font-style': inherit((text) => word('normal italic oblique')(text.trim().split(/\s/, 1)[0] ?? ''), 'normal'),
  'font-weight': inherit(fontWeight, 'normal'),
  'font-variant': inherit(
    orWord('normal small-caps', (text) => (text.includes('small-caps') ? 'small-caps' : 'normal')),
    'normal',
  ),
  'font-stretch': inherit(fontStretch, 'normal'),
  'text-anchor': inherit(word('start middle end'), 'start'),
  direction: inherit(word('ltr rtl'), 'ltr'),
  'writing-mode': inherit(word('horizontal-tb vertical-rl vertical-lr lr lr-tb rl rl-tb tb tb-rl'), 'horizontal-tb'),
  'letter-spacing': inherit(orWord('normal', length('em')), 'normal'),
  'word-spacing': inherit(orWord('normal', length('em')), 'normal'),
  'dominant-baseline': inherit(
    word(
      'auto text-bottom alphabetic ideographic middle central mathematical hanging text-top text-before-edge text-after-edge use-script no-change reset-size',
    ),
    'auto',
  ),
  'white-space': inherit(word('normal pre nowrap pre-wrap pre-line break-spaces'), 'normal'),
  'text-transform': { ...inherit(word('none uppercase lowercase capitalize'), 'none'), ...css },

  opacity: own(share),
  display: own(orWord('none inline', (text) => (/^\s*[a-z-]+(?:\s[a-z-]+)?\s*$/i.test(text) ? 'inline' : null))),
  overflow: own((text) => word('visible hidden scroll auto clip')(text.trim().split(/\s/, 1)[0] ?? ''), 'visible'),
  'clip-path': extra(functions),
  mask: extra(functions),
  'mask-image': extra(functions, css),
  filter: extra(functions),
  'mask-type': own(word('luminance alpha')),
  'stop-color': own(colour, '#000000'),
  'stop-opacity': own(share),
  'flood-color': own(colour, '#000000'),
  'flood-opacity': own(share),
  'lighting-color': own(colour, '#ffffff'),
  'mix-blend-mode': {
    ...own(
      word(
        'normal multiply screen overlay darken lighten color-dodge color-burn hard-light soft-light difference exclusion hue saturation color luminosity',
      ),
    ),
    ...css,
  },
  isolation: { ...own(word('auto isolate')), ...css },
  'vector-effect': own(word('none non-scaling-stroke')),
  'text-decoration': own(decoration),
  'unicode-bidi': own(word('normal embed isolate bidi-override isolate-override plaintext')),
  'baseline-shift': own(orWord('baseline sub super', length('em'))),
  'alignment-baseline': own(
    word(
      'auto baseline before-edge text-before-edge middle central after-edge text-after-edge ideographic alphabetic hanging mathematical',
    ),
  ),

  transform: extra((text) => (text === 'none' || isTransform(text) ? text : null)),
  'transform-origin': extra(verbatim),
  'transform-box': extra(word('content-box border-box fill-box stroke-box view-box'), css),
  translate: extra(verbatim, css),
  rotate: extra(verbatim, css),
  scale: extra(verbatim, css),
  'offset-path': extra(functions, css),
  'offset-distance': extra(verbatim, css),
  'offset-rotate': extra(verbatim, css),
  'background-color': extra(background, css),
  'background-image': extra(functions, css),
  'border-radius': extra(verbatim, css),
  animation: extra(verbatim, css),
  'animation-name': extra(verbatim, css),
  'animation-duration': extra(verbatim, css),
  'animation-delay': extra(verbatim, css),
  'animation-direction': extra(verbatim, css),
  'animation-fill-mode': extra(verbatim, css),
  'animation-iteration-count': extra(verbatim, css),

  d: { ...own((text) => pathOf(text)), ...css },
  x: position('x'),
  y: position('y'),
  width: extent('x'),
  height: extent('y'),
  cx: position('x'),
  cy: position('y'),
  r: own(length('other', notNegative), '0'),
  rx: extent('x'),
  ry: extent('y'),
}

/** Inherited properties with their initial values. */
export const INHERITED: readonly (readonly [name: string, initial: string])[] = Object.entries(PROPERTIES).flatMap(
  ([name, { isInherited, initial }]) => (isInherited && initial !== undefined ? [[name, initial] as const] : []),
)

/** Geometry properties of elements that CSS may size and position. Chromium does not apply them to a `use`. */
export const PLACED: Readonly<Record<string, ReadonlySet<string>>> = {
  x: names('svg symbol use image rect foreignObject'),
  y: names('svg symbol use image rect foreignObject'),
  width: names('svg symbol image rect foreignObject'),
  height: names('svg symbol image rect foreignObject'),
  cx: names('circle ellipse'),
  cy: names('circle ellipse'),
  r: names('circle'),
  rx: names('rect ellipse'),
  ry: names('rect ellipse'),
  d: names('path'),
}
