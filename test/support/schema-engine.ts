import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import type { Pg } from '../../src/db/database.ts'

const SCHEMA = path.join(import.meta.dirname, '../../prisma/schema.prisma')
const ENGINE = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')

/**
 * The SQL that creates schema.prisma in an empty database, as `prisma db push` would. From Prisma's own engine, whose native build is a
 * download and whose WebAssembly build is a package. It only asks the database for its version.
 */
export async function printSchema(pg: Pg): Promise<string> {
  const { instance } = await WebAssembly.instantiate(await readFile(ENGINE.replace(/\.js$/, '.wasm')), {
    './schema_engine_bg.js': { ...bindings },
  })
  const { exports } = instance as { exports: { __wbindgen_start: () => void } }
  bindings.__wbg_set_wasm(exports)
  exports.__wbindgen_start()
  const content = await readFile(SCHEMA, 'utf8')
  const engine = await bindings.SchemaEngine.new(
    { datamodels: [['schema.prisma', content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(new PrismaPg(pg)),
  )
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    return stdout ?? ''
  } finally {
    engine.free()
  }
}
