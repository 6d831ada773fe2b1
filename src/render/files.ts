import path from 'node:path'

/** The repository. */
export const ROOT = path.join(import.meta.dirname, '../..')

/**
 * Node keeps compiled code here (https://nodejs.org/api/module.html#module-compile-cache), for the version and flags that it was compiled
 * with: a renderer starts in half the time. Renderers may not write files, so `compileRenderer` fills it.
 */
export const COMPILE_CACHE = path.join(ROOT, 'node_modules/.cache/renderer')

/** All folders whose files a renderer reads: its code, the packages and the fonts. */
export const READABLE = ['src/core', 'src/render', 'node_modules', 'assets'].map((folder) => path.join(ROOT, folder))
