import { boxOf } from './boxes.ts'
import { drawGradient } from './css-gradients.ts'
import { grown } from './transforms.ts'
import { append, create, type Element, type Tree } from './tree.ts'
import { print } from './values.ts'

/** Converts `mask-image: linear-gradient(...)` to a mask element: a gradient masks by its alpha, over the box with its stroke. */
export function maskByGradient(element: Element, tree: Tree): void {
  const value = element.extra?.get('mask-image')
  if (!value?.includes('gradient(') || element.attributes.has('mask')) return
  const mask = maskOf(element, value, tree)
  if (mask === null) return
  const id = `tm${tree.targets.size}`
  tree.targets.set(id, mask)
  append(tree.root, mask)
  element.attributes.set('mask', `url(#${id})`)
}

function maskOf(element: Element, value: string, tree: Tree): Element | null {
  const fill = boxOf(element, { targets: tree.targets })
  if (!fill || !element.context) return null
  const box = grown(element, fill)
  const drawn = drawGradient(value, box, { tree, context: element.context })
  if (drawn === null) return null
  const sides = { x: print(box.x), y: print(box.y), width: print(box.width), height: print(box.height) }
  return create('mask', { ...sides, maskUnits: 'userSpaceOnUse', 'mask-type': 'alpha' }, drawn)
}
