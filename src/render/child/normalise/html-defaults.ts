import type { Declared } from './cascade.ts'
import type { Declaration } from './declarations.ts'
import { parseStyle } from './style-attribute.ts'
import type { Element, Findings } from './tree.ts'

/** The browser's default styles for the HTML we lay out, apart from `display:inline`. */
const DEFAULTS: Readonly<Record<string, string>> = {
  html: 'display:block',
  body: 'display:block;margin:8px',
  div: 'display:block',
  section: 'display:block',
  article: 'display:block',
  header: 'display:block',
  footer: 'display:block',
  main: 'display:block',
  nav: 'display:block',
  label: '',
  p: 'display:block;margin:1em 0',
  h1: 'display:block;font-size:2em;margin:.67em 0;font-weight:bold',
  h2: 'display:block;font-size:1.5em;margin:.83em 0;font-weight:bold',
  h3: 'display:block;font-size:1.17em;margin:1em 0;font-weight:bold',
  h4: 'display:block;margin:1.33em 0;font-weight:bold',
  h5: 'display:block;font-size:.83em;margin:1.67em 0;font-weight:bold',
  h6: 'display:block;font-size:.67em;margin:2.33em 0;font-weight:bold',
  center: 'display:block;text-align:center',
  blockquote: 'display:block;margin:1em 40px',
  pre: 'display:block;font-family:monospace;font-size:13px;white-space:pre;margin:1em 0',
  code: 'font-family:monospace;font-size:.8125em',
  kbd: 'font-family:monospace;font-size:.8125em',
  b: 'font-weight:bold',
  strong: 'font-weight:bold',
  i: 'font-style:italic',
  em: 'font-style:italic',
  u: 'text-decoration:underline',
  s: 'text-decoration:line-through',
  small: 'font-size:.83em',
  span: '',
  font: '',
  a: '',
  br: '',
  img: 'display:inline-block',
  ul: 'display:block;margin:1em 0;padding:0 0 0 40px;list-style-type:disc',
  ol: 'display:block;margin:1em 0;padding:0 0 0 40px;list-style-type:decimal',
  li: 'display:list-item',
  hr: 'display:block;margin:.5em 0;border:1px inset gray',
  table: 'display:table;box-sizing:border-box',
  thead: 'display:table-row-group',
  tbody: 'display:table-row-group',
  tfoot: 'display:table-row-group',
  tr: 'display:table-row',
  td: 'display:table-cell;padding:1px',
  th: 'display:table-cell;padding:1px;font-weight:bold;text-align:center',
  style: 'display:none',
  title: 'display:none',
  head: 'display:none',
  meta: 'display:none',
  link: 'display:none',
}

/** Whether we lay out an HTML element; all others are left out. */
export const isLaidOut = (name: string): boolean => Object.hasOwn(DEFAULTS, name.slice('html:'.length))

const parsed = new Map<string, readonly Declaration[]>()

/** An HTML element's declarations on top of the browser's defaults and its presentational attributes. */
export function withDefaults(element: Element, declared: Declared | null, findings: Findings): Declared {
  const name = element.name.slice('html:'.length)
  const text = Object.hasOwn(DEFAULTS, name) ? (DEFAULTS[name] as string) : ''
  const defaults = parsed.get(name) ?? parseStyle(text, findings)
  parsed.set(name, defaults)
  const all: Declared = new Map()
  for (const declaration of [...defaults, ...parseStyle(hintsOf(element), findings)])
    all.set(declaration.property, declaration)
  for (const [property, declaration] of declared ?? []) {
    // A later longhand overrides its shorthand.
    all.delete(property)
    all.set(property, declaration)
  }
  return all
}

/** The styles from presentational attributes. */
function hintsOf(element: Element): string {
  const { name, given } = element
  let style = ''
  const say = (property: string, value: string | undefined, unit = '') => {
    if (value !== undefined && /^[#\w.%-]+$/.test(value))
      style += `${property}:${value}${/^\d+$/.test(value) ? unit : ''};`
  }
  say('background-color', given.bgcolor)
  say('text-align', given.align)
  if (name !== 'html:font') {
    say('width', given.width, 'px')
    say('height', given.height, 'px')
  } else say('color', given.color)
  if (name === 'html:table' && given.border && given.border !== '0') style += 'border:1px outset gray;'
  if (name === 'html:td' || name === 'html:th') {
    const table = tableOf(element)?.given ?? {}
    if (table.border && table.border !== '0') style += 'border:1px inset gray;'
    say('padding', table.cellpadding, 'px')
  }
  return style
}

const tableOf = (cell: Element): Element | null => {
  for (let at: Element | null = cell; at; at = at.parent) if (at.name === 'html:table') return at
  return null
}
