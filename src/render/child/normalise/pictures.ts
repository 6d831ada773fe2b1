import { readDataUri } from './images.ts'
import { LIMITS } from './limits.ts'
import { remove, type Tree } from './tree.ts'

/** Embedded pictures as they may stay; all others are left out with a warning. */
export async function embedPictures(tree: Tree): Promise<void> {
  let [allBytes, allPixels] = [0, 0]
  for (const image of tree.images) {
    const href = image.attributes.get('href')
    if (href === undefined || href.startsWith('#')) {
      if (image.name === 'image') remove(image)
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
