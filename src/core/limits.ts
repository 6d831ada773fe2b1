/** Largest original, in bytes, plain or unpacked from SVGZ: every entry point refuses a larger one. */
export const SOURCE_BYTES_MAX = 5_000_000

/**
 * Connections of a process to Postgres, beside one for each renderer. Locks hold one each: of an API's requests one for each
 * renderer and two more, of a worker's ten jobs two each; the work under a lock needs another one for moments. With fewer
 * than the least, those who hold locks would wait for each other.
 */
export const CONNECTIONS_BESIDE_RENDERERS = 24
export const CONNECTIONS_LEAST = 6
