import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { normalise } from '../src/render/child/normalise/normalise.ts'
import { createRenderer } from '../src/render/child/render.ts'
import { preset } from './support/presets.ts'
import { svg } from './support/setup.ts'

/** Upper half red, lower half blue, `width` x `height` px. */
const halves = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#ff0000' } }).composite([
    { input: { create: { width, height: height / 2, channels: 3, background: '#0000ff' } }, top: height / 2, left: 0 },
  ])

const uri = (bytes: Uint8Array, type: string) => `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`

/** The colours at the middle of the upper and of the lower half of a picture over the whole document. */
async function draw(image: string) {
  const source = svg(`<rect width="24" height="24" fill="#ffffff"/>${image}`)
  const render = createRenderer([preset('one', { width: 48, height: 48 })])
  const { pictures, warnings } = await render(Buffer.from(source), [{ preset: 'one', format: 'PNG' }])
  const { data } = await sharp(pictures[0]?.bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => {
    const from = (y * 48 + x) * 3
    return `#${data.subarray(from, from + 3).toString('hex')}`
  }
  return { at, warnings }
}

const name = (colour: string) => {
  const [red = 0, green = 0, blue = 0] = Buffer.from(colour.slice(1), 'hex')
  return red > 200 && blue > 200 && green > 200 ? 'white' : red > 200 ? 'red' : blue > 200 ? 'blue' : colour
}

describe('an embedded picture', () => {
  it('has the inks of a CMYK JPEG without a profile multiplied', async () => {
    const bytes = await halves(24, 24).toColourspace('cmyk').jpeg().toBuffer()
    const { at } = await draw(`<image width="24" height="24" href="${uri(bytes, 'jpeg')}"/>`)
    expect([name(at(24, 12)), name(at(24, 36))]).toEqual(['red', 'blue'])
  })

  it.each([
    ['webp', (image: Sharp) => image.webp()],
    ['avif', (image: Sharp) => image.avif()],
    ['gif', (image: Sharp) => image.gif()],
    ['jpeg', (image: Sharp) => image.jpeg()],
    ['png', (image: Sharp) => image.png()],
  ])('is drawn where it is %s', async (type, encode) => {
    const bytes = await encode(halves(16, 16)).toBuffer()
    const { at, warnings } = await draw(`<image width="24" height="24" href="${uri(bytes, type)}"/>`)
    expect([name(at(24, 12)), name(at(24, 36))]).toEqual(['red', 'blue'])
    expect(warnings).toEqual([])
  })

  it('is rotated by its EXIF orientation', async () => {
    const bytes = await halves(16, 16).jpeg().withMetadata({ orientation: 3 }).toBuffer()
    const { at } = await draw(`<image width="24" height="24" href="${uri(bytes, 'jpeg')}"/>`)
    expect([name(at(24, 12)), name(at(24, 36))]).toEqual(['blue', 'red'])
  })

  it.each([
    ['width="24"', ['red', 'blue', 'white']],
    ['height="12"', ['red', 'blue', 'white']],
    ['', ['red', 'blue', 'white']],
  ])('with the sides %s given takes the others from its own', async (sides, expected) => {
    const bytes = await halves(24, 12).png().toBuffer()
    const { at } = await draw(`<image ${sides} href="${uri(bytes, 'png')}"/>`)
    expect([at(24, 6), at(24, 18), at(24, 36)].map(name)).toEqual(expected)
  })

  it('is downscaled if it is large, and drawn', async () => {
    const bytes = await halves(6000, 60).png().toBuffer()
    const image = `<image width="24" height="24" preserveAspectRatio="none" href="${uri(bytes, 'png')}"/>`
    const { at } = await draw(image)
    expect([name(at(24, 12)), name(at(24, 36))]).toEqual(['red', 'blue'])
    const printed = /base64,([^"]+)/.exec((await normalise(Buffer.from(svg(image)))).svg)?.[1] ?? ''
    expect(await sharp(Buffer.from(printed, 'base64')).metadata()).toMatchObject({ width: 2048, height: 20 })
  })

  it.each([
    ['a PNG with a wrong checksum', 'png', (bytes: Buffer) => bytes.with(-13, (bytes.at(-13) ?? 0) ^ 1)],
    ['a PNG without its end', 'png', (bytes: Buffer) => bytes.subarray(0, -12)],
    ['a PNG that was cut off', 'png', (bytes: Buffer) => bytes.subarray(0, -20)],
    ['a JPEG that was cut off', 'jpeg', (bytes: Buffer) => bytes.subarray(0, -4)],
  ] as const)('is drawn as far as it can be read: %s', async (_name, type, damage) => {
    const bytes = await halves(16, 16).toFormat(type).toBuffer()
    const { at, warnings } = await draw(`<image width="24" height="24" href="${uri(damage(bytes), type)}"/>`)
    expect([name(at(24, 12)), warnings]).toEqual(['red', []])
  })

  it.each([
    ['bytes that are no picture', Buffer.from('hello, this is not a picture at all')],
    ['a header that lies', Buffer.concat([Buffer.from('RIFF\x1e\0\0\0WEBPVP8L'), Buffer.alloc(40, 7)])],
  ])('is left out with a warning: %s', async (_name, bytes) => {
    const { at, warnings } = await draw(`<image width="24" height="24" href="${uri(bytes, 'png')}"/>`)
    expect([name(at(24, 12)), warnings]).toEqual(['white', ['PICTURE_LEFT_OUT']])
  })

  it.each([
    ['a document without a size fits itself', '', ['white', 'red', 'white']],
    ['one with a size is fitted', 'width="4" height="4"', ['red', 'white', 'white']],
  ])('where it is %s', async (_name, size, expected) => {
    const inner = `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 4 4"><rect width="4" height="4" fill="#ff0000"/></svg>`
    const image = `<image width="8" height="24" preserveAspectRatio="xMinYMin" href="${uri(Buffer.from(inner), 'svg+xml')}"/>`
    const { at } = await draw(image)
    expect([at(8, 8), at(8, 24), at(8, 40)].map(name)).toEqual(expected)
  })
})
