import { execFile } from 'node:child_process'
import { access, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'

/** Where packages needed only by benchmarks are installed: outside of the project's dependencies, ignored by git. */
const FOLDER = path.join(import.meta.dirname, '../out/deps')
const PACKAGES = ['@iconify/json@2', '@sparticuz/chromium@147', 'playwright-core@1', 'pixelmatch@7']

/** Installs the benchmark's packages if missing; returns how to require them and their location. */
export async function installDependencies(): Promise<{ require: NodeJS.Require; modules: string }> {
  const modules = path.join(FOLDER, 'node_modules')
  const missing: string[] = []
  for (const spec of PACKAGES) {
    const name = spec.slice(0, spec.lastIndexOf('@'))
    await access(path.join(modules, name, 'package.json')).catch(() => missing.push(spec))
  }
  if (missing.length > 0) {
    console.log(`installing ${missing.join(', ')} into bench/out/deps (about 600 MB, once)`)
    await mkdir(FOLDER, { recursive: true })
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-save']
    await promisify(execFile)('npm', ['install', '--prefix', FOLDER, ...options, ...PACKAGES])
  }
  return { require: createRequire(path.join(FOLDER, 'index.js')), modules }
}
