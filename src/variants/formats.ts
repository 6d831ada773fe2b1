/** The side in px from which AVIF is smaller than WebP for shaded art (suits-avif.ts): below, its header outweighs the savings. */
const AVIF_FROM_PX = 256

/** Whether to offer AVIF beside WebP at these widths in px: a browser that supports AVIF does not consider any other format. */
export const offersAvif = (suitsAvif: boolean, widths: readonly number[]): boolean =>
  suitsAvif && Math.min(...widths) >= AVIF_FROM_PX
