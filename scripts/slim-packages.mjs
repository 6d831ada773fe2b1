// Leaves in node_modules what an API or a worker reads: run when the image is built, after everything else is. Whatever no package of
// `dependencies` needs goes: development packages, the Node of the lock file, the embedded Postgres, and optional peers (Prisma's command
// line, TypeScript, pglite). `npm prune` cannot tell: in lock files, direct dependencies that others name as a peer are marked like
// those peers. The other databases' query compilers, type declarations, source maps and the demo's icons go too.
import { existsSync, globSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'

const root = process.cwd()
const needed = new Set()

/** As Node resolves it. */
function findPackage(name, from) {
  for (let folder = from; folder.startsWith(root); folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name)
    if (existsSync(path.join(found, 'package.json'))) return found
  }
  return null
}

function need(name, from) {
  const folder = findPackage(name, from)
  if (folder === null || needed.has(folder)) return folder
  needed.add(folder)
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(path.join(folder, 'package.json')))
  // A package for another platform is not installed, nor is what is bundled.
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) need(dependency, folder)
  return folder
}

/** The packages in a folder; files and directories that begin with a dot are caches. */
const packagesIn = (folder) =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => (name.startsWith('@') ? packagesIn(path.join(folder, name)) : [path.join(folder, name)]))

function removeOthers(folder) {
  for (const found of packagesIn(folder)) {
    if (needed.has(found)) removeOthers(path.join(found, 'node_modules'))
    else rmSync(found, { recursive: true })
  }
}

for (const name of Object.keys(JSON.parse(readFileSync('package.json')).dependencies)) {
  if (need(name, root) === null) throw new Error(`the package ${name} is not installed: run node scripts/setup.mjs`)
}
removeOthers(path.join(root, 'node_modules'))

const UNUSED = [
  'node_modules/.bin',
  'node_modules/.package-lock.json',
  'node_modules/@types',
  'node_modules/@iconify-json',
  'node_modules/**/*.{map,md,markdown,d.ts,d.mts,d.cts}',
  // Node loads their CommonJS.
  'node_modules/@{aws-sdk,smithy}/**/dist-es',
  'node_modules/@prisma/client/runtime/query_compiler_*.{cockroachdb,mysql,sqlite,sqlserver}.*',
  'node_modules/@prisma/client/runtime/query_compiler_*.postgresql.*.js',
  'node_modules/@prisma/client/runtime/*edge*',
]
for (const pattern of UNUSED) for (const file of globSync(pattern)) rmSync(file, { recursive: true, force: true })
// Scopes of which nothing is left.
for (const scope of globSync('node_modules/@*')) if (readdirSync(scope).length === 0) rmSync(scope, { recursive: true })
