/**
 * What does not come in time, or not at all.
 */
import { type Hostile, one } from "./hostile.js"
import { chat, chunk, chunked, head, length, lines, messages, plain, post } from "./written.js"

/** Byte by byte, it would take far longer than it may. */
const long = plain.replace("Hello", "Hello".repeat(100))

export const slow: ReadonlyArray<Hostile> = [
  one("a request that does not go on", 408, `POST ${messages} HTTP/1.1\r\nhost: gateway\r\n`),
  one(
    "headers that come slowly",
    408,
    Array.from(post(), (byte) => byte)
  ),
  one("a body that does not go on", 408, `${head("POST", messages, "content-length: 100")}{`, { dialect: "anthropic" }),
  one("a body that comes slowly", 408, [head("POST", chat, length(long)), ...long]),
  one("chunks that come slowly", 408, [chunked(), ...Array.from(long, (byte) => chunk(byte))]),
  one(
    "a body that nobody waits for and that does not go on",
    401,
    lines(`POST ${chat} HTTP/1.1`, ["host: gateway", length(plain)]),
    { stays: true }
  ),
  one("a connection that asks nothing more", 200, post(), { stays: true })
]
