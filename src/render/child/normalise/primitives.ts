import { length, notNegative } from './lengths.ts'
import { number, numbers, ratio } from './numbers.ts'
import { oneOf, type Parse } from './values.ts'

/** Names of filter results, sanitised so that every parser accepts them. */
const result: Parse = (text) => {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > 200) return null
  return /^[A-Za-z_][\w.-]*$/.test(trimmed)
    ? trimmed
    : `r${trimmed.replaceAll(/\W/gu, (sign) => `_${sign.codePointAt(0)?.toString(16)}`)}`
}

const primitive = {
  in: result,
  result,
  x: length('x'),
  y: length('y'),
  width: length('x', notNegative),
  height: length('y', notNegative),
}
const light = { surfaceScale: number, ...primitive }
const point = { x: number, y: number, z: number }
const transfer = {
  type: oneOf('identity table discrete linear gamma'),
  tableValues: numbers,
  slope: number,
  intercept: number,
  amplitude: number,
  exponent: number,
  offset: number,
}
const channel = oneOf('R G B A')

/**
 * The attributes of filter primitives. Not `kernelUnitLength`: browsers ignore it, and librsvg draws at its resolution, of which a small
 * one takes any time.
 */
export const PRIMITIVES: Readonly<Record<string, Readonly<Record<string, Parse>>>> = {
  feBlend: {
    ...primitive,
    in2: result,
    mode: oneOf(
      'normal multiply screen overlay darken lighten color-dodge color-burn hard-light soft-light difference exclusion hue saturation color luminosity',
    ),
  },
  feColorMatrix: { ...primitive, type: oneOf('matrix saturate hueRotate luminanceToAlpha'), values: numbers },
  feComponentTransfer: primitive,
  feFuncA: transfer,
  feFuncB: transfer,
  feFuncG: transfer,
  feFuncR: transfer,
  feComposite: {
    ...primitive,
    in2: result,
    operator: oneOf('over in out atop xor lighter arithmetic'),
    k1: number,
    k2: number,
    k3: number,
    k4: number,
  },
  feConvolveMatrix: {
    ...primitive,
    order: numbers,
    kernelMatrix: numbers,
    divisor: number,
    bias: number,
    targetX: number,
    targetY: number,
    edgeMode: oneOf('duplicate wrap none'),
    preserveAlpha: oneOf('true false'),
  },
  feDiffuseLighting: { ...light, diffuseConstant: number },
  feSpecularLighting: { ...light, specularConstant: number, specularExponent: number },
  feDistantLight: { azimuth: number, elevation: number },
  fePointLight: point,
  feSpotLight: {
    ...point,
    pointsAtX: number,
    pointsAtY: number,
    pointsAtZ: number,
    specularExponent: number,
    limitingConeAngle: number,
  },
  feDisplacementMap: { ...primitive, in2: result, scale: number, xChannelSelector: channel, yChannelSelector: channel },
  feDropShadow: { ...primitive, stdDeviation: numbers, dx: number, dy: number },
  feFlood: primitive,
  feGaussianBlur: { ...primitive, stdDeviation: numbers, edgeMode: oneOf('duplicate wrap none') },
  feImage: { ...primitive, preserveAspectRatio: ratio },
  feMerge: primitive,
  feMergeNode: { in: result },
  feMorphology: { ...primitive, operator: oneOf('erode dilate'), radius: numbers },
  feOffset: { ...primitive, dx: number, dy: number },
  feTile: primitive,
  feTurbulence: {
    ...primitive,
    baseFrequency: numbers,
    numOctaves: number,
    seed: number,
    stitchTiles: oneOf('stitch noStitch'),
    type: oneOf('fractalNoise turbulence'),
  },
}
