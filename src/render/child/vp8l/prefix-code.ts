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
  let leaves = 0
  for (let symbol = 0; symbol < counts.length; symbol++) {
    if (counts[symbol] === 0) continue
    lengths[symbol] = 1
    leaves++
  }
  if (leaves < 2) return lengths
  for (let least = 1; ; least *= 2) {
    sortLeaves(counts, least)
    if (measureDepths(leaves) > limit) continue
    for (let leaf = 0; leaf < leaves; leaf++) lengths[(KEYS[leaf] as number) % SYMBOLS] = DEPTHS[leaf] as number
    return lengths
  }
}

/** More than any alphabet has symbols. */
const SYMBOLS = 512
// The leaves of a tree, in ascending order of weight, each as weight * SYMBOLS + symbol: a typed array is sorted without calling back. These
// arrays are shared by all calls: a picture needs ten codes, and allocating took longer than the rest.
const KEYS = new Float64Array(SYMBOLS)
// Of its nodes: first the leaves, then those above them.
const WEIGHTS = new Float64Array(2 * SYMBOLS)
const PARENTS = new Uint16Array(2 * SYMBOLS)
const DEPTHS = new Uint16Array(2 * SYMBOLS)

/** @param least the weight of rarer symbols */
function sortLeaves(counts: Uint32Array, least: number): void {
  let leaves = 0
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number
    if (count > 0) KEYS[leaves++] = Math.max(count, least) * SYMBOLS + symbol
  }
  KEYS.subarray(0, leaves).sort()
  for (let leaf = 0; leaf < leaves; leaf++) WEIGHTS[leaf] = Math.floor((KEYS[leaf] as number) / SYMBOLS)
}

/** The depths of the sorted leaves, at least two, in a Huffman tree: two queues, of leaves and of inner nodes, both ascending. Returns the greatest. */
function measureDepths(leaves: number): number {
  const root = 2 * leaves - 2
  for (let leaf = 0, inner = leaves, node = leaves; node <= root; node++) {
    WEIGHTS[node] = 0
    for (let child = 0; child < 2; child++) {
      const isLeaf = leaf < leaves && (inner >= node || (WEIGHTS[leaf] as number) <= (WEIGHTS[inner] as number))
      const lightest = isLeaf ? leaf++ : inner++
      PARENTS[lightest] = node
      WEIGHTS[node] = (WEIGHTS[node] as number) + (WEIGHTS[lightest] as number)
    }
  }
  DEPTHS[root] = 0
  let greatest = 0
  for (let node = root - 1; node >= 0; node--) {
    const depth = (DEPTHS[PARENTS[node] as number] as number) + 1
    DEPTHS[node] = depth
    if (depth > greatest) greatest = depth
  }
  return greatest
}

/** The canonical code of these lengths. A symbol that is alone takes no bits. */
function codeOf(lengths: Uint8Array): PrefixCode {
  const codes = new Uint16Array(lengths.length)
  if (usedOf(lengths).length === 1) return { lengths: new Uint8Array(lengths.length), codes }
  const ofLength = new Uint16Array(LENGTH_MAX + 1)
  for (const length of lengths) if (length > 0) ofLength[length] = (ofLength[length] as number) + 1
  const next = new Uint16Array(LENGTH_MAX + 1)
  for (let length = 1; length < LENGTH_MAX; length++)
    next[length + 1] = ((next[length] as number) + (ofLength[length] as number)) << 1
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number
    if (length === 0) continue
    codes[symbol] = reversed(next[length] as number, length)
    next[length] = (next[length] as number) + 1
  }
  return { lengths, codes }
}

function reversed(code: number, length: number): number {
  let result = 0
  for (let bit = 0; bit < length; bit++) result |= ((code >> bit) & 1) << (length - 1 - bit)
  return result
}
