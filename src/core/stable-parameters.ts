/** The query parameters of stable addresses, which a CDN has to keep apart and pass on. */
export const STABLE_PARAMETERS = ['w', 'h', 'dpr', 'fit', 'padding', 'background', 'color', 'theme', 'preset'] as const
