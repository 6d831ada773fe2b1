import fc from 'fast-check'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import type { Raster } from '../src/render/child/pixels.ts'
import { encodeIndexed } from '../src/render/child/vp8l/encode.ts'
import { toIndexed } from '../src/render/child/vp8l/indexed.ts'

function encode(raster: Raster): Buffer | null {
  const indexed = toIndexed(raster)
  if (!indexed) throw new Error('more than 256 colours')
  return encodeIndexed(indexed)
}

async function expectExact(raster: Raster): Promise<void> {
  const bytes = encode(raster)
  const { data, info } = await sharp(bytes ?? undefined)
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  expect({ width: info.width, height: info.height }).toEqual({ width: raster.width, height: raster.height })
  expect(Buffer.compare(data, raster.pixels)).toBe(0)
}

/** A raster whose pixel at x, y has the colour of that number. Colours are distinct, every third one is partly transparent. */
function paint(
  { width, height }: { width: number; height: number },
  colourAt: (x: number, y: number) => number,
): Raster {
  const pixels = new Uint8Array(width * height * 4)
  for (let at = 0; at < width * height; at++) {
    const colour = colourAt(at % width, Math.floor(at / width))
    pixels.set([colour, (colour * 7) % 256, 255 - colour, colour % 3 === 0 ? 128 : 255], at * 4)
  }
  return { pixels, width, height }
}

const rasters = fc
  .record({
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 40 }),
    colours: fc.constantFrom(1, 2, 3, 4, 5, 16, 17, 200, 256),
    // Runs: lengths, and steps to the next colour.
    runs: fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.nat(255)), { minLength: 1, maxLength: 60 }),
    repeatsRows: fc.boolean(),
  })
  .map(({ width, height, colours, runs, repeatsRows }) => {
    const line = runs.flatMap(([length, colour]) => Array<number>(length).fill(colour % colours))
    return paint({ width, height }, (x, y) => line[((repeatsRows ? y >> 3 : y) * width + x) % line.length] ?? 0)
  })

test('whatever the picture of up to 256 colours, it decodes to the same pixels', async () => {
  await fc.assert(fc.asyncProperty(rasters, expectExact), { numRuns: 150 })
})

test.for([
  ['one pixel', { width: 1, height: 1 }, () => 0],
  ['one colour, in copies of 4,096 pixels', { width: 512, height: 512 }, () => 5],
  ['two colours, eight pixels to a byte', { width: 333, height: 200 }, (x: number, y: number) => +(x + y > 250)],
  [
    'a disc of many shades',
    { width: 200, height: 200 },
    (x: number, y: number) => Math.min(255, Math.hypot(x - 90, y - 80) | 0),
  ],
  ['rows of stripes after a blank row', { width: 64, height: 64 }, (x: number, y: number) => (y < 9 ? 0 : x % 20)],
  [
    'noise of 256 colours',
    { width: 100, height: 100 },
    (x: number, y: number) => (x * 7919 + y * 104_729 + x * x * y) & 255,
  ],
] as const)('%s decodes to the same pixels', async ([, size, colourAt]) => {
  await expectExact(paint(size, colourAt))
})

test('more than 256 colours have no palette', () => {
  const pixels = new Uint8Array(Uint32Array.from({ length: 257 }, (_, colour) => colour).buffer)
  expect(toIndexed({ pixels, width: 257, height: 1 })).toBeNull()
})

test('a picture that is too dense is left to another encoder', () => {
  const noise = (x: number, y: number) => (x * 7919 + y * 104_729 + x * x * y) & 255
  expect(encode(paint({ width: 400, height: 400 }, noise))).toBeNull()
})
