import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { Classifier, LlmError, Rejection } from "effect-resilience"
import { wrap } from "../../src/internal/errors/wrapped.js"

const error = (message: string, more: object = {}): Error => Object.assign(new Error(message), more)

describe("fromUnknown", () => {
  it("a rejection comes back as it is, also from within others and from within a span", async () => {
    const open = new Rejection.CircuitOpen({ key: "a", retryAfter: Duration.millis(1) })
    const thrown = await Effect.runPromise(Effect.withSpan(Effect.fail(open), "handler")).catch(
      (error: unknown) => error
    )
    const spanned = Effect.runSync(Effect.flip(Effect.withSpan(Effect.fail(open), "handler")))
    for (const value of [open, spanned, thrown, error("outer", { cause: spanned })]) {
      expect(Classifier.fromUnknown(value, { target: "b" })).toBe(open)
    }
  })

  it("gives back a failure that was classified before, and copies it only to fill in an absent target", () => {
    const failure = new LlmError.Overloaded({ target: "a", model: "m" })
    expect(Classifier.fromUnknown(failure)).toBe(failure)
    expect(Classifier.fromUnknown(failure, { target: "b" })).toBe(failure)
    const lost = new LlmError.TimedOut({ phase: "idle", code: "X" })
    const placed = Classifier.fromUnknown(lost, { target: "b", model: "m" })
    expect(placed).toBeInstanceOf(LlmError.TimedOut)
    expect(placed).toMatchObject({ _tag: "TimedOut", phase: "idle", code: "X", target: "b", model: "m" })
    expect(placed.stack).toBe(lost.stack)
    expect(lost.target).toBeUndefined()
  })

  it("gives back the very failure that was folded into a foreign error, wherever it hangs", () => {
    const failure = new LlmError.RateLimited({})
    const folded = wrap(error("foreign"), failure)
    expect(Classifier.fromUnknown(folded, { target: "b" })).toBe(failure)
    expect(Classifier.fromUnknown(error("outer", { cause: { cause: folded } }))).toBe(failure)
    expect(Classifier.fromUnknown(error("outer", { cause: failure }))).toBe(failure)
    expect(Object.keys(folded)).toEqual([])
  })

  it("C9: finds the code of an AggregateError with an empty message two causes deep", () => {
    const refused = error("connect ECONNREFUSED ::1:1", { code: "ECONNREFUSED", syscall: "connect" })
    const thrown = error("fetch failed", { cause: error("", { cause: new AggregateError([refused], "") }) })
    expect(Classifier.fromUnknown(thrown, { target: "t" })).toMatchObject({
      _tag: "ConnectionFailed",
      code: "ECONNREFUSED",
      sent: "no",
      target: "t"
    })
  })

  it("tells a cancelled call from one that ran out of time", () => {
    const cancelled = Classifier.fromUnknown(new DOMException("This operation was aborted", "AbortError"))
    expect(cancelled).toMatchObject({ _tag: "Unclassified", code: "ABORT_ERR" })
    expect(LlmError.traits(cancelled)).toMatchObject({ retryable: false, countsAgainstHealth: false, fallback: false })
    const late = new DOMException("The operation was aborted due to timeout", "TimeoutError")
    expect(Classifier.fromUnknown(late)).toMatchObject({ _tag: "TimedOut", phase: "attempt" })
    expect(Classifier.fromUnknown(error("aborted", { name: "AbortError", cause: late }))).toMatchObject({
      _tag: "TimedOut"
    })
  })
})
