import path from 'node:path'
import { defineConfig } from 'vitest/config'

const LONG = 'test/long/**/*.test.ts'

// The processes that tests start find their sources compiled.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, 'node_modules/.cache/test')

/** `npm test` runs the project `quick`, `npm run test:long` what has to last: outages of minutes, series of kills. */
export default defineConfig({
  // As Node resolves: with Vite's own conditions there would be two copies of graphql, and instanceof would fail.
  ssr: { resolve: { conditions: ['node', 'module-sync'], externalConditions: ['node', 'module-sync'] } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts', 'infra/test/**/*.test.ts'], exclude: [LONG] },
      },
      { extends: true, test: { name: 'long', include: [LONG] } },
    ],
    globalSetup: 'test/support/servers.ts',
    setupFiles: ['test/support/leaks.ts', 'test/support/statement-rows.ts'],
    // Real processes and databases: a slow machine is no failure.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // CI repeats a failed test once and names it as flaky: a busy machine does not block a change, and the flaw stays visible.
    retry: process.env.CI ? 1 : 0,
    // Node itself runs the sources, as in production.
    pool: 'forks',
    // A worker reads and compiles the sources once, not for each file; leaks.ts keeps the files from disturbing each other.
    isolate: false,
    maxWorkers: 3,
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results/vitest.json' },
  },
})
