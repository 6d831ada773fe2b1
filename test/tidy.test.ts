import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { VARIABLES } from '../src/config.ts'
import { WORKER_FLAGS } from '../src/embedded/supervise-worker.ts'
import { ERRORS } from '../src/errors.ts'

const ROOT = path.join(import.meta.dirname, '..')
const LINES_MAX = 250

const filesBelow = (folder: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .sort()

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const sources = [...filesBelow('src'), ...filesBelow('workers')]
/** Deployed, not run with the service; its node_modules are not ours. */
const infra = readdirSync(path.join(ROOT, 'infra'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `infra/${name}`)

interface Import {
  readonly from: string
  readonly to: string
  /** Erased when it runs: a type may be named upwards. */
  readonly isType: boolean
}

const imports: Import[] = sources.flatMap((from) =>
  [...read(from).matchAll(/^import\s+(type\s)?([^'"]*?)\s*(?:from\s+)?'([^']+)'/gm)].map(
    ([, type, names = '', to = '']) => {
      const specifiers = names
        .replaceAll(/[{}]/g, '')
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean)
      const isType =
        type !== undefined || (specifiers.length > 0 && specifiers.every((name) => name.startsWith('type ')))
      return { from, to: to.startsWith('.') ? path.join(path.dirname(from), to) : to, isType }
    },
  ),
)

/** The architecture, lowest first. A file imports from its own rank and from those below. */
const RANKS: readonly { name: string; holds: RegExp }[] = [
  {
    name: 'words',
    holds: /^src\/(variant|cache-tags|errors|log|queue-log|presets|layouts|config|processes|tokens)\.ts$/,
  },
  {
    name: 'tools',
    holds: /^src\/(catalogue\/|store\/|render\/|embedded\/|events\.ts|secrets\.ts|deliver\/cloudfront\.ts)/,
  },
  {
    name: 'verbs',
    holds: /^src\/(deliver\/(?!origin-handler)|backfill\/|preview\/|ingest\/|uploads\/|diagnose\/|webhooks\/)/,
  },
  {
    name: 'doors',
    holds:
      /^(src\/(deliver\/origin-handler\.ts|graphql\/|health\.ts|failures\.ts|upload-door\.ts)|workers\/(?!main|healthy))/,
  },
  { name: 'wiring', holds: /^src\/(app|http)\.ts$/ },
  {
    name: 'entries',
    holds: /^(src\/(main|start|import|ingest|doctor|run-process|terminal)\.ts|workers\/(main|healthy)\.ts)$/,
  },
]
const rankOf = (file: string) => RANKS.findIndex(({ holds }) => holds.test(file))

describe('the architecture', () => {
  it('has a place for every file', () => {
    expect(sources.filter((file) => rankOf(file) < 0)).toEqual([])
  })

  it('imports downwards only', () => {
    const upwards = imports.filter(({ from, to, isType }) => !isType && rankOf(to) > rankOf(from))
    expect(upwards.map(({ from, to }) => `${from} -> ${to}`)).toEqual([])
  })

  it('has no cycle', () => {
    const next = Map.groupBy(
      imports.filter(({ isType }) => !isType),
      ({ from }) => from,
    )
    const settled = new Set<string>()
    const visit = (file: string, way: readonly string[]): void => {
      expect(way, 'a cycle').not.toContain(file)
      if (settled.has(file)) return
      for (const { to } of next.get(file) ?? []) visit(to, [...way, file])
      settled.add(file)
    }
    for (const file of sources) visit(file, [])
  })

  it('src never imports workers or tests', () => {
    expect(imports.filter(({ from, to }) => from.startsWith('src/') && /^(workers|test|bench)\//.test(to))).toEqual([])
  })

  /** Files of the renderer process; nothing else may load them. */
  const CHILD = /^src\/render\/(child|render|compose|rasterise|encode)\.ts$/
  const only: [string, RegExp, RegExp][] = [
    ['the child side of render/ imports sharp and resvg', /^(sharp|@resvg\/resvg-js)$/, CHILD],
    ['the child itself imports the child side of render/', CHILD, CHILD],
    [
      'deliver/cloudfront.ts imports the CloudFront client',
      /^@aws-sdk\/client-cloudfront$/,
      /^src\/deliver\/cloudfront\.ts$/,
    ],
    ['store/s3.ts imports the S3 client', /^@aws-sdk\/client-s3$/, /^src\/store\/s3\.ts$/],
    [
      'catalogue/ and events.ts open database connections',
      /^pg$/,
      /^src\/(catalogue\/|events\.ts|embedded\/postgres\.ts)/,
    ],
  ]
  it.each(only)('only %s', (_rule, what, allowed) => {
    expect(imports.filter(({ from, to, isType }) => !isType && what.test(to) && !allowed.test(from))).toEqual([])
  })

  it('only config.ts reads the environment', () => {
    expect([...sources, ...infra].filter((file) => read(file).includes('process.env'))).toEqual(['src/config.ts'])
  })

  it(`has no file over ${LINES_MAX} lines`, () => {
    const long = [...sources, ...infra, ...filesBelow('bench').filter((file) => !file.startsWith('bench/out/'))].filter(
      (file) => read(file).split('\n').length > LINES_MAX,
    )
    expect(long).toEqual([])
  })

  it('has no left-overs, no any and no muted compiler', () => {
    const found = [...sources, ...infra].filter((file) =>
      /TODO|FIXME|@ts-ignore|@ts-expect-error|: any\b|as any\b|biome-ignore/.test(read(file)),
    )
    expect(found).toEqual([])
  })
})

describe('a worker', () => {
  it('is started with the same flags everywhere', () => {
    expect(read('package.json')).toContain(`"worker": "node ${WORKER_FLAGS.join(' ')} workers/main.ts"`)
    expect(read('docker-compose.yml')).toContain(`command: [node, ${WORKER_FLAGS.join(', ')}, workers/main.ts]`)
  })
})

describe('the tests', () => {
  it('skip nothing and sleep nowhere', () => {
    const found = [...filesBelow('test'), ...filesBelow('infra/test')]
      .filter((file) => file !== 'test/tidy.test.ts')
      .filter((file) => /\b(it|test|describe)\.(skip|only|todo)\b|setTimeout\([^,]*, *\d{3,}\)/.test(read(file)))
    expect(found).toEqual([])
  })
})

describe('the README', () => {
  const readme = read('README.md')
  const section = (title: string) => readme.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

  it('lists every variable as config.ts has it', () => {
    for (const { name, default: value, meaning } of VARIABLES)
      expect(section('Environment')).toContain(`| \`${name}\` | ${value} | ${meaning} |`)
    expect(section('Environment').match(/^\| `/gm)).toHaveLength(VARIABLES.length)
  })

  it('lists every error code as errors.ts has it', () => {
    for (const [code, { status, meaning }] of Object.entries(ERRORS))
      expect(section('Error codes')).toContain(`| \`${code}\` | ${status} | ${meaning} |`)
    expect(section('Error codes').match(/^\| `/gm)).toHaveLength(Object.keys(ERRORS).length)
  })

  it('maps the code as it is', () => {
    const named = [...section('Code map').matchAll(/^\s*([\w./-]+)\s{2,}\S/gm)].map(([, name]) => name)
    const folders = (folder: string) => readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    const there = [
      ...folders('src').map((entry) => `src/${entry.name}${entry.isDirectory() ? '/' : ''}`),
      ...[
        'prisma/',
        'workers/',
        'test/',
        'bench/',
        'infra/',
        'scripts/',
        'assets/',
        'deploy/',
        'docs/',
        'presets.json',
        'layouts.json',
        'docs/',
        'docker-compose.yml',
        'Dockerfile',
      ],
    ]
    expect([...named].sort()).toEqual(there.sort())
  })
})
