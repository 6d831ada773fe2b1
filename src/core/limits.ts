/** Largest original, in bytes, plain or unpacked from SVGZ: every entry point refuses a larger one. */
export const SOURCE_BYTES_MAX = 5_000_000
