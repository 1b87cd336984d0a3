/**
 * The binary framing of AWS's event streams: a length, headers, a payload, and a checksum over each of the two halves.
 */
import { Buffer } from "node:buffer"

/** A message whose payload is JSON. @internal */
export const eventStreamMessage = (headers: Readonly<Record<string, string>>, payload: unknown): Buffer => {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => stringHeader(name, value)))
  const body = Buffer.from(JSON.stringify(payload))
  const message = Buffer.alloc(preludeBytes + head.length + body.length + checksumBytes)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(head.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  message.set(head, preludeBytes)
  message.set(body, preludeBytes + head.length)
  const end = message.length - checksumBytes
  message.writeUInt32BE(crc32(message.subarray(0, end)), end)
  return message
}

const preludeBytes = 12
const checksumBytes = 4
/** The type of a header whose value is a string. */
const ofString = 7

const stringHeader = (name: string, value: string): Buffer => {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([
    Buffer.from([Buffer.byteLength(name)]),
    Buffer.from(name),
    Buffer.from([ofString]),
    length,
    bytes
  ])
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb8_8320 : rest >>> 1
  return rest
})

/** Node has its own only since 20.15. */
const crc32 = (bytes: Uint8Array): number => {
  let crc = 0xffff_ffff
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return (crc ^ 0xffff_ffff) >>> 0
}
