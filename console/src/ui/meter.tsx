import { percent } from '../words.ts'

export interface Shares {
  readonly total: number
  readonly ready: number
  readonly stale?: number
  readonly failed?: number
}

/** A bar of shares of a total. Its layers only grow and shrink by transform, so that nothing around it moves. */
export function Meter({ label, total, ready, stale = 0, failed = 0 }: Shares & { label: string }) {
  const share = (value: number) => (total > 0 ? Math.min(1, value / total) : 0)
  const layers = [
    ['failed', share(ready + stale + failed)],
    ['stale', share(ready + stale)],
    ['ready', share(ready)],
  ] as const
  return (
    <div
      class="meter"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share(ready) * 100)}
      aria-valuetext={percent(ready, total)}
    >
      {layers.map(([name, value]) => (
        <div key={name} class={`meter-layer ${name}`} style={{ transform: `scaleX(${value})` }} />
      ))}
    </div>
  )
}

const WIDTH = 96
const HEIGHT = 24

/** The recent past of a number as a line, from zero. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const highest = Math.max(...values, 1)
  const step = WIDTH / Math.max(1, values.length - 1)
  const points = values.map(
    (value, at) => `${(at * step).toFixed(1)},${(HEIGHT - 2 - (value / highest) * (HEIGHT - 4)).toFixed(1)}`,
  )
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
          <polygon points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} class="sparkline-area" />
          <polyline points={points.join(' ')} class="sparkline-line" />
        </>
      )}
    </svg>
  )
}
