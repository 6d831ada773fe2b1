import { COPY_MAX, DISTANCE_SYMBOLS, distanceCodeOf, extraBitsOf, prefixOf } from './numbers.ts'

/** A picture as literal symbols and copies of what came before. */
export interface Tokens {
  readonly count: number
  /** Pixels that are copied; 0: a literal. */
  readonly lengths: Uint32Array
  /** The literal, or the code of the copy's distance. */
  readonly values: Uint32Array
}

/** Estimates for flat art: bits of a literal, and of the prefixes of lengths and distances. The picture's own codes depend on the tokens. */
const LITERAL_BITS = 6.6
const LENGTH_BITS = Float64Array.from({ length: COPY_MAX + 1 }, (_, length) =>
  length === 0
    ? 0
    : withExtra(prefixOf(length), [6, 6, 5, 5, 5, 4.5, 4.5, 4.5, 4, 4, 4, 4, 4, 4, 4, 4, 4.5, 4.5, 5, 5, 5, 5, 5, 4]),
)
const DISTANCE_BITS = Float64Array.from({ length: DISTANCE_SYMBOLS }, (_, prefix) =>
  withExtra(prefix, [1.3, 2.8, 3, 3, 4, 4.5, 5, 5, 5.5, 5.5]),
)
function withExtra(prefix: number, bits: readonly number[]): number {
  return (bits[prefix] ?? 6.5) + extraBitsOf(prefix)
}
/** The codes of the distances to the left and to the row above. */
const [ABOVE, LEFT] = [1, 2]

/** Earlier starts of runs that are tried, and how many rows up at most: farther distances take more bits than they save. */
const TRIES = 3
const ROWS_MAX = 8
/** Pixels of a copy that is good enough. */
const LONG = 64
const HASH_BITS = 12
/** Icons at 512 px have 5,800 on average. Bounds the time to some tenths of a second, and the memory to 2 MB. */
const NODES_MAX = 2 ** 16

/**
 * The cheapest tokens by the mean bits of each. Flat art is runs of one colour and repetitions of the row above, so tokens only begin
 * where one of those begins or ends (a node), a few thousand places of a quarter of a million: the best way from each to the end is found
 * from the last to the first.
 * @param width pixels of a row
 * @returns null if there are so many nodes that it would take too long
 */
export function tokensOf(data: Uint8Array, width: number): Tokens | null {
  const nodes = nodesOf(data, width)
  if (!nodes) return null
  const count = nodes.length - 1
  const earlier = linkEqualStarts(data, nodes)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const bits = new Float64Array(count + 1)
  const [lengths, values, nexts] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)]
  // Its results are in arrays: what a closure shares with a loop is slow.
  const offer = (node: number, to: number, code: number) => {
    const length = (nodes[to] as number) - (nodes[node] as number)
    const cost = bitsOfCopy(length, code) + (bits[to] as number)
    if (cost >= (bits[node] as number)) return
    bits[node] = cost
    lengths[node] = length
    values[node] = code
    nexts[node] = to
  }
  for (let node = count - 1, run = count, repeated = count; node >= 0; node--) {
    const at = nodes[node] as number
    const isStart = at === 0 || data[at] !== data[at - 1]
    const isRepeated = at >= width && data[at] === data[at - width]
    const isSingle = nodes[node + 1] === at + 1
    bits[node] = isSingle ? LITERAL_BITS + (bits[node + 1] as number) : Number.POSITIVE_INFINITY
    if (isSingle) {
      lengths[node] = 0
      values[node] = data[at] as number
      nexts[node] = node + 1
    }
    if (isRepeated) offer(node, repeated, ABOVE)
    else repeated = node
    // Repeated rows have no nodes within, and may have any runs: none crosses them.
    const isRepeatedRow = isRepeated && !isSingle && (nodes[node + 1] as number) - at >= width && at % width === 0
    if (isStart || isRepeatedRow) run = node
    if (!isStart && !isRepeatedRow) offer(node, run, LEFT)
    if (isStart) {
      let other = earlier[node] as number
      for (let tries = TRIES; other >= 0 && tries > 0; other = earlier[other] as number, tries--) {
        const distance = at - (nodes[other] as number)
        if (distance > ROWS_MAX * width) break
        if (distance === width) continue
        const length = matching(view, at, distance)
        const to = lastNodeBy(nodes, node, at + length)
        if (to > node) offer(node, to, distanceCodeOf(distance, width))
        if (length > LONG) break
      }
    }
  }
  return listed({ lengths, values, nexts, count, size: data.length })
}

/** Positions where a run or a repetition of the row above begins or ends, each single pixel apart, and the end. Null: too many. */
function nodesOf(data: Uint8Array, width: number): Int32Array | null {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const canSkip = width % 4 === 0 && data.byteOffset % 4 === 0
  const words = new Int32Array(data.buffer, canSkip ? data.byteOffset : 0, canSkip ? data.byteLength >> 2 : 0)
  let nodes = new Int32Array(4096)
  let [count, last, wasRepeated] = [0, -1, false]
  const add = (at: number) => {
    if (at === last) return
    if (count === nodes.length) {
      const larger = new Int32Array(2 * count)
      larger.set(nodes)
      nodes = larger
    }
    nodes[count++] = at
    last = at
  }
  let isWithinRows = false
  for (let from = 0; from < data.length; from += width) {
    const end = from + width
    if (from > 0 && bytes.compare(bytes, from - width, from, from, end) === 0) {
      if (!isWithinRows) add(from)
      isWithinRows = true
      wasRepeated = true
      continue
    }
    if (isWithinRows) add(from)
    isWithinRows = false
    if (count > NODES_MAX) return null
    for (let at = from; at < end; at++) {
      // Most pixels of flat art are like those around them: four are compared at once.
      if (from > 0 && canSkip && at % 4 === 0) {
        const colour = Math.imul(data[at - 1] as number, EACH_BYTE)
        while (
          at < end &&
          words[at >> 2] === colour &&
          isLike(wasRepeated, (words[(at - width) >> 2] as number) ^ colour)
        )
          at += 4
        if (at >= end) break
      }
      const isRepeated = from > 0 && data[at] === data[at - width]
      if (isRepeated !== wasRepeated || at === 0 || data[at] !== data[at - 1]) {
        add(at)
        add(at + 1)
        wasRepeated = isRepeated
      }
    }
  }
  add(data.length)
  return nodes.subarray(0, count)
}

const [EACH_BYTE, TOP_BITS] = [0x01010101, 0x80808080]
/** @param difference of four pixels from those above: none differs, or all do */
const isLike = (isRepeated: boolean, difference: number): boolean =>
  isRepeated ? difference === 0 : ((difference - EACH_BYTE) & ~difference & TOP_BITS) === 0

/** For each start of a run the node of the last one before with the same three pixels, or -1. */
function linkEqualStarts(data: Uint8Array, nodes: Int32Array): Int32Array {
  const heads = new Int32Array(1 << HASH_BITS).fill(-1)
  const earlier = new Int32Array(nodes.length).fill(-1)
  for (let node = 0; node + 1 < nodes.length; node++) {
    const at = nodes[node] as number
    if (at > 0 && data[at] === data[at - 1]) continue
    const three = (data[at] as number) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16)
    const hash = Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS)
    earlier[node] = heads[hash] as number
    heads[hash] = node
  }
  return earlier
}

/** How many pixels equal those before them by the distance. Four are compared at once: most of the time is spent here. */
function matching(data: DataView, at: number, distance: number): number {
  const end = Math.min(data.byteLength, at + COPY_MAX)
  let to = at
  while (to + 4 <= end && data.getUint32(to) === data.getUint32(to - distance)) to += 4
  while (to < end && data.getUint8(to) === data.getUint8(to - distance)) to++
  return to - at
}

/** The last node that is at most there, from this one on. */
function lastNodeBy(nodes: Int32Array, from: number, position: number): number {
  let node = from
  while (node + 1 < nodes.length && (nodes[node + 1] as number) <= position) node++
  return node
}

function bitsOfCopy(length: number, code: number): number {
  const distance = DISTANCE_BITS[prefixOf(code)] as number
  const whole = ((length - 1) / COPY_MAX) | 0
  return (
    whole * (distance + (LENGTH_BITS[COPY_MAX] as number)) +
    distance +
    (LENGTH_BITS[length - whole * COPY_MAX] as number)
  )
}

/** Follows the best way; a copy that is too long becomes several. */
function listed(way: {
  lengths: Int32Array
  values: Int32Array
  nexts: Int32Array
  count: number
  size: number
}): Tokens {
  const most = way.count + Math.ceil(way.size / COPY_MAX)
  const [lengths, values] = [new Uint32Array(most), new Uint32Array(most)]
  let count = 0
  for (let node = 0; node < way.count; node = way.nexts[node] as number) {
    let left = way.lengths[node] as number
    do {
      const length = Math.min(left, COPY_MAX)
      lengths[count] = length
      values[count++] = way.values[node] as number
      left -= length
    } while (left > 0)
  }
  return { count, lengths, values }
}
