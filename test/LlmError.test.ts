import { inspect, types } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Duration, Effect, Option, Redacted, Runtime, Schema } from "effect"
import { Classifier, LlmError, Rejection } from "effect-resilience"
import { changed } from "../src/classifier/Verdict.js"
import { made } from "../src/internal/errors/errorClass.js"

const secret = "sk-live-1234567890"

const failure = new LlmError.RateLimited({
  target: "openai/gpt-5",
  status: 429,
  retryAfter: Duration.seconds(3),
  providerMessage: Redacted.make(`key ${secret}`),
  cause: Redacted.make(new Error(`request with ${secret}`))
})

describe("LlmError", () => {
  it("C14: no way of printing a failure shows what it came from", () => {
    const printed = [
      JSON.stringify(failure),
      inspect(failure),
      inspect({ nested: [failure] }, { depth: 10, showHidden: true }),
      String(failure),
      Cause.pretty(Cause.fail(failure), { renderErrorCause: true }),
      JSON.stringify(Schema.encodeSync(LlmError.LlmError)(failure))
    ]
    for (const text of printed) expect(text).not.toContain(secret)
  })

  it("C14: no copy of a failure, and no way of printing that asks it nothing, shows what it must not", () => {
    const hiding: ReadonlyArray<readonly [Error, string]> = [
      [new LlmError.StreamInterrupted({ partial: Redacted.make(secret) }), "partial"],
      [failure, "providerMessage"],
      [failure, "cause"],
      [new Rejection.DeadlineExceeded({ budget: Duration.seconds(1), lastError: { secret } }), "lastError"],
      [new Rejection.AllTargetsFailed({ errors: [{ _tag: "Own", secret }] }), "errors"]
    ]
    for (const [error, field] of hiding) {
      expect(Object.keys({ ...error })).not.toContain(field)
      expect(inspect(error, { customInspect: false, depth: 10 })).not.toContain(secret)
      expect(inspect(error, { customInspect: false, showHidden: true, depth: 10 })).not.toContain(secret)
      expect(inspect({ ...error }, { customInspect: false, depth: 10 })).not.toContain(secret)
      expect(inspect(error)).not.toContain(secret)
      expect(JSON.stringify(error)).not.toContain(secret)
    }
  })

  it("a program reads what is hidden by its name", () => {
    const partial = new LlmError.StreamInterrupted({ partial: Redacted.make("text") }).partial
    expect(partial && Redacted.value(partial)).toBe("text")
    expect(new LlmError.StreamInterrupted({}).partial).toBeUndefined()
    expect(failure.providerMessage && Redacted.value(failure.providerMessage)).toBe(`key ${secret}`)
    const errors = [new LlmError.ServerError({}), "anything"]
    expect(new Rejection.AllTargetsFailed({ errors }).errors).toEqual(errors)
    const lastError = new LlmError.ServerError({})
    expect(new Rejection.DeadlineExceeded({ budget: Duration.zero, lastError }).lastError).toBe(lastError)
  })

  it("a failure that is read again, or given other fields, keeps what is hidden and its message", () => {
    const cause = Redacted.make<unknown>("what was thrown")
    const read = new LlmError.ServerError({ message: "In our words", cause, providerMessage: Redacted.make("theirs") })
    const moved = changed(read, { target: "acme/large", status: undefined })
    expect(moved).toBeInstanceOf(LlmError.ServerError)
    expect(moved).toMatchObject({
      message: "In our words",
      target: "acme/large",
      providerMessage: read.providerMessage
    })
    expect(moved.cause && Redacted.value(moved.cause)).toBe("what was thrown")
  })

  it("survives the way to JSON and back, without its cause", () => {
    const back = Schema.decodeUnknownSync(LlmError.LlmError)(JSON.parse(JSON.stringify(failure)))
    expect(back).toBeInstanceOf(LlmError.RateLimited)
    expect(back).toMatchObject({ target: "openai/gpt-5", status: 429 })
    expect(back.retryAfter).toEqual(Duration.seconds(3))
    expect(back.cause).toBeUndefined()
  })

  it("a hint without end survives the way to JSON and back", () => {
    const endless = new LlmError.RateLimited({ retryAfter: Duration.infinity })
    const json = JSON.parse(JSON.stringify(endless))
    expect(json.retryAfter).toBe("Infinity")
    expect(Schema.decodeUnknownSync(LlmError.LlmError)(json).retryAfter).toEqual(Duration.infinity)
  })

  it("one failure's own `retryable` overrides the table", () => {
    expect(LlmError.traits(new LlmError.ServerError({})).retryable).toBe(true)
    expect(LlmError.traits(new LlmError.ServerError({ retryable: false }))).toMatchObject({
      retryable: false,
      sameTarget: "never",
      countsAgainstHealth: true
    })
    expect(LlmError.traits(new LlmError.InvalidRequest({ retryable: true })).retryable).toBe(true)
  })

  it("a rejection is neither retried nor counted", () => {
    const rejection = new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.seconds(30) })
    expect(LlmError.traits(rejection)).toMatchObject({ retryable: false, countsAgainstHealth: false, fallback: true })
    expect(LlmError.isLlmError(rejection)).toBe(false)
    expect(Rejection.isRejection(rejection)).toBe(true)
  })

  it("a table of one's own replaces the user messages in part", () => {
    expect(LlmError.userMessage(failure, { RateLimited: "Un instant, s'il vous plaît." })).toBe(
      "Un instant, s'il vous plaît."
    )
    expect(LlmError.userMessage(failure, {})).toBe(LlmError.userMessages.RateLimited)
  })

  it("from: a failure or a rejection as it is, however deep it lies; anything else is read, and nothing throws", () => {
    const rejection = new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.seconds(30) })
    for (const own of [failure, rejection]) {
      expect(LlmError.from(own)).toBe(own)
      expect(LlmError.from(Cause.fail(own))).toBe(own)
      expect(LlmError.from(Runtime.makeFiberFailure(Cause.fail(own)))).toBe(own)
      expect(LlmError.from(new Error("around it", { cause: own }))).toBe(own)
    }
    expect(LlmError.from({ status: 429, headers: { "retry-after": "20" }, error: {} })).toMatchObject({
      _tag: "RateLimited",
      retryAfter: Duration.seconds(20)
    })
    expect(LlmError.from(new TypeError("x is not a function"), { target: "acme/large" })).toMatchObject({
      _tag: "Unclassified",
      target: "acme/large"
    })
    const hostile = new Proxy({}, { get: () => { throw new Error("no") } }) // biome-ignore format: short
    for (const any of [undefined, null, "", 0, hostile, Symbol("s")])
      expect(LlmError.from(any)._tag).toBe("Unclassified")
  })

  // biome-ignore format: a table
  const statuses: Readonly<Record<LlmError.Tag | Rejection.Rejection["_tag"], number>> = {
    RateLimited: 429, QuotaExhausted: 503, Overloaded: 503, ServerError: 502, TimedOut: 504, ConnectionFailed: 502,
    MalformedResponse: 502, StreamInterrupted: 502, ContextLengthExceeded: 413, RequestTooLarge: 413,
    ContentFiltered: 422, ModelNotFound: 500, InvalidRequest: 400, Conflict: 409, AuthenticationFailed: 500,
    PermissionDenied: 500, Unclassified: 500, CircuitOpen: 503, CircuitHalfOpen: 503, BulkheadFull: 503,
    RateLimitExceeded: 429, DeadlineExceeded: 504, BufferExceeded: 502, CredentialsExhausted: 503, AllTargetsFailed: 503
  }

  it("httpStatus: what a service answers to the one who asked it, never the provider's 401 or 403", () => {
    for (const [tag, status] of Object.entries(statuses)) {
      expect([tag, LlmError.httpStatus({ _tag: tag, errors: [], targets: [] } as never)]).toEqual([tag, status])
    }
    expect(LlmError.httpStatus(new LlmError.ServerError({ status: 401 }))).toBe(502)
  })

  it("httpStatus: of several targets the status that all agree on, also once they are only names", () => {
    const status = (...errors: ReadonlyArray<unknown>) =>
      LlmError.httpStatus(new Rejection.AllTargetsFailed({ errors }))
    const long = new LlmError.ContextLengthExceeded({})
    expect(status(long, long)).toBe(413)
    expect(status(long, new LlmError.Overloaded({}))).toBe(503)
    expect(status(new LlmError.TimedOut({ phase: "attempt" }), { status: 504, error: {} })).toBe(504)
    const walked = new Rejection.AllTargetsFailed({
      errors: [long],
      targets: [
        { target: "a", tag: "ContextLengthExceeded", asked: true },
        { target: "b", asked: false }
      ]
    })
    const back = Schema.decodeUnknownSync(Rejection.AllTargetsFailed)(JSON.parse(JSON.stringify(walked)))
    expect([LlmError.httpStatus(walked), LlmError.httpStatus(back)]).toEqual([413, 413])
  })

  it("retryAfter: the time somebody has named, whatever kind of failure names it", () => {
    const seconds = Duration.seconds(20)
    const named = [
      new LlmError.RateLimited({ retryAfter: seconds }),
      new Rejection.CircuitOpen({ key: "a", retryAfter: seconds }),
      new Rejection.AllTargetsFailed({ errors: [new LlmError.Overloaded({ retryAfter: seconds })] })
    ]
    for (const error of named) expect(LlmError.retryAfter(error)).toEqual(Option.some(seconds))
    const unnamed = [
      new LlmError.ServerError({}),
      new Rejection.CircuitHalfOpen({ key: "a" }),
      new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.infinity })
    ]
    for (const error of unnamed) expect(LlmError.retryAfter(error)).toEqual(Option.none())
  })
})

describe("a failure made the short way", () => {
  const shown = { _tag: "QuotaExhausted", message: "In our words", target: "t", status: 429 } as const
  const cause = Redacted.make<unknown>("what was thrown")
  const short = made(LlmError.QuotaExhausted, shown, () => ({ cause, providerMessage: Redacted.make("theirs") }))
  const { _tag, ...fields } = shown
  const long = new LlmError.QuotaExhausted({ ...fields, cause, providerMessage: Redacted.make("theirs") })

  it("is what the constructor makes, however one looks at it", () => {
    expect(short).toBeInstanceOf(LlmError.QuotaExhausted)
    expect(short).toBeInstanceOf(Error)
    expect(types.isNativeError(short)).toBe(true)
    expect(LlmError.isLlmError(short)).toBe(true)
    expect({ ...short }).toEqual({ ...long })
    expect(Object.keys(short).sort()).toEqual(Object.keys(long).sort())
    expect([short.name, short.message, `${short}`]).toEqual([long.name, long.message, `${long}`])
    expect([short.cause, short.providerMessage]).toEqual([long.cause, long.providerMessage])
    expect(JSON.stringify(short)).toBe(JSON.stringify(long))
    expect(Schema.encodeSync(LlmError.LlmError)(short)).toEqual(Schema.encodeSync(LlmError.LlmError)(long))
    expect(Schema.is(LlmError.LlmError)(short)).toBe(true)
    expect(LlmError.traits(short)).toEqual(LlmError.traits(long))
    expect(Cause.pretty(Cause.fail(short))).toContain("QuotaExhausted: In our words")
  })

  it("C14: prints and copies nothing of what is hidden", () => {
    for (const showHidden of [true, false]) {
      const printed = inspect(short, { customInspect: false, showHidden, getters: true, depth: 9 })
      expect(printed).not.toContain("theirs")
      expect(printed).not.toContain("what was thrown")
    }
  })

  it("fails an effect, and gives back the limit of stacks", () => {
    const limit = Error.stackTraceLimit
    expect(Effect.runSync(Effect.flip(made(LlmError.QuotaExhausted, shown, () => ({}))))).toBeInstanceOf(
      LlmError.QuotaExhausted
    )
    expect(Error.stackTraceLimit).toBe(limit)
    expect(limit).toBeGreaterThan(0)
  })

  it("shows where a bug was made, and none of its words", () => {
    const bug = new TypeError("the prompt:\n    at my dearest (aunt:1:1)")
    const failure = Classifier.fromUnknown(bug)
    expect(failure.stack).toContain("LlmError.test.ts")
    expect(failure.stack).not.toMatch(/prompt|dearest/)
    const changedSince = Object.assign(new TypeError("the prompt"), { message: "other" })
    expect(Classifier.fromUnknown(changedSince).stack).not.toContain("prompt")
  })
})
