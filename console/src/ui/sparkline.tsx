import { area } from 'd3-shape'

const WIDTH = 96
const HEIGHT = 24
const MARGIN = 2

/** The recent past of a number as a line, from zero. It is a module of its own so that a first page without one does not load it. */
export default function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const highest = Math.max(...values, 1)
  const x = (_value: number, at: number) => (at * WIDTH) / Math.max(1, values.length - 1)
  const y = (value: number) => HEIGHT - MARGIN - (value / highest) * (HEIGHT - 2 * MARGIN)
  const shape = area<number>().x(x).y1(y).y0(HEIGHT)
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      {values.length > 1 && (
        <>
          <path d={shape(values) ?? undefined} class="sparkline-area" />
          <path d={shape.lineY1()(values) ?? undefined} class="sparkline-line" />
        </>
      )}
    </svg>
  )
}
