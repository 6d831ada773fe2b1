/** Largest original, in bytes, plain or decompressed from SVGZ: every entry point refuses larger ones. */
export const SOURCE_BYTES_MAX = 5_000_000

/**
 * Connections of a process to Postgres, in addition to one for each renderer. Locks hold one each: for an API's requests one for each
 * renderer and two more, for a worker's ten jobs two each; the work under a lock briefly needs another one. With fewer, all connections
 * could be held by locks that wait for each other.
 */
export const ADDITIONAL_CONNECTIONS = 24
export const ADDITIONAL_CONNECTIONS_MIN = 6
