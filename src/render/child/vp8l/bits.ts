/** Bits in the order of WebP: the first is the lowest of the first byte. */
export interface BitWriter {
  /** Appends the lowest `count` (0 to 16) bits of a value that has no others. */
  put(value: number, count: number): void
  /** All bytes written; the last is padded with zeros. The writer must not be used afterwards. */
  end(): Uint8Array
}

export function createBitWriter(): BitWriter {
  let bytes = new Uint8Array(8192)
  let [length, pending, pendingBits] = [0, 0, 0]
  return {
    put(value, count) {
      pending |= value << pendingBits
      pendingBits += count
      for (; pendingBits >= 8; pendingBits -= 8, pending >>>= 8) {
        if (length === bytes.length) bytes = grown(bytes)
        bytes[length++] = pending & 255
      }
    },
    end() {
      const padded = pendingBits > 0 ? 8 - pendingBits : 0
      this.put(0, padded)
      return bytes.subarray(0, length)
    },
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length)
  larger.set(bytes)
  return larger
}
