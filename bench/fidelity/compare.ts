import type { Sample } from './corpora.ts'
import type { Store } from './stored.ts'
import type { Truths } from './truth.ts'

/** The goal: at most this fraction of a picture's pixels differs from Chromium's. */
export const DIFFERENCE_MAX = 0.01
const BATCH = 16

export type Pixelmatch = (
  one: Uint8Array,
  other: Uint8Array,
  output: Uint8Array | undefined,
  width: number,
  height: number,
  options: { threshold: number },
) => number

export interface Tools {
  readonly truths: Truths
  readonly store: Store
  readonly pixelmatch: Pixelmatch
  readonly size: number
}

export interface Result {
  readonly sample: Sample
  readonly engine: string
  readonly bytes: number
  /** Fraction of pixels that differ, 0 to 1; 1 if we draw nothing. */
  readonly difference: number
  readonly note: string
}

/** Pairs each document's stored picture with Chromium's. Documents that Chromium rejects are left out. */
export async function compareAll(samples: readonly Sample[], tools: Tools): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < samples.length; start += BATCH) {
    const batch = samples.slice(start, start + BATCH)
    const truths = await tools.truths.of(batch)
    const compared = await Promise.all(batch.map((sample, index) => compare(sample, truths[index] ?? null, tools)))
    results.push(...compared.filter((result) => result !== null))
  }
  return results
}

async function compare(sample: Sample, truth: Buffer | null, tools: Tools): Promise<Result | null> {
  if (!truth) return null
  const drawn = await tools.store.draw(sample.svg)
  const { engine, bytes, note } = drawn
  // If Chromium shows nothing either, the refusal is correct.
  const pixels = drawn.pixels ?? (note.startsWith('BLANK') ? Buffer.alloc(truth.length, 255) : null)
  let difference = pixels ? differenceOf(tools, { truth, pixels }) : 1
  if (pixels && difference > DIFFERENCE_MAX && !sample.truth) {
    const alone = await tools.truths.alone(sample)
    if (alone) difference = Math.min(difference, differenceOf(tools, { truth: alone, pixels }))
  }
  return { sample, engine, bytes, difference, note }
}

/** pixelmatch with threshold 0.1, without anti-aliased pixels. @param pair.marked receives a picture of the differences */
export function differenceOf(
  { pixelmatch, size }: Tools,
  { truth, pixels, marked }: { truth: Buffer; pixels: Buffer; marked?: Buffer },
): number {
  return pixelmatch(truth, pixels, marked, size, size, { threshold: 0.1 }) / (size * size)
}
