import { thumbHashToRGBA } from 'thumbhash'

const SIDE = 8

/** A picture at a glance, decoded from a ThumbHash in base64: 8 x 8 means of premultiplied RGBA, 0 to 255, and its aspect ratio. */
export function decodeAppearance(thumbHash: string): Float32Array {
  const { w, h, rgba } = thumbHashToRGBA(Buffer.from(thumbHash, 'base64'))
  const means = new Float32Array(SIDE * SIDE * 4 + 1)
  const counts = new Uint16Array(SIDE * SIDE)
  for (let pixel = 0; pixel < w * h; pixel++) {
    const [x, y] = [pixel % w, Math.floor(pixel / w)]
    const cell = Math.floor((y * SIDE) / h) * SIDE + Math.floor((x * SIDE) / w)
    counts[cell] = (counts[cell] ?? 0) + 1
    const alpha = rgba[pixel * 4 + 3] ?? 0
    for (let channel = 0; channel < 4; channel++) {
      const value = channel === 3 ? alpha : ((rgba[pixel * 4 + channel] ?? 0) * alpha) / 255
      means[cell * 4 + channel] = (means[cell * 4 + channel] ?? 0) + value
    }
  }
  for (let at = 0; at < means.length - 1; at++) means[at] = (means[at] ?? 0) / Math.max(counts[at >> 2] ?? 0, 1)
  // Pictures whose ratios differ by a step, about an eighth, are different.
  means[means.length - 1] = (Math.log(w / h) * 255 * SIDE * 2) | 0
  return means
}

/** Mean squared difference of two appearances; stops early beyond `max`. */
export function appearanceDifference(a: Float32Array, b: Float32Array, max = Number.POSITIVE_INFINITY): number {
  const limit = max * a.length
  let sum = 0
  for (let at = 0; at < a.length && sum <= limit; at++) sum += ((a[at] ?? 0) - (b[at] ?? 0)) ** 2
  return sum / a.length
}
