// Leaves in node_modules what an API or a worker reads: run when the image is built, after everything else is. Optional peers (Prisma's
// command line, TypeScript, pglite) go with the development packages, and so do the other databases' query compilers, type declarations,
// source maps and the demo's icons.
import { execFileSync } from 'node:child_process'
import { globSync, rmSync } from 'node:fs'

const npm = (...args) => execFileSync('npm', args, { stdio: 'inherit' })
npm('pkg', 'delete', 'devDependencies', 'optionalDependencies', 'workspaces')
npm('prune', '--omit=dev', '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')

const UNUSED = [
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
