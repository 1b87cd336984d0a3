/**
 * What is wrong with headers.
 */
import { type Hostile, one } from "./hostile.js"
import { auth, chat, head, length, lines, messages, plain, post } from "./written.js"

export const headers: ReadonlyArray<Hostile> = [
  one("headers far too large, sent to their end", 431, post(plain, chat, `x-more: ${"x".repeat(12_000_000)}`)),
  one("too large headers", 431, post(plain, messages, `x-more: ${"x".repeat(20_000)}`), { dialect: "anthropic" }),
  one(
    "two thousand headers before the key",
    200,
    lines(`POST ${chat} HTTP/1.1`, [
      "host: gateway",
      ...Array.from({ length: 2_000 }, () => "a:b"),
      auth,
      length(plain)
    ]) + plain
  ),
  one("a space before the colon", 400, post(plain, chat, "x-more : x")),
  one("a header in two lines", 400, post(plain, chat, "x-more: x\r\n  y")),
  one("a header without a colon", 400, post(plain, chat, "x-more")),
  one("a header without a name", 400, post(plain, chat, ": x")),
  one("a header with a zero", 400, post(plain, chat, "x-more: a\0b")),
  one("a header with a bell", 400, post(plain, chat, "x-more: a\x07b")),
  one("a header with CR alone", 400, post(plain, chat, "x-more: a\rb")),
  one("a header of other bytes", 200, post(plain, chat, "x-more: \xe9\xff")),
  one("a name of other bytes", 400, post(plain, chat, "x-\xe9: x")),
  one("headers with names of Object's", 200, post(plain, chat, "__proto__: x", "constructor: x", "toString: x")),
  one(
    "two keys",
    401,
    lines(`POST ${chat} HTTP/1.1`, ["host: gateway", "authorization: Bearer x", auth, length(plain)]) + plain
  ),
  one("no key", 401, lines(`POST ${messages} HTTP/1.1`, ["host: gateway", length(plain)]) + plain, {
    dialect: "anthropic"
  }),
  one(
    "a key that is too long",
    401,
    lines(`POST ${chat} HTTP/1.1`, ["host: gateway", `x-api-key: ${"x".repeat(10_000)}`, length(plain)]) + plain
  ),
  one("a Connection that names all", 200, post(plain, chat, "connection: host, content-length, authorization, close")),
  one("an id that is no id", 200, post(plain, chat, "x-request-id: <script>")),
  one("a page that nobody has named", 403, post(plain, messages, "origin: https://evil.example"), {
    dialect: "anthropic"
  }),
  one("a page that is none", 403, post(plain, chat, "origin: null", "content-type: text/plain")),
  one("a delivery that does not exist", 400, post(plain, chat, "x-effect-resilience-delivery: soon")),
  one(
    "two deliveries",
    400,
    post(plain, chat, "x-effect-resilience-delivery: buffered", "x-effect-resilience-delivery: buffered")
  ),
  one("Expect: 100-continue", 100, head("POST", chat, length(plain), "expect: 100-continue") + plain + post(), {
    answers: [100, 200, 200]
  }),
  one(
    "Expect: 100-continue before what is too large",
    413,
    head("POST", chat, "content-length: 200000", "expect: 100-continue"),
    { closes: true }
  ),
  one(
    "Expect: 100-continue without a key",
    401,
    lines(`POST ${chat} HTTP/1.1`, ["host: gateway", length(plain), "expect: 100-continue"]),
    { closes: true }
  ),
  one("another expectation", 417, post(plain, messages, "expect: an-answer"), { dialect: "anthropic" }),
  one(
    "a WebSocket",
    404,
    head("GET", "/v1/realtime", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13")
  ),
  one(
    "HTTP/2 by an upgrade",
    200,
    post(plain, chat, "connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABk") + post(),
    { closes: true }
  ),
  one("a body that is compressed", 415, post(plain, chat, "content-encoding: gzip")),
  one("many ranges", 200, post(plain, chat, `range: bytes=${"0-,".repeat(2_000)}`))
]
