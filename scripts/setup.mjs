// Runs before `npm start` and `npm test`, with whatever Node is installed: installs missing packages, generates the Prisma client,
// compiles the renderer and builds the console.
// Fast if there is nothing to do. With the argument `infra` it also installs the packages of infra/, which only tests and deployments
// need.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const hash = (...files) => {
  const sum = createHash('sha256')
  for (const file of files) sum.update(readFileSync(file))
  return sum.digest('hex')
}
const STAMPS = 'node_modules/.afterimage'
const isDue = (stamp, value) => !existsSync(stamp) || readFileSync(stamp, 'utf8') !== value
const done = (stamp, value) => {
  mkdirSync(path.dirname(stamp), { recursive: true })
  writeFileSync(stamp, value)
}

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (status === 0) return stdout
  fail(`${command} ${args.join(' ')} failed:\n${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`)
}

function fail(sentence) {
  process.stderr.write(`${sentence.trim()}\n`)
  process.exit(1)
}

// Naming an existing file as the schema engine keeps Prisma from downloading one; it is never used.
const withoutEngines = {
  ...process.env,
  PRISMA_SCHEMA_ENGINE_BINARY: path.resolve('package.json'),
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
  CHECKPOINT_DISABLE: '1',
}

function install(folder) {
  const packages = hash(`${folder}/package.json`, `${folder}/package-lock.json`)
  const stamp = `${folder}/${STAMPS}/installed`
  if (!isDue(stamp, packages)) return
  process.stdout.write(folder === '.' ? 'Installing packages…\n' : `Installing packages of ${folder}…\n`)
  // Errors only: the system's Node may be too old for some packages, but they run on the Node installed here.
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: withoutEngines,
  })
  done(stamp, packages)
}

install('.')
if (process.argv.includes('infra')) install('infra')

const node = path.resolve('node_modules/.bin/node')
const version = run(existsSync(node) ? node : process.execPath, ['--version']).trim()
const [major, minor] = version.slice(1).split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  fail(
    `Afterimage needs Node 22.18 or newer and found ${version}: install a newer one from nodejs.org. On Linux (x64 and arm64) npm ci installs one, as the package node-${process.platform}-${process.arch}: run it to see why that failed.`,
  )
}

const schema = hash('prisma/schema.prisma', 'package-lock.json')
if (isDue(`${STAMPS}/generated`, schema) || !existsSync('prisma/generated/pothos.ts')) {
  run(node, ['node_modules/prisma/build/index.js', 'generate', '--schema', 'prisma/schema.prisma'], {
    // Prisma looks for its generators in PATH; npm sets it, a bare `node scripts/setup.mjs` does not.
    env: { ...withoutEngines, PATH: `${path.resolve('node_modules/.bin')}:${process.env.PATH}` },
  })
  done(`${STAMPS}/generated`, schema)
}

const RENDERER = 'src/render'
const sources = readdirSync(RENDERER, { recursive: true }).filter((file) => file.endsWith('.ts'))
const renderer = version + hash('package-lock.json', ...sources.map((file) => path.join(RENDERER, file)))
if (isDue(`${STAMPS}/compiled`, renderer)) {
  run(node, ['scripts/compile-renderer.ts'])
  done(`${STAMPS}/compiled`, renderer)
}

// It checks archives by the service's own rules.
const CONSOLE = ['console', 'src/archive', 'src/core']
const pages = CONSOLE.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
  .filter(
    (entry) => entry.isFile() && !/^console\/(dist|src\/generated\.ts)/.test(path.join(entry.parentPath, entry.name)),
  )
  .map((entry) => path.join(entry.parentPath, entry.name))
  .sort()
const CONSOLE_INPUTS = [
  'package-lock.json',
  'schema.graphql',
  'docs/manifest.schema.json',
  'src/webhooks/event-types.ts',
  'scripts/console.ts',
  'scripts/archive-check.ts',
]
const built = pages.join() + hash(...CONSOLE_INPUTS, ...pages)
if (isDue(`${STAMPS}/console`, built) || !existsSync('console/dist/index.html')) {
  run(node, ['scripts/console.ts'])
  done(`${STAMPS}/console`, built)
}
