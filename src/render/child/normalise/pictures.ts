import { bytesOf } from './font-faces.ts'
import { readDataUri } from './images.ts'
import { LIMITS } from './limits.ts'
import { type Element, remove, replace, type Tree } from './tree.ts'

/** Embedded pictures as they may stay; all others are left out with a warning. */
export async function embedPictures(tree: Tree): Promise<void> {
  let [allBytes, allPixels] = [0, 0]
  for (const image of tree.images) {
    const href = image.attributes.get('href')
    if (href === undefined || href.startsWith('#')) {
      if (image.name === 'image') remove(image)
      continue
    }
    if (/^data:image\/svg\+xml/i.test(href)) {
      await nestSvg(image, href, tree)
      continue
    }
    const picture = readDataUri(href)
    if (typeof picture === 'string') {
      tree.warnings.add(picture)
      remove(image)
      continue
    }
    allBytes += picture.bytes
    allPixels += picture.pixels
    if (allBytes > LIMITS.imagesBytes || allPixels > LIMITS.imagesPixels) {
      tree.warnings.add('TOO_LARGE')
      remove(image)
      continue
    }
    image.attributes.set('href', picture.uri)
    image.pixels = picture.pixels
  }
}

async function nestSvg(image: Element, href: string, tree: Tree): Promise<void> {
  const bytes = bytesOf(href)
  const nested = bytes ? await tree.nest(bytes, image).catch(() => null) : null
  if (nested) replace(image, nested)
  else {
    tree.warnings.add('PICTURE_LEFT_OUT')
    remove(image)
  }
}
