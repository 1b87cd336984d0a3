/**
 * Where a request ends, and where the next one begins.
 */
import { type Hostile, one } from "./hostile.js"
import { auth, chat, chunk, chunked, head, length, lines, messages, plain, post, stream } from "./written.js"

export const framing: ReadonlyArray<Hostile> = [
  one("a length and chunks", 400, head("POST", chat, "content-length: 1", "transfer-encoding: chunked")),
  one("chunks and a length", 400, head("POST", chat, "transfer-encoding: chunked", "content-length: 1")),
  one("two lengths", 400, head("POST", messages, length(plain), "content-length: 1") + plain, { dialect: "anthropic" }),
  one("a length twice", 400, head("POST", chat, length(plain), length(plain)) + plain),
  ...["-1", "+1", "0x10", "1e3", "1,1", "1 1", "", "99999999999999999999999"].map((value) =>
    one(`a length of ${JSON.stringify(value)}`, 400, head("POST", chat, `content-length: ${value}`))
  ),
  ...["gzip", "chunked, gzip", "xchunked", "chunked\t,"].map((value) =>
    one(
      `an encoding of ${JSON.stringify(value)}`,
      400,
      head("POST", chat, `transfer-encoding: ${value}`) + chunk(plain)
    )
  ),
  one("compressed chunks", 400, chunked("transfer-encoding: gzip") + chunk("\x1f\x8b\x08\0") + chunk("")),
  one(
    "chunks of HTTP/1.0",
    200,
    lines(`POST ${chat} HTTP/1.0`, [auth, "transfer-encoding: chunked"]) + chunk(plain) + chunk("")
  ),
  ...["not a number", "-1", "fffffffffffffffff", "", "0x5", "5 5"].map((size) =>
    one(`a chunk of ${JSON.stringify(size)}`, 400, `${chunked()}${size}\r\n`)
  ),
  one("chunks twice", 400, chunked("transfer-encoding: chunked") + chunk(plain) + chunk("")),
  one("chunks behind a tab", 400, head("POST", chat, "transfer-encoding: \x0bchunked") + chunk(plain) + chunk("")),
  one("chunks in capital letters", 200, head("POST", chat, "TRANSFER-ENCODING: CHUNKED") + chunk(plain) + chunk("")),
  one("a length with zeros before it", 200, head("POST", chat, `content-length: 000${plain.length}`) + plain),
  one("a chunk that is none, and far more, sent to its end", 400, `${chunked()}zz\r\n${"x".repeat(12_000_000)}`),
  one("a chunk that is longer than it says", 400, `${chunked()}1\r\n${plain}\r\n`),
  one("chunks that end with LF", 400, (chunked() + chunk(plain)).replace(`\r\n${plain}`, `\n${plain}`)),
  one("a chunk with something said of it", 200, chunked() + chunk(plain, ";name=value") + chunk("")),
  one("a chunk with too much said of it", 413, chunked() + chunk(plain, `;name=${"x".repeat(20_000)}`)),
  one("chunks of a byte", 200, chunked() + [...plain].map((byte) => chunk(byte)).join("") + chunk("")),
  one("trailers", 200, `${chunked("trailer: x-more") + chunk(plain)}0\r\nx-more: x\r\nauthorization: Bearer x\r\n\r\n`),
  one("trailers that are none", 400, `${chunked() + chunk(plain)}0\r\nx more\r\n\r\n`),
  one("too large trailers", 431, `${chunked() + chunk(plain)}0\r\nx-more: ${"x".repeat(20_000)}\r\n\r\n`),
  one("more than its length", 200, `${post()}more`, { answers: [200, 400] }),
  one("a thousand at once", 200, head("GET", "/healthz").repeat(1_000), { answers: Array(1_000).fill(200) }),
  one("three at once", 200, post() + post(plain, messages) + head("GET", "/healthz"), { answers: [200, 200, 200] }),
  one("a good one, and then a bad one", 200, post() + post().replace("HTTP/1.1", "HTTP/x"), {
    answers: [200, 400]
  }),
  one("a good stream, and then a bad one", 200, `${post(stream)}\0`, { answers: [200, 400] }),
  one("a good one, and then one that breaks off", 200, [post(), `${chunked()}zz\r\n`], { answers: [200, 400] }),
  one("two good ones, and then bad chunks", 200, `${post()}${post(plain, messages)}${chunked()}zz\r\n`, {
    answers: [200, 200, 400]
  }),
  one(
    "a body where there is nothing to say",
    200,
    head("GET", "/healthz", length(plain)) + plain + head("GET", "/readyz"),
    { answers: [200, 200] }
  ),
  one("a body with HEAD", 200, head("HEAD", "/v1/models", length(plain)) + plain, { method: "HEAD" })
]
