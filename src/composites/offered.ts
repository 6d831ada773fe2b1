import { AppError } from '../core/errors.ts'
import type { Layout, Layouts } from '../core/layouts.ts'
import type { ImageFormat } from '../core/variant.ts'

/** Throws BAD_INPUT with the available names. */
export function offeredLayout(layouts: Layouts, name: string): Layout {
  const layout = layouts.get(name)
  if (layout) return layout
  const names = [...layouts.keys()].join(', ')
  throw new AppError('BAD_INPUT', `There is no layout ${JSON.stringify(name.slice(0, 100))}; there are ${names}.`)
}

/** Throws BAD_INPUT with the layout's formats. */
export function offeredLayoutFormat(layout: Layout, format: ImageFormat): ImageFormat {
  if (layout.formats.includes(format)) return format
  throw new AppError(
    'BAD_INPUT',
    `Layout ${layout.name} is not offered as ${format}, only as ${layout.formats.join(', ')}.`,
  )
}
