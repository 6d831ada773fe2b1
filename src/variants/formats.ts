/** A side in px from which AVIF is smaller than WebP of shaded art (suits-avif.ts): below, its header outweighs what it saves. */
const AVIF_FROM_PX = 256

/** Whether AVIF is worth offering beside WebP at these widths in px: a browser that takes AVIF looks at no other format. */
export const offersAvif = (suitsAvif: boolean, widths: readonly number[]): boolean =>
  suitsAvif && Math.min(...widths) >= AVIF_FROM_PX
