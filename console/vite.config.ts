import { defineConfig } from 'vite'
import { archiveCheck } from '../scripts/archive-check.ts'

/** The service, for `vite console` while working on the pages: the built ones are served by the API itself. */
const SERVICE = 'http://127.0.0.1:4000'

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es', plugins: () => [archiveCheck()] },
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // The Content-Security-Policy allows data: for pictures only, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '^/(graphql|session|images|i|f|uploads|failures\\.jsonl)': SERVICE } },
})
