import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What this process has done and holds, with Node's own metrics. */
export const ofProcess = new Registry()
/** The state of the whole installation, read from the database: an API exports it, a worker does not. */
export const ofInstallation = new Registry()

collectDefaultMetrics({ register: ofProcess })

/** Node's own metrics. */
const OF_NODE = /^(?:nodejs|process)_/

interface Described {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labelNames: readonly string[]
}

/** Our metrics of a registry, in the order of their declaration. */
export const descriptionsOf = (registry: Registry) =>
  // The library's types omit what its metrics have.
  (registry.getMetricsAsArray() as unknown as Described[])
    .filter(({ name }) => !OF_NODE.test(name))
    .map(({ name, help, type, labelNames }) => ({
      ...{ name, help, type },
      labels: labelNames.filter((label) => label !== 'le'),
    }))

interface Description<Label extends string> {
  readonly name: string
  readonly help: string
  readonly labels?: readonly Label[]
}

const configurationOf = <Label extends string>(
  { name, help, labels = [] }: Description<Label>,
  registry: Registry,
) => ({
  name,
  help,
  labelNames: labels,
  registers: [registry],
})

export const counter = <Label extends string = never>(described: Description<Label>): Counter<Label> =>
  new Counter(configurationOf(described, ofProcess))

/** @param described.buckets upper bounds, in seconds */
export const histogram = <Label extends string = never>(
  described: Description<Label> & { readonly buckets: readonly number[] },
): Histogram<Label> => new Histogram({ ...configurationOf(described, ofProcess), buckets: [...described.buckets] })

export const gauge = <Label extends string = never>(
  described: Description<Label>,
  registry: Registry = ofProcess,
): Gauge<Label> => new Gauge(configurationOf(described, registry))
