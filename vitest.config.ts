import { defineConfig } from 'vitest/config'

export default defineConfig({
  // As Node resolves: with Vite's own conditions there would be two copies of graphql, and instanceof would fail.
  ssr: { resolve: { conditions: ['node', 'module-sync'], externalConditions: ['node', 'module-sync'] } },
  test: {
    include: ['test/**/*.test.ts', 'infra/test/**/*.test.ts'],
    // Outages of minutes.
    exclude: ['test/long/**'],
    globalSetup: 'test/support/servers.ts',
    // Real processes and databases: a slow machine is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Node itself runs the sources, as in production.
    pool: 'forks',
    maxWorkers: 3,
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
  },
})
