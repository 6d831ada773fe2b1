import { bytesOf } from './font-faces.ts'
import { type Picture, readPicture } from './images.ts'
import { LIMITS } from './limits.ts'
import type { Warning } from './names.ts'
import { type Element, remove, replace, type Tree } from './tree.ts'
import { print } from './values.ts'

/** Converts embedded pictures, with the size each is drawn at; unusable ones are left out with a warning. */
export async function embedPictures(tree: Tree): Promise<void> {
  const sum = { bytes: 0, pixels: 0 }
  const known = new Map<string, Promise<Picture | Warning>>()
  for (const image of tree.images) {
    const href = image.attributes.get('href')
    if (href === undefined || href.startsWith('#')) {
      if (image.name === 'image') remove(image)
      continue
    }
    const warning = /^data:image\/svg\+xml/i.test(href)
      ? await nestSvg(image, href, tree)
      : await embed(image, { href, known, sum })
    if (warning === null) continue
    tree.warnings.add(warning)
    remove(image)
  }
}

async function nestSvg(image: Element, href: string, tree: Tree): Promise<Warning | null> {
  const bytes = bytesOf(href)
  const nested = bytes ? await tree.nest(bytes, image).catch(() => null) : null
  if (!nested) return 'PICTURE_LEFT_OUT'
  replace(image, nested)
  return null
}

interface Reading {
  readonly href: string
  /** The same picture is decoded once, however often it is drawn. */
  readonly known: Map<string, Promise<Picture | Warning>>
  /** Total over all drawn pictures, each counted as often as it is drawn. */
  readonly sum: { bytes: number; pixels: number }
}

async function embed(image: Element, { href, known, sum }: Reading): Promise<Warning | null> {
  const reading = known.get(href) ?? readPicture(bytesOf(href) ?? Buffer.alloc(0))
  known.set(href, reading)
  const picture = await reading
  if (typeof picture === 'string') return picture
  sum.bytes += picture.bytes
  sum.pixels += picture.pixels
  if (sum.bytes > LIMITS.imagesBytes || sum.pixels > LIMITS.imagesPixels) return 'TOO_LARGE'
  image.attributes.set('href', picture.uri)
  image.pixels = picture.pixels
  if (image.name === 'image') resolveSides(image, picture)
  return null
}

/** A missing side follows from the picture's ratio, and two from its size (SVG 2, 12.3). Engines treat it as 0 or as 100 %. */
function resolveSides({ attributes }: Element, { width, height }: Picture): void {
  const given = { width: Number(attributes.get('width')), height: Number(attributes.get('height')) }
  if (!attributes.has('width')) {
    attributes.set('width', print(attributes.has('height') ? (given.height * width) / height : width))
  }
  if (!attributes.has('height')) {
    attributes.set('height', print(given.width > 0 ? (given.width * height) / width : height))
  }
}
