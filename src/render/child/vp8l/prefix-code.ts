import type { BitWriter } from './bits.ts'

/** Canonical prefix codes as WebP lossless stores them: https://www.rfc-editor.org/rfc/rfc9649.html#section-3.7.2. */

/** For each symbol the number of its bits, and the bits, first one lowest. */
export interface PrefixCode {
  readonly lengths: Uint8Array
  readonly codes: Uint16Array
}

const LENGTH_MAX = 15
/** The code that the lengths themselves are written in. */
const LENGTHS_OF_LENGTHS_MAX = 7
const ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]

/** Writes the best code for symbols of these frequencies. */
export function writePrefixCode(bits: BitWriter, counts: Uint32Array): PrefixCode {
  const lengths = lengthsFor(counts, LENGTH_MAX)
  const used = usedOf(lengths)
  if (used.length <= 2 && used.every((symbol) => symbol < 256)) writeSimple(bits, used)
  else writeLengths(bits, lengths)
  return codeOf(lengths)
}

/** Writes one symbol. */
export function putSymbol(bits: BitWriter, { lengths, codes }: PrefixCode, symbol: number): void {
  bits.put(codes[symbol] as number, lengths[symbol] as number)
}

function usedOf(lengths: Uint8Array): number[] {
  const used: number[] = []
  for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] !== 0) used.push(symbol)
  return used
}

/** At most two symbols, of one bit together. */
function writeSimple(bits: BitWriter, [first = 0, second]: readonly number[]): void {
  bits.put(1, 1)
  bits.put(second === undefined ? 0 : 1, 1)
  bits.put(first > 1 ? 1 : 0, 1)
  bits.put(first, first > 1 ? 8 : 1)
  if (second !== undefined) bits.put(second, 8)
}

/** A length, or a run of them: its symbol, the repetitions above the least, and the bits of those. */
type Run = readonly [symbol: number, extra: number, extraBits: number]

function writeLengths(bits: BitWriter, lengths: Uint8Array): void {
  const end = lengths.findLastIndex((length) => length !== 0) + 1
  const runs = runsOf(lengths.subarray(0, end))
  const counts = new Uint32Array(ORDER.length)
  for (const [symbol] of runs) counts[symbol] = (counts[symbol] as number) + 1
  const ofLengths = lengthsFor(counts, LENGTHS_OF_LENGTHS_MAX)
  const written = Math.max(4, ORDER.findLastIndex((symbol) => ofLengths[symbol] !== 0) + 1)
  bits.put(0, 1)
  bits.put(written - 4, 4)
  for (const symbol of ORDER.slice(0, written)) bits.put(ofLengths[symbol] as number, 3)
  writeRunCount(bits, runs.length)
  const code = codeOf(ofLengths)
  for (const [symbol, extra, extraBits] of runs) {
    putSymbol(bits, code, symbol)
    bits.put(extra, extraBits)
  }
}

/** At least two are announced; a code that is not simple has more. */
function writeRunCount(bits: BitWriter, count: number): void {
  const pairs = count === 2 ? 1 : ((31 - Math.clz32(count - 2)) >> 1) + 1
  bits.put(1, 1)
  bits.put(pairs - 1, 3)
  bits.put(count - 2, 2 * pairs)
}

const [REPEAT, FEW_ZEROS, MANY_ZEROS] = [16, 17, 18]
/** What a first `REPEAT` would repeat. */
const INITIAL_LENGTH = 8

function runsOf(lengths: Uint8Array): Run[] {
  const runs: Run[] = []
  let previous = INITIAL_LENGTH
  for (let at = 0; at < lengths.length; ) {
    const length = lengths[at] as number
    let count = 1
    while (at + count < lengths.length && lengths[at + count] === length) count++
    at += count
    if (length !== 0 && length !== previous) {
      runs.push([length, 0, 0])
      previous = length
      count--
    }
    while (count > 0) {
      const run = count < 3 ? null : length === 0 ? Math.min(count, 138) : Math.min(count, 6)
      if (run === null) runs.push([length, 0, 0])
      else if (length !== 0) runs.push([REPEAT, run - 3, 2])
      else runs.push(run < 11 ? [FEW_ZEROS, run - 3, 3] : [MANY_ZEROS, run - 11, 7])
      count -= run ?? 1
    }
  }
  return runs
}

/**
 * The lengths of a Huffman code. Where one is above the limit, rare symbols count as less rare until none is, as in libwebp.
 */
function lengthsFor(counts: Uint32Array, limit: number): Uint8Array {
  const lengths = new Uint8Array(counts.length)
  const symbols: number[] = []
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol] !== 0) symbols.push(symbol)
  if (symbols.length === 1) lengths[symbols[0] as number] = 1
  if (symbols.length < 2) return lengths
  for (let least = 1; ; least *= 2) {
    const weightOf = (symbol: number) => Math.max(counts[symbol] as number, least)
    symbols.sort((a, b) => weightOf(a) - weightOf(b) || a - b)
    const depths = depthsOf(symbols.map(weightOf))
    if (Math.max(...depths) > limit) continue
    for (const [index, symbol] of symbols.entries()) lengths[symbol] = depths[index] as number
    return lengths
  }
}

/** The depths of a Huffman tree's leaves: two queues, of leaves and of inner nodes, both ascending. @param leaves ascending weights */
function depthsOf(leaves: readonly number[]): number[] {
  const count = leaves.length
  const weights = [...leaves]
  const parents: number[] = []
  for (let leaf = 0, inner = count, node = count; node < 2 * count - 1; node++) {
    const takeLeast = () => {
      const isLeaf = leaf < count && (inner >= node || (weights[leaf] as number) <= (weights[inner] as number))
      const least = isLeaf ? leaf++ : inner++
      parents[least] = node
      return weights[least] as number
    }
    weights[node] = takeLeast() + takeLeast()
  }
  const depths: number[] = Array(2 * count - 1).fill(0)
  for (let node = 2 * count - 3; node >= 0; node--) depths[node] = (depths[parents[node] as number] as number) + 1
  return depths.slice(0, count)
}

/** The canonical code of these lengths. A symbol that is alone takes no bits. */
function codeOf(lengths: Uint8Array): PrefixCode {
  const codes = new Uint16Array(lengths.length)
  if (usedOf(lengths).length === 1) return { lengths: new Uint8Array(lengths.length), codes }
  let next = 0
  for (let length = 1; length <= LENGTH_MAX; length++, next <<= 1)
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol] === length) codes[symbol] = reversed(next++, length)
  return { lengths, codes }
}

function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit)
  return result
}
