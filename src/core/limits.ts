/** Largest original, in bytes, plain or decompressed from SVGZ: every entry point refuses larger ones. */
export const SOURCE_BYTES_MAX = 5_000_000
