import type { Colour, Raster } from './pixels.ts'

/** Backgrounds that `background: auto` chooses from: white, and a dark one for light art. */
const MATTES: readonly Colour[] = [
  [255, 255, 255],
  [31, 31, 36],
]
/**
 * Below this contrast with white (WCAG 2.2, relative luminance) art is invisible on a white page: pale yellow has 1.1, cyan 1.25, a
 * strong yellow (#ffd400) 1.4.
 */
const CONTRAST_MIN = 1.3

/** White, unless most of the art would be invisible on it. */
export function chooseMatte({ pixels }: Raster): Colour {
  const [white, dark] = MATTES as [Colour, Colour]
  let [pale, all] = [0, 0]
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3] as number
    if (alpha === 0) continue
    all += alpha
    if (
      1.05 / (luminance([pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number]) + 0.05) <
      CONTRAST_MIN
    )
      pale += alpha
  }
  return pale * 2 > all ? dark : white
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
