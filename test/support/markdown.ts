import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.join(import.meta.dirname, '../..')
export const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** All documentation pages, in the order in which their examples run. */
export const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'bench/README.md', 'infra/README.md'],
  ...['docs', 'docs/operating'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => `${folder}/${name}`),
  ),
  'packages/client/README.md',
]

/** A fenced block of a page. */
export interface Example {
  readonly page: string
  /** `page:line`, for messages. */
  readonly at: string
  readonly language: string
  /** The text after the language, such as the name of the file that it shows. */
  readonly name: string
  readonly text: string
}

/** The fenced blocks of a page, also those within lists. */
export function examplesOf(page: string): Example[] {
  const text = read(page)
  return [...text.matchAll(/^( *)```([\w-]*) ?(.*)\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const [, indent = '', language = '', name = '', body = ''] = match
    const at = `${page}:${text.slice(0, match.index).split('\n').length}`
    return { page, at, language, name, text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }
  })
}

/** A page without its fenced blocks. */
export const proseOf = (page: string): string => read(page).replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '')

/** Rows of the first table below a heading: the first cell without its backticks, and the others. */
export function tableBelow(page: string, heading: string): [string, ...string[]][] {
  const section = read(page).split(new RegExp(`^#+ ${heading}$`, 'm'))[1] ?? ''
  const [table = ''] = /^\|[\s\S]*?(?=\n\n)/m.exec(section) ?? []
  return table
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .slice(2, -2)
        .split(/ (?<!\\)\| /)
        .map((cell) => cell.trim()),
    )
    .map(([first = '', ...rest]) => [first.replaceAll('`', ''), ...rest])
}

/** Anchors of a page's headings, as GitHub generates them. */
export const anchorsOf = (page: string): string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
