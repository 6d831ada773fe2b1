import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Counter, createCounter, createHistogram, type Described, type Histogram } from './series.ts'

/** What this process has done and holds, with Node's own metrics. */
export const ofProcess = new Registry()
/** The state of the whole installation, read from the database: an API exports it, a worker does not. */
export const ofInstallation = new Registry()

collectDefaultMetrics({ register: ofProcess })

/** Node's own metrics. */
const OF_NODE = /^(?:nodejs|process)_/

interface Registered {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labelNames: readonly string[]
}

/** Our metrics of a registry, in the order of their declaration. */
export const descriptionsOf = (registry: Registry) =>
  // The library's types omit what its metrics have.
  (registry.getMetricsAsArray() as unknown as Registered[])
    .filter(({ name }) => !OF_NODE.test(name))
    .map(({ name, help, type, labelNames }) => ({
      ...{ name, help, type },
      labels: labelNames.filter((label) => label !== 'le'),
    }))

export const counter = <Label extends string = never>(described: Described<Label>): Counter<Label> =>
  createCounter(described, ofProcess)

/** @param described.buckets upper bounds, in seconds */
export const histogram = <Label extends string = never>(
  described: Described<Label> & { readonly buckets: readonly number[] },
): Histogram<Label> => createHistogram(described, ofProcess)

export const gauge = <Label extends string = never>(
  { name, help, labels = [] }: Described<Label>,
  registry: Registry = ofProcess,
): Gauge<Label> => new Gauge({ name, help, labelNames: labels, registers: [registry] })
