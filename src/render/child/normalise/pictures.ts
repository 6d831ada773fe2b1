import { type Picture, readPicture } from './images.ts'
import { LIMITS } from './limits.ts'
import type { Warning } from './names.ts'
import { type Element, remove, type Tree } from './tree.ts'
import { print } from './values.ts'

/** Embedded pictures as they may stay, each with the size it is drawn at; all others are left out with a warning. */
export async function embedPictures(tree: Tree): Promise<void> {
  const sum = { bytes: 0, pixels: 0 }
  const known = new Map<string, Promise<Picture | Warning>>()
  for (const image of tree.images) {
    const href = image.attributes.get('href')
    if (href === undefined || href.startsWith('#')) {
      if (image.name === 'image') remove(image)
      continue
    }
    const reading = known.get(href) ?? readPicture(bytesOf(href) ?? Buffer.alloc(0))
    known.set(href, reading)
    const picture = await reading
    const warning = typeof picture === 'string' ? picture : isTooMuch(picture, sum) ? 'TOO_LARGE' : null
    if (typeof picture === 'string' || warning !== null) {
      tree.warnings.add(warning ?? 'PICTURE_LEFT_OUT')
      remove(image)
      continue
    }
    image.attributes.set('href', picture.uri)
    image.pixels = picture.pixels
    if (image.name === 'image') settleSides(image, picture)
  }
}

/** Counts a picture that is drawn, also one that was drawn before. */
function isTooMuch({ bytes, pixels }: Picture, sum: { bytes: number; pixels: number }): boolean {
  sum.bytes += bytes
  sum.pixels += pixels
  return sum.bytes > LIMITS.imagesBytes || sum.pixels > LIMITS.imagesPixels
}

/** A side that is not given follows the picture's ratio, and both its size: SVG 2, 12.3. Engines take it for none, or for all. */
function settleSides({ attributes }: Element, { width, height }: Picture): void {
  const given = { width: Number(attributes.get('width')), height: Number(attributes.get('height')) }
  if (!attributes.has('width')) {
    attributes.set('width', print(attributes.has('height') ? (given.height * width) / height : width))
  }
  if (!attributes.has('height')) {
    attributes.set('height', print(given.width > 0 ? (given.width * height) / width : height))
  }
}

/** What a data URI holds; null for any other address. */
function bytesOf(address: string): Buffer | null {
  const comma = address.indexOf(',')
  if (comma < 0 || comma > 300 || !/^data:[^,]*;\s*base64\s*$/i.test(address.slice(0, comma))) return null
  return Buffer.from(address.slice(comma + 1).replaceAll(/%([\da-f]{2})/gi, decodePercent), 'base64')
}

const decodePercent = (_: string, code: string) => String.fromCharCode(Number.parseInt(code, 16))
