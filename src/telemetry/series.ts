import type { Metric, Registry } from 'prom-client'

/**
 * Counters and histograms whose updates take about 0.1 µs. Those of prom-client take 1 to 4, because they sort, join and validate the labels
 * at each update. Here the series of some labels is found by one look-up; prom-client prints it when it is scraped.
 */

export interface Described<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labels?: readonly Label[]
}

/** A value for each label. */
type Labels<Label extends string> = Readonly<Record<Label, string>>

export interface Counter<Label extends string> {
  /** @param value at least 0 */
  readonly inc: (labels: Labels<Label>, value?: number) => void
  /** Exports a count that is kept elsewhere. */
  readonly set: (labels: Labels<Label>, value: number) => void
}

export interface Histogram<Label extends string> {
  /** @param value in the unit of the buckets */
  readonly observe: (labels: Labels<Label>, value: number) => void
}

export function createCounter<Label extends string>(described: Described<Label>, registry: Registry): Counter<Label> {
  const { all, seriesOf } = createSeries(described, () => ({ value: 0 }))
  register(registry, { ...described, type: 'counter' }, () => all().map(({ labels, value }) => ({ labels, value })))
  return {
    inc(labels, value = 1) {
      seriesOf(labels).value += value
    },
    set(labels, value) {
      seriesOf(labels).value = value
    },
  }
}

/** @param described.buckets upper bounds, smallest first */
export function createHistogram<Label extends string>(
  described: Described<Label> & { readonly buckets: readonly number[] },
  registry: Registry,
): Histogram<Label> {
  const { name, buckets } = described
  const bounds = [...buckets, Number.POSITIVE_INFINITY]
  const { all, seriesOf } = createSeries(described, () => ({ sum: 0, counts: bounds.map(() => 0) }))
  register(registry, { ...described, type: 'histogram' }, () =>
    all().flatMap(({ labels, sum, counts }) => {
      let count = 0
      const cumulative = counts.map((own, index) => {
        count += own
        return { metricName: `${name}_bucket`, labels: { le: buckets[index] ?? '+Inf', ...labels }, value: count }
      })
      return [
        ...cumulative,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]
    }),
  )
  return {
    observe(labels, value) {
      const series = seriesOf(labels)
      let index = 0
      while (value > (bounds[index] as number)) index++
      series.sum += value
      series.counts[index] = (series.counts[index] as number) + 1
    },
  }
}

function createSeries<Label extends string, State extends object>(
  { labels: names = [] }: Described<Label>,
  create: () => State,
) {
  const byValues = new Map<string, State & { readonly labels: Labels<Label> }>()
  const [first, ...others] = names

  function seriesOf(labels: Labels<Label>): State & { readonly labels: Labels<Label> } {
    let values = first === undefined ? '' : labels[first]
    for (const name of others) values += `\n${labels[name]}`
    const known = byValues.get(values)
    if (known) return known
    const added = { ...create(), labels: { ...labels } }
    byValues.set(values, added)
    return added
  }

  // As prom-client does: without labels there is one series, from the start.
  if (first === undefined) seriesOf({} as Labels<Label>)
  return { all: () => [...byValues.values()], seriesOf }
}

interface Sample {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** A registry asks its metrics for what `get` returns, whatever their class is. */
function register(
  registry: Registry,
  { labels = [], ...described }: Described<string> & { readonly type: 'counter' | 'histogram' },
  read: () => readonly Sample[],
): void {
  const { name, help, type } = described
  const metric = { name, help, type, labelNames: labels, get: async () => ({ name, help, type, values: read() }) }
  registry.registerMetric(metric as unknown as Metric)
}
