/** The query parameters of stable addresses, which a CDN must include in its cache key and forward. */
export const STABLE_PARAMETERS = ['w', 'h', 'dpr', 'fit', 'padding', 'background', 'color', 'theme', 'preset'] as const
