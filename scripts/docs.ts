import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PROBLEMS } from '../src/archive/problems.ts'
import { ERRORS } from '../src/core/errors.ts'
import { VARIABLES } from '../src/core/variables.ts'
import '../src/telemetry/installation.ts'
import '../src/telemetry/metrics.ts'
import { descriptionsOf, ofInstallation, ofProcess } from '../src/telemetry/registry.ts'
import { FOLDERS } from '../test/support/folders.ts'
import { printClientTypes } from './client-types.ts'
import { printDiagram } from './diagram.ts'
import { printedSchema } from './schema.ts'

const ROOT = path.join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const code = (text: string) => `\`${text}\``

const metricsTable = (registry: typeof ofProcess): string =>
  table(
    ['metric', 'type', 'labels', 'meaning'],
    descriptionsOf(registry).map(({ name, type, labels, help }) => [
      code(name),
      type,
      labels.map(code).join(', '),
      help,
    ]),
  )

/** Generators of the text between `<!-- generated: NAME -->` and `<!-- /generated -->` in a page. */
const PARTS = {
  variables: () =>
    table(
      ['variable', 'default', 'meaning'],
      VARIABLES.map(({ name, default: value, meaning }) => [code(name), value, meaning]),
    ),
  errors: () =>
    table(
      ['code', 'HTTP', 'meaning', 'what would mend it'],
      Object.entries(ERRORS).map(([name, row]) => [
        code(name),
        String(row.status),
        row.meaning,
        'remedy' in row ? row.remedy : '',
      ]),
    ),
  problems: () =>
    table(
      ['code', 'meaning'],
      Object.entries(PROBLEMS).map(([name, meaning]) => [code(name), meaning]),
    ),
  processMetrics: () => metricsTable(ofProcess),
  installationMetrics: () => metricsTable(ofInstallation),
  folders: () => printDiagram(FOLDERS),
  imports: () =>
    table(
      ['folder', 'may import'],
      Object.entries(FOLDERS).map(([folder, below]) => [code(folder), below.map(code).join(', ')]),
    ),
} satisfies Record<string, () => string>

const PAGES = [
  'docs/configuration.md',
  'docs/operating/monitoring.md',
  'docs/errors.md',
  'docs/vendors.md',
  'docs/architecture.md',
]
const PART = /(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- \/generated -->)/g

/** Throws if a page names an unknown part. */
const fillIn = (page: string): string =>
  page.replaceAll(PART, (_, begin: string, name: string, end: string) => {
    if (!(name in PARTS)) throw new Error(`There is no generated part ${name}.`)
    return `${begin}\n${PARTS[name as keyof typeof PARTS]()}\n\n${end}`
  })

/** The value of a table as a line of an environment file: anything but a plain value is left for the reader to set. */
const exampleOf = (value: string) => (/^[\w./-]+$/.test(value) && value !== 'none' && value !== 'AWS' ? value : '')

const printEnvironment = (): string =>
  [
    '# Every variable is optional: remove the # of those that you set. See docs/configuration.md.',
    ...VARIABLES.map(
      ({ name, default: value, meaning }) =>
        `\n# ${meaning.replaceAll('`', '')}\n# Default: ${value.replaceAll('`', '')}\n#${name}=${exampleOf(value)}`,
    ),
    '',
  ].join('\n')

/** All files generated from the code, with their expected content: path -> content. test/docs.test.ts compares them. */
export const generatedFiles = (): [file: string, content: string][] => [
  ...PAGES.map((page): [string, string] => [page, fillIn(read(page))]),
  ['.env.example', printEnvironment()],
  ['schema.graphql', printedSchema()],
  ['packages/client/src/operations.ts', printClientTypes()],
]

/** `npm run docs` */
if (import.meta.main) for (const [file, content] of generatedFiles()) writeFileSync(path.join(ROOT, file), content)
