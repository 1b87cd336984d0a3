import { describe, expect, it } from "@effect/vitest"
import { Classifier, LlmError } from "effect-resilience"

const tagOf = (thrown: unknown): string => Classifier.fromUnknown(thrown)._tag

describe("C20: what is thrown without a status", () => {
  const lost = [
    ...["exception TypeError: terminated", "request failed, reason: read ECONNRESET", "upstream: fetch failed"],
    ...["Network request failed", "A network error occurred.", "The Internet connection appears to be offline."],
    ...["TypeError: Failed to fetch", "Load failed", "NetworkError when attempting to fetch resource."],
    ...["error sending request for url (https://x/): connection closed before message completed"],
    ...[
      "dial tcp 10.0.0.1:443: connect: connection refused",
      'Post "https://x": EOF',
      "read: connection reset by peer"
    ],
    ...["dial tcp: lookup x: no such host", "[Errno -2] Name or service not known", "net::ERR_CONNECTION_RESET"],
    ...["peer closed connection without sending complete message body (incomplete chunked read)"],
    ...["Unable to connect. Is the computer able to access the url?", "The network connection was lost."]
  ]
  for (const words of lost) {
    it(`is a lost connection: ${words}`, () => {
      expect(tagOf(new Error(words))).toBe("ConnectionFailed")
      expect(tagOf(words)).toBe("ConnectionFailed")
      expect(tagOf(new Error("The model could not be asked", { cause: new Error(words) }))).toBe("ConnectionFailed")
    })
  }

  it("is a lost connection in the words of React Native on Android", () => {
    expect(tagOf(new Error('Unable to resolve host "api.x.com": No address associated with hostname'))).toBe(
      "ConnectionFailed"
    )
    expect(tagOf(new Error("unexpected end of stream on https://api.x.com/..."))).toBe("ConnectionFailed")
    expect(tagOf(new TypeError("Network request timed out"))).toBe("TimedOut")
  })

  const hopeless = [
    ...["net::ERR_CERT_AUTHORITY_INVALID", "unable to get local issuer certificate"],
    ...["client error (Connect): invalid peer certificate: UnknownIssuer"],
    ...["tunneling socket could not be established, statusCode=407"]
  ]
  for (const words of hopeless) {
    it(`is a connection that cannot be had: ${words}`, () => {
      const failure = Classifier.fromUnknown(new Error(words)) as LlmError.LlmError
      expect([failure._tag, failure.retryable]).toEqual(["ConnectionFailed", false])
    })
  }

  const stated: ReadonlyArray<readonly [words: string, tag: string]> = [
    ["Request failed with status code 503", "Overloaded"],
    ["HTTP error! status: 429", "RateLimited"],
    ["HTTP 500", "ServerError"],
    ["Status code: 401\nBody: -", "AuthenticationFailed"],
    ["Response code 504 (?)", "TimedOut"],
    ["The prompt has 503 tokens", "Unclassified"],
    ["Chapter 429: the status of things", "Unclassified"]
  ]
  for (const [words, tag] of stated) {
    it(`is what the status says that was left of a response: ${words}`, () => expect(tagOf(new Error(words))).toBe(tag))
  }

  for (const name of ["CredentialUnavailableError", "AggregateAuthenticationError", "AuthenticationRequiredError"]) {
    it(`is a lack of credentials: ${name}`, () =>
      expect(tagOf(Object.assign(new Error("?"), { name }))).toBe("AuthenticationFailed"))
  }

  it("has the tag of a body with the same words", () => {
    for (const message of [
      "The model `x` does not exist",
      "invalid_grant",
      "Overloaded",
      "Incorrect API key provided"
    ]) {
      const body = Classifier.fromHttpResponse({ status: 200, body: { message } })
      expect(tagOf(new Error(message))).toBe(body._tag)
    }
  })

  it("is read by the code that a binding's message begins with", () => {
    expect(tagOf(new Error("3040: Capacity temporarily exceeded, please try again."))).toBe("Overloaded")
    expect(tagOf(new Error("InferenceUpstreamError: 5007: No such model @cf/x"))).toBe("ModelNotFound")
    expect(tagOf(new Error("3036: you have used up your daily free allocation"))).toBe("QuotaExhausted")
  })

  it("is a token endpoint's refusal", () => {
    for (const error of ["invalid_grant", "invalid_client", "expired_token", "unauthorized_client"]) {
      const body = { error, error_description: "Token has been expired or revoked." }
      expect(Classifier.fromHttpResponse({ status: 400, body })._tag).toBe("AuthenticationFailed")
      expect(tagOf(new Error(error))).toBe("AuthenticationFailed")
      expect(tagOf(Object.assign(new Error(error), { response: { status: 400, data: body } }))).toBe(
        "AuthenticationFailed"
      )
    }
  })

  it("is the program's own mistake, whatever it says", () => {
    expect(tagOf(new TypeError("Cannot read properties of undefined (reading 'choices')"))).toBe("Unclassified")
  })
})

describe("C20: what an error itself says of trying again", () => {
  const again = (thrown: unknown): boolean => LlmError.traits(Classifier.fromUnknown(thrown)).retryable

  it("is obeyed, with and without a status, by either name", () => {
    for (const name of ["retryable", "isRetryable"]) {
      for (const status of [undefined, 400, 429, 503]) {
        for (const flag of [true, false]) {
          const thrown = Object.assign(new Error("x"), { ...(status !== undefined && { status }), [name]: flag })
          expect(again(thrown)).toBe(flag)
          expect(again(new Error("wrapped", { cause: thrown }))).toBe(flag)
        }
      }
    }
  })

  it("brings no money back", () => {
    const error = { message: "You exceeded your current quota", code: "insufficient_quota" }
    expect(again(Object.assign(new Error("x"), { status: 429, error, retryable: true }))).toBe(false)
  })
})

describe("a bug of one's own", () => {
  class Own extends Error {
    override readonly message = "the prompt: my dearest aunt"
  }
  const named: ReadonlyArray<readonly [what: unknown, name: string]> = [
    [new TypeError("Cannot read properties of undefined (reading 'choices')"), "TypeError"],
    [new Own(), "Own"],
    [new Error("wrapped", { cause: new Own() }), "Own"],
    [Object.assign(new Error("x"), { name: "ParserFailure" }), "ParserFailure"],
    [{ _tag: "NoSuchUser" }, "NoSuchUser"],
    [new Error("my dearest aunt"), "an Error was thrown"],
    ["my dearest aunt", "a string was thrown"],
    [undefined, "undefined was thrown"],
    [null, "null was thrown"],
    [{ aunt: "my dearest aunt" }, "an object was thrown"],
    [Object.create(null), "an object was thrown"],
    [Object.assign(new Error("x"), { name: "my dearest aunt" }), "an Error was thrown"]
  ]
  for (const [thrown, name] of named) {
    it(`is told by its name, and never by its words: ${name}`, () => {
      const failure = Classifier.fromUnknown(thrown, { target: "t" })
      expect(failure._tag).toBe("Unclassified")
      const told = name.includes(" ") ? `: ${name}` : ` (${name})`
      expect(failure.message).toBe(`The call to "t" failed in an unknown way${told}`)
    })
  }
})
