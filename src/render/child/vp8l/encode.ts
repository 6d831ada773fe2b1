import { type BitWriter, createBitWriter } from './bits.ts'
import type { Indexed } from './indexed.ts'
import { DISTANCE_SYMBOLS, extraBitsOf, LENGTH_SYMBOLS, prefixOf } from './numbers.ts'
import { type PrefixCode, putSymbol, writePrefixCode } from './prefix-code.ts'
import { type Tokens, tokensOf } from './tokens.ts'

const SIGNATURE = 0x2f
const COLOUR_INDEXING = 3
const LITERALS = 256

/**
 * A lossless WebP (VP8L, RFC 9649) of a picture of few colours: its palette, and one prefix code for literals and copies. Libwebp searches
 * for the best of many ways to write any picture; this is the one that is best for flat art, in half of the time. Null: the picture is too
 * dense for it.
 */
export function encodeIndexed(picture: Indexed): Buffer | null {
  const { colours, width, height } = picture
  const sorted = [...colours].sort((a, b) => a - b)
  const ranks = ranksOf(colours, sorted)
  const packed = colours.length > 16 ? { data: picture.indices, width, ranks } : pack(picture, ranks)
  const tokens = tokensOf(packed.data, packed.width)
  if (!tokens) return null
  const bits = createBitWriter()
  bits.put(SIGNATURE, 8)
  bits.put(width - 1, 14)
  bits.put(height - 1, 14)
  const channels = channelsOf(sorted)
  bits.put(channels.some((value, at) => at % CHANNELS === ALPHA && value < 255) ? 1 : 0, 1)
  bits.put(0, 3)
  // The only transform: the pixels are indices into a palette.
  bits.put(1, 1)
  bits.put(COLOUR_INDEXING, 2)
  writePalette(bits, channels)
  bits.put(0, 1)
  writeTokens(bits, tokens, packed.ranks)
  return contain(bits.end())
}

function ranksOf(colours: readonly number[], sorted: readonly number[]): Uint8Array {
  const rankOf = new Map(sorted.map((colour, rank) => [colour, rank]))
  return Uint8Array.from(colours, (colour) => rankOf.get(colour) ?? 0)
}

const CHANNELS = 4
const [RED, GREEN, BLUE, ALPHA] = [0, 1, 2, 3]

/** The channels of colours in the order of `asUint32`, four each, whatever the machine's byte order. */
const channelsOf = (colours: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(colours).buffer)

/** A picture of one row, in which each colour is the difference from the one before. */
function writePalette(bits: BitWriter, channels: Uint8Array): void {
  bits.put(channels.length / CHANNELS - 1, 8)
  bits.put(0, 1)
  // A byte wraps around.
  const differences = channels.map((value, at) => value - (channels[at - CHANNELS] ?? 0))
  const codes = ORDER.map((channel) => {
    const counts = new Uint32Array(channel === GREEN ? LITERALS + LENGTH_SYMBOLS : LITERALS)
    for (let at = channel; at < differences.length; at += CHANNELS) count(counts, differences[at] as number)
    return { channel, code: writePrefixCode(bits, counts) }
  })
  writePrefixCode(bits, new Uint32Array(DISTANCE_SYMBOLS))
  for (let at = 0; at < differences.length; at += CHANNELS)
    for (const { channel, code } of codes) putSymbol(bits, code, differences[at + channel] as number)
}

/** Of the channels' codes. */
const ORDER = [GREEN, RED, BLUE, ALPHA]

const count = (counts: Uint32Array, symbol: number): void => {
  counts[symbol] = (counts[symbol] as number) + 1
}

interface Packed {
  /** Row by row. */
  readonly data: Uint8Array
  readonly width: number
  /** Of each of its values, the symbol that is written. */
  readonly ranks: Uint8Array
}

const AS_THEY_ARE = Uint8Array.from({ length: LITERALS }, (_, value) => value)

/** With up to 2, 4 or 16 colours, a byte holds 8, 4 or 2 pixels, the left one lowest. */
function pack({ indices, colours, width, height }: Indexed, ranks: Uint8Array): Packed {
  const shift = colours.length <= 2 ? 3 : colours.length <= 4 ? 2 : 1
  const [pixelBits, mask] = [8 >> shift, (1 << shift) - 1]
  const packedWidth = (width + mask) >> shift
  const data = new Uint8Array(packedWidth * height)
  for (let row = 0, from = 0; row < height; row++) {
    for (let column = 0; column < width; column++, from++) {
      const to = row * packedWidth + (column >> shift)
      data[to] = (data[to] as number) | ((ranks[indices[from] as number] as number) << ((column & mask) * pixelBits))
    }
  }
  return { data, width: packedWidth, ranks: AS_THEY_ARE }
}

/** Red, blue and alpha of an index. */
const CONSTANTS = [0, 0, 255].map((constant) => Uint32Array.from({ length: LITERALS }, (_, at) => +(at === constant)))

function writeTokens(bits: BitWriter, tokens: Tokens, ranks: Uint8Array): void {
  // Neither a cache of colours nor a choice of codes by place.
  bits.put(0, 2)
  const { symbols, distances } = countSymbols(tokens, ranks)
  const code = writePrefixCode(bits, symbols)
  for (const counts of CONSTANTS) writePrefixCode(bits, counts)
  const distanceCode = writePrefixCode(bits, distances)
  for (let token = 0; token < tokens.count; token++) {
    const [length, value] = [tokens.lengths[token] as number, tokens.values[token] as number]
    if (length === 0) putSymbol(bits, code, ranks[value] as number)
    else {
      putNumber(bits, { code, from: LITERALS }, length)
      putNumber(bits, { code: distanceCode, from: 0 }, value)
    }
  }
}

function countSymbols({ count: tokens, lengths, values }: Tokens, ranks: Uint8Array) {
  const [symbols, distances] = [new Uint32Array(LITERALS + LENGTH_SYMBOLS), new Uint32Array(DISTANCE_SYMBOLS)]
  for (let token = 0; token < tokens; token++) {
    const [length, value] = [lengths[token] as number, values[token] as number]
    if (length === 0) count(symbols, ranks[value] as number)
    else {
      count(symbols, LITERALS + prefixOf(length))
      count(distances, prefixOf(value))
    }
  }
  return { symbols, distances }
}

/** @param to.from the symbol of the first prefix */
function putNumber(bits: BitWriter, { code, from }: { code: PrefixCode; from: number }, number: number): void {
  const prefix = prefixOf(number)
  putSymbol(bits, code, from + prefix)
  const count = extraBitsOf(prefix)
  const extra = (number - 1) & ((1 << count) - 1)
  if (count > 16) {
    bits.put(extra & 0xffff, 16)
    bits.put(extra >>> 16, count - 16)
  } else bits.put(extra, count)
}

/** The file's container: RIFF with one chunk, of even length. */
function contain(body: Uint8Array): Buffer {
  const file = Buffer.alloc(20 + body.length + (body.length % 2))
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WEBPVP8L', 8, 'latin1')
  file.writeUInt32LE(body.length, 16)
  file.set(body, 20)
  return file
}
