import { describe, expect, it } from "@effect/vitest"
import { Classifier, LlmError } from "effect-resilience"

const error = (message: string, more: object = {}): Error => Object.assign(new Error(message), more)

const neverSent = { _tag: "ConnectionFailed", sent: "no" }
const broken = { _tag: "ConnectionFailed", sent: "maybe" }
const hopeless = { _tag: "ConnectionFailed", retryable: false }
const cancelled = { _tag: "Unclassified", code: "ABORT_ERR" }
const timedOut = (phase: string): object => ({ _tag: "TimedOut", phase })

// biome-ignore format: a table
const codes: ReadonlyArray<readonly [code: string, gives: object, more?: object]> = [
  ["ECONNREFUSED", neverSent], ["ENOTFOUND", neverSent], ["EAI_AGAIN", neverSent], ["EHOSTUNREACH", neverSent],
  ["ENETUNREACH", neverSent], ["EMFILE", neverSent], ["ECONNRESET", neverSent, { syscall: "connect" }],
  ["ECONNRESET", broken], ["ECONNRESET", broken, { syscall: "read" }], ["EPIPE", broken], ["UND_ERR_SOCKET", broken],
  ["UND_ERR_CLOSED", broken], ["ERR_STREAM_PREMATURE_CLOSE", broken], ["ERR_HTTP2_GOAWAY_SESSION", broken],
  ["ECONNABORTED", broken], ["ConnectionRefused", neverSent], ["ConnectionClosed", broken],
  ["UND_ERR_CONNECT_TIMEOUT", timedOut("connect")], ["ETIMEDOUT", timedOut("connect"), { syscall: "connect" }],
  ["ETIMEDOUT", timedOut("attempt"), { syscall: "read" }], ["ETIMEDOUT", timedOut("connect"), { event: "connect" }],
  ["UND_ERR_HEADERS_TIMEOUT", timedOut("attempt")], ["UND_ERR_BODY_TIMEOUT", timedOut("idle")],
  ["ESOCKETTIMEDOUT", timedOut("attempt")], ["ETIMEOUT", timedOut("connect")],
  ["CERT_HAS_EXPIRED", hopeless], ["DEPTH_ZERO_SELF_SIGNED_CERT", hopeless], ["SELF_SIGNED_CERT_IN_CHAIN", hopeless],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", hopeless], ["ERR_TLS_CERT_ALTNAME_INVALID", hopeless],
  ["ERR_SSL_WRONG_VERSION_NUMBER", hopeless], ["EPROTO", hopeless], ["HPE_INVALID_CONSTANT", hopeless],
  ["ERR_INVALID_URL", hopeless], ["ERR_INVALID_CHAR", hopeless], ["UND_ERR_INVALID_ARG", hopeless],
  ["EACCES", hopeless, { syscall: "connect" }],
  ["Z_BUF_ERROR", { _tag: "MalformedResponse" }],
  ["ABORT_ERR", cancelled], ["ERR_CANCELED", cancelled], ["UND_ERR_ABORTED", cancelled],
  ["EACCES", { _tag: "Unclassified" }, { syscall: "open" }], ["ENOENT", { _tag: "Unclassified" }, { syscall: "open" }]
]

// biome-ignore format: a table
const words: ReadonlyArray<readonly [message: string, gives: object]> = [
  ["fetch failed", broken], ["Failed to fetch", broken], ["Load failed", broken], ["terminated", broken],
  ["NetworkError when attempting to fetch resource.", broken], ["socket hang up", broken], ["Premature close", broken],
  ["The socket connection was closed unexpectedly. For more information, pass `verbose: true`", broken],
  ["error sending request for url (http://x/)", broken], ["Request timed out.", timedOut("attempt")],
  ["timeout of 3000ms exceeded", timedOut("attempt")], ["The operation timed out.", timedOut("attempt")],
  ["Client network socket disconnected before secure TLS connection was established", neverSent],
  ["bad port", hopeless], ["unknown scheme", hopeless], ["Failed to parse URL from nowhere", hopeless],
  ["Cannot convert argument to a ByteString because the character at index 7 has a value of 8230", hopeless],
  ["redirect count exceeded", hopeless], ["Request was aborted.", cancelled], ["This operation was aborted", cancelled],
  ["The user aborted a request.", cancelled]
]

describe("failures of the connection", () => {
  for (const [code, gives, more] of codes) {
    const where = more === undefined ? "" : ` ${JSON.stringify(more)}`
    it(`reads ${code}${where}, bare and behind "fetch failed"`, () => {
      const bare = error("", { code, ...more })
      for (const thrown of [
        bare,
        error("fetch failed", { cause: error("", { cause: new AggregateError([bare], "") }) })
      ]) {
        // Behind a failed fetch even an unknown code is a failed connection.
        const known = "code" in gives || (gives as { _tag: string })._tag !== "Unclassified"
        const expected = known || thrown === bare ? gives : broken
        expect(Classifier.fromUnknown(thrown)).toMatchObject(expected)
      }
      if ((gives as { _tag: string })._tag === "ConnectionFailed") {
        expect(Classifier.fromUnknown(bare)).toMatchObject({ code })
        expect(LlmError.traits(Classifier.fromUnknown(bare)).retryable).toBe(gives !== hopeless)
      }
    })
  }

  for (const [message, gives] of words) {
    it(`reads "${message}"`, () => {
      expect(Classifier.fromUnknown(error(message))).toMatchObject(gives)
      expect(Classifier.fromUnknown(error("Connection error.", { cause: error(message) }))).toMatchObject(gives)
    })
  }

  it("tells the timeout that axios calls an aborted connection", () => {
    const late = error("timeout of 30ms exceeded", { code: "ECONNABORTED", name: "AxiosError" })
    expect(Classifier.fromUnknown(late)).toMatchObject(timedOut("attempt"))
    const cut = error("Request aborted", { code: "ECONNABORTED", name: "AxiosError" })
    expect(Classifier.fromUnknown(cut)).toMatchObject(broken)
  })

  it("does not take node:http's own word for a cut response as a caller's", () => {
    expect(Classifier.fromUnknown(error("aborted", { code: "ECONNRESET" }))).toMatchObject(broken)
    expect(Classifier.fromUnknown(error("aborted"))).toMatchObject(broken)
  })

  it("tells a cancelled call, with harmless consequences, from one that ran out of time", async () => {
    const thrownBy = (signal: AbortSignal): Promise<unknown> => fetch("http://127.0.0.1:9", { signal }).catch((e) => e)
    const failure = Classifier.fromUnknown(await thrownBy(AbortSignal.abort()))
    expect(failure).toMatchObject(cancelled)
    expect(failure.message).toBe("The call was cancelled by its caller (ABORT_ERR)")
    expect(LlmError.traits(failure)).toMatchObject({ retryable: false, countsAgainstHealth: false, fallback: false })
    const late = new DOMException("The operation was aborted due to timeout", "TimeoutError")
    expect(Classifier.fromUnknown(await thrownBy(AbortSignal.abort(late)))).toMatchObject(timedOut("attempt"))
    expect(Classifier.fromUnknown(error("x", { name: "AbortError", cause: late }))).toMatchObject(timedOut("attempt"))
  })
})
