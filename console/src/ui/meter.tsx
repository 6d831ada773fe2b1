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
