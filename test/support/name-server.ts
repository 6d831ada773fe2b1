import { createSocket } from 'node:dgram'
import { onTestFinished } from 'vitest'

/** Lengths in bytes, and values, of DNS messages: https://www.rfc-editor.org/rfc/rfc1035. */
const HEADER_BYTES = 12
const TYPE_AND_CLASS_BYTES = 4
const [TYPE_A, CLASS_INTERNET] = [1, 1]
const [RESPONSE, NAME_ERROR] = [0x8180, 3]
/** A pointer to the question's name. */
const NAME_POINTER = 0xc000 + HEADER_BYTES

/** A name server on loopback that knows the IPv4 addresses of these names, and no others, until the test ends. Returns its address. */
export async function testNameServer(known: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  socket.on('message', (message, from) => socket.send(answer(message, known), from.port, from.address))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return `127.0.0.1:${socket.address().port}`
}

function answer(message: Buffer, known: Readonly<Record<string, readonly string[]>>): Buffer {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = message.readUInt16BE(at + 1)
  const question = message.subarray(HEADER_BYTES, at + 1 + TYPE_AND_CLASS_BYTES)
  const addresses = known[labels.join('.').toLowerCase()]
  const records = type === TYPE_A ? (addresses ?? []) : []
  const flags = RESPONSE + (addresses ? 0 : NAME_ERROR)
  const header = words(message.readUInt16BE(0), flags, 1, records.length, 0, 0)
  const answers = records.map((address) =>
    // The middle zeros are the time that it may be remembered: none.
    Buffer.concat([words(NAME_POINTER, TYPE_A, CLASS_INTERNET, 0, 0, 4), Buffer.from(address.split('.').map(Number))]),
  )
  return Buffer.concat([header, question, ...answers])
}

/** Numbers of two bytes. */
const words = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}
