/**
 * The binary framing of AWS's event streams: a length, headers, a payload, and a checksum over each of the two halves.
 */
import { Buffer } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** @internal */
export const eventStreamType = "application/vnd.amazon.eventstream"

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

/**
 * Each message as AWS's own client gives it: its payload under the name of its event or exception. One whose checksum is
 * wrong, or that is cut, is no message.
 *
 * @internal
 */
export const eventStreamPayloads = <E, E2>(
  self: Stream.Stream<Uint8Array, E>,
  malformed: () => E2
): Stream.Stream<unknown, E | E2> => {
  // A cut message is found out at the end: until then it is one whose rest has not come yet.
  const end = Stream.succeed("end" as const)
  return Stream.concat(self, end).pipe(
    Stream.mapAccumEffect(Buffer.alloc(0), (before, next) =>
      Effect.suspend(() => {
        if (next === "end") {
          return before.length === 0 ? Effect.succeed([before, [] as ReadonlyArray<unknown>]) : Effect.fail(malformed())
        }
        let rest = Buffer.concat([before, next])
        const payloads: Array<unknown> = []
        while (rest.length >= preludeBytes && rest.length >= rest.readUInt32BE(0)) {
          const message = rest.subarray(0, rest.readUInt32BE(0))
          rest = rest.subarray(message.length)
          const found = payloadOf(message)
          if (found === undefined) return Effect.fail(malformed())
          payloads.push(found)
        }
        return Effect.succeed([rest, payloads as ReadonlyArray<unknown>])
      })
    ),
    Stream.mapConcat((payloads) => payloads)
  )
}

const payloadOf = (message: Buffer): unknown => {
  const end = message.length - checksumBytes
  if (end < preludeBytes || crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) return undefined
  const head = preludeBytes + message.readUInt32BE(4)
  let name: string | undefined
  for (let at = preludeBytes; at < head; ) {
    const header = at + 1 + message.readUInt8(at)
    // After the name its type, and the length of the value.
    const value = header + 3 + message.readUInt16BE(header + 1)
    if (/^:(?:event|exception)-type$/.test(message.toString("utf8", at + 1, header))) {
      name = message.toString("utf8", header + 3, value)
    }
    at = value
  }
  return name === undefined ? undefined : { [name]: JSON.parse(message.toString("utf8", head, end)) }
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
