import { createRequire } from 'node:module'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { AJV_OPTIONS, readParts } from '../src/archive/manifest-parts.ts'

const ROOT = path.join(import.meta.dirname, '..')
const VALIDATORS = path.join(ROOT, 'src/archive/manifest-validators.ts')
const BROWSER = path.join(ROOT, 'console/archive-check/node')

/** Node's modules that src/archive and yauzl import, by what takes their place in a browser. */
const INSTEAD: Readonly<Record<string, string>> = {
  crypto: path.join(BROWSER, 'crypto.ts'),
  events: createRequire(import.meta.url).resolve('events/'),
  fs: path.join(BROWSER, 'unused.ts'),
  stream: path.join(BROWSER, 'unused.ts'),
  'timers/promises': path.join(BROWSER, 'timers.ts'),
  util: path.join(BROWSER, 'util.ts'),
  zlib: path.join(BROWSER, 'zlib.ts'),
}

/**
 * Vite plugin: lets the console bundle the service's own check of archives, src/archive/check.ts, for a browser. Its rules are not
 * written a second time; only what Node has and a browser lacks is replaced.
 */
export const archiveCheck = () => ({
  name: 'archive-check',
  enforce: 'pre' as const,
  resolveId(id: string) {
    return INSTEAD[id.replace(/^node:/, '')] ?? null
  },
  load(id: string) {
    return id === VALIDATORS ? printValidators() : null
  },
})

/** The validators of src/archive/manifest-validators.ts as code that needs no compiler. */
function printValidators(): string {
  const ajv = new Ajv2020({ ...AJV_OPTIONS, code: { source: true, esm: true, lines: true } })
  const names: Record<string, string> = {}
  readParts((name, definition) => {
    ajv.addSchema(definition, name)
    names[name] = name
    return ajv.compile(true)
  })
  // Its helpers are the only thing that it does not write as a module.
  const code = standalone
    .default(ajv, names)
    .replace(
      /^const (\w+) = require\("([^"]+)"\)\.default;$/gm,
      (_, name, helper) =>
        `import * as ${name}Module from '${helper}.js'\nconst ${name} = ${name}Module.default.default ?? ${name}Module.default;`,
    )
  return `${code}\nconst validators = { ${Object.keys(names).join(', ')} }\nexport const validatorOf = (name) => validators[name]\n`
}
