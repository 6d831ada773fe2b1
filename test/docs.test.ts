import { existsSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isEnumType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { generatedFiles } from '../scripts/docs.ts'
import { ARCHIVE_LIMITS } from '../src/archive/limits.ts'
import { PROBLEMS } from '../src/archive/problems.ts'
import { ERRORS } from '../src/core/errors.ts'
import { layoutSchema } from '../src/core/layouts.ts'
import { presetSchema } from '../src/core/presets.ts'
import { VARIABLES } from '../src/core/variables.ts'
import { schema } from '../src/graphql/schema.ts'
import { importItems } from '../src/import/import-items.ts'
import { EVENT_TYPES } from '../src/webhooks/event-types.ts'
import { installClient } from './support/client-package.ts'
import { runExample } from './support/examples.ts'
import { FOLDERS } from './support/folders.ts'
import { anchorsOf, examplesOf, PAGES, proseOf, ROOT, read, tableBelow } from './support/markdown.ts'
import { ADMIN_TOKEN, drawing, entry, tempDirectory, testApp, testConfig, testServer } from './support/setup.ts'

describe('generated documentation', () => {
  it.each(generatedFiles())('%s is as npm run docs prints it', (file, content) => {
    expect(read(file), 'run npm run docs').toBe(content)
  })

  it('has a table of every variable, error and problem', () => {
    const names = (page: string, heading: string) => tableBelow(page, heading).map(([name]) => name)
    expect(names('docs/configuration.md', 'Configuration')).toEqual(VARIABLES.map(({ name }) => name))
    expect(names('docs/errors.md', 'Error codes')).toEqual(Object.keys(ERRORS))
    expect(names('docs/vendors.md', 'Codes')).toEqual(Object.keys(PROBLEMS))
  })

  it('has every variable once in .env.example', () => {
    expect([...read('.env.example').matchAll(/^#([A-Z_0-9]+)=/gm)].map(([, name]) => name)).toEqual(
      VARIABLES.map(({ name }) => name),
    )
  })
})

describe('hand-written tables', () => {
  it.each([
    ['Presets', presetSchema, { width: 1, height: 1 }],
    ['Previews of families', layoutSchema, { width: 1, height: 1, grids: ['1x1'] }],
  ] as const)('%s have the fields and defaults that the parser has', (heading, parser, smallest) => {
    const rows = tableBelow('docs/presets.md', heading)
    expect(rows.map(([name]) => name)).toEqual(Object.keys(parser.shape))
    const defaults: Record<string, unknown> = parser.parse(smallest)
    for (const [name, value = ''] of rows) {
      if (name in smallest) expect([name, value]).toEqual([name, 'required'])
      else if (defaults[name] === undefined) expect([name, value]).not.toEqual([name, 'required'])
      else expect([name, value]).toEqual([name, `\`${JSON.stringify(defaults[name])}\``])
    }
  })

  it.each([
    ['docs/front-end.md', 'ImageStatus'],
    ['docs/operating/backfills.md', 'BackfillMode'],
    ['docs/vendors.md', 'UploadStatus'],
  ])('%s says what each %s means', (page, name) => {
    const type = schema.getType(name)
    const values = isEnumType(type) ? type.getValues().map((value) => value.name) : []
    expect(values).not.toEqual([])
    expect(values.filter((value) => !read(page).includes(`\`${value}\``))).toEqual([])
  })

  it('has the limits of archives', () => {
    const { archiveBytes, totalBytes, entries, entryBytes, manifestBytes, nameBytes, ratioFromBytes, ratio } =
      ARCHIVE_LIMITS
    const size = (bytes: number) => (bytes >= 1e9 ? `${bytes / 1e9} GB` : `${bytes / 1e6} MB`)
    expect(tableBelow('docs/vendors.md', 'What is refused')).toEqual([
      ['archive, uncompressed', `${size(archiveBytes)}, ${size(totalBytes)}`],
      ['files and folders', entries.toLocaleString('en')],
      ['an SVG, the manifest', `${size(entryBytes)}, ${size(manifestBytes)}`],
      ['a name', `${nameBytes} bytes of UTF-8`],
      [`compression ratio of files above ${size(ratioFromBytes)}`, String(ratio)],
    ])
  })

  it('lists the warnings', () => {
    const [, type = ''] = /export type Warning =([\s\S]*)/.exec(read('src/render/child/normalise/names.ts')) ?? []
    const warnings = [...type.matchAll(/\| '(\w+)'/g)].map(([, name]) => name)
    expect(
      tableBelow('docs/errors.md', 'Warnings')
        .map(([name]) => name)
        .sort(),
    ).toEqual(warnings.sort())
  })

  it('lists the events', () => {
    expect(tableBelow('docs/webhooks.md', 'Events').map(([type]) => type)).toEqual([...EVENT_TYPES])
  })
})

describe('docs/architecture.md', () => {
  const folders = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true }).flatMap((each) =>
    each.isDirectory() ? each.name : [],
  )

  it('draws the existing folders, with no arrow that the list does not allow', () => {
    const [diagram = ''] = examplesOf('docs/architecture.md').flatMap(({ language, text }) =>
      language === 'mermaid' ? text : [],
    )
    const labels = new Map([...diagram.matchAll(/^ {2}(\w+)\["(.+)"\]$/gm)].map(([, id, label = '']) => [id, label]))
    expect([...labels.values()].sort()).toEqual(Object.keys(FOLDERS).sort())
    for (const folder of folders) expect([...labels.values()]).toContain(folder)
    const arrows = [...diagram.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(([, from, to]) => [
      labels.get(from) ?? '',
      labels.get(to) ?? '',
    ])
    for (const [from = '', to] of arrows) expect(FOLDERS[from], from).toContain(to)
    // Each import of the list is an arrow or a path of arrows.
    const reach = (from: string): string[] => arrows.flatMap(([at, to = '']) => (at === from ? [to, ...reach(to)] : []))
    for (const [folder, below] of Object.entries(FOLDERS))
      expect(reach(folder)).toEqual(expect.arrayContaining([...below]))
  })

  it('describes each folder', () => {
    const rows = tableBelow('docs/architecture.md', 'Folders').map(([name]) => name)
    expect(rows).toEqual(expect.arrayContaining(folders))
  })
})

describe('every page', () => {
  it.each(PAGES)('%s has no broken links', (page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to)
    const broken = links.filter((to) => {
      const [file, anchor] = to.split('#')
      if (/^https?:/.test(to)) return false
      const target = file ? path.join(path.dirname(page), file) : page
      return !existsSync(path.join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(broken).toEqual([])
  })

  it.each(PAGES)('%s names only existing files, scripts and codes', (page) => {
    const quoted = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text)
    const paths = quoted.filter((text) =>
      /^(src|test|docs|workers|prisma|scripts|bench|infra|deploy|assets|packages|examples)\/[\w./-]*$/.test(text),
    )
    expect(paths.filter((file) => !existsSync(path.join(ROOT, file)) && !file.startsWith('bench/out'))).toEqual([])
    const scripts = { ...JSON.parse(read('package.json')).scripts, ...JSON.parse(read('infra/package.json')).scripts }
    const run = quoted.flatMap((text) => /^npm run ([\w:-]+)/.exec(text)?.[1] ?? [])
    expect(run.filter((name) => !(name in scripts))).toEqual([])
    const known = `${VARIABLES.map(({ name }) => name)} ${Object.keys({ ...ERRORS, ...PROBLEMS })} ${read('docs/errors.md')} ${read('docker-compose.yml')} ${read('packages/client/src/fragments.ts')} ${read('examples/react/vite.config.ts')}`
    const names = quoted.filter((text) => /^[A-Z0-9]+(_[A-Z0-9]+)+$/.test(text))
    expect(names.filter((name) => !known.includes(name))).toEqual([])
  })

  it('.github runs the same as CI', () => {
    expect(read('.github/workflows/ci.yml')).toMatch(/^ {6}- run: \.ci\/run$/m)
  })
})

describe('examples', () => {
  it('work as printed', async () => {
    const directory = await tempDirectory()
    const app = await testApp(await testConfig({ DATA_DIR: path.join(directory, '.afterimage') }))
    const { url } = await testServer(app)
    await importItems({ pg: app.pg, originals: app.stores.originals }, catalogue())
    await mkdir(path.join(directory, '.afterimage'), { recursive: true })
    await writeFile(path.join(directory, '.afterimage/admin-token'), ADMIN_TOKEN)
    await writeFile(path.join(directory, '.curlrc'), 'fail-with-body\n')
    await writeFile(path.join(directory, 'icons.zip'), Buffer.alloc(48_211))
    await installClient(directory)
    const failures: string[] = []
    const examples = PAGES.flatMap(examplesOf)
    expect(examples.length).toBeGreaterThan(40)
    for (const example of examples)
      await runExample(example, { url, directory }).catch((error: Error) =>
        failures.push(`${example.at}: ${error.message}`),
      )
    expect(failures).toEqual([])
    expect(tableBelow('docs/operating/monitoring.md', 'Health and metrics').map(([name]) => name)).toEqual(
      expect.arrayContaining(['/readyz']),
    )
  })
})

/** Items 1 to 3 are icons of the family used in the examples. */
function catalogue() {
  const basics = { uniqueId: 'BASICS000001', name: 'Basics' }
  return ['arrow-left', 'arrow-right', 'arrow-up', 'cup', 'house', 'tree'].map((slug, at) => {
    const made = entry(slug, drawing(at))
    return { ...made, family: basics, iconSet: { ...made.iconSet, uniqueId: 'ARROWS000001', name: 'Arrows' } }
  })
}
