/** What is the request's own fault is nobody else's, whatever the status says. */
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { CircuitBreaker, Classifier, LlmCall, Resilience } from "effect-resilience"
import { cases } from "./cases/index.js"

const own = Object.entries(cases)
  .flatMap(([provider, of]) => of.map((one) => ({ provider, ...one })))
  .filter(({ tag }) => ["InvalidRequest", "ContextLengthExceeded", "RequestTooLarge"].includes(tag))

describe("C18: a request's own fault", () => {
  it.effect("never opens a circuit, whatever its status is and however it is thrown", () =>
    Effect.gen(function* () {
      let asked = 0
      for (const { body, headers, provider, status } of own) {
        const failure = { status, headers: new Headers(headers), body, provider }
        const ask = LlmCall.tryPromise({
          provider,
          try: () => {
            asked++
            return Promise.reject(
              asked % 2 === 0 ? Classifier.fromHttpResponse(failure) : Object.assign(new Error("x"), failure)
            )
          }
        })
        const error = yield* Effect.flip(ask.pipe(Resilience.protect("local")))
        expect(error._tag).not.toBe("CircuitOpen")
      }
      expect(asked).toBe(own.length)
      expect(own.filter(({ status }) => status >= 500).length).toBeGreaterThan(15)
    }).pipe(
      Effect.provide(
        Resilience.layer({ retry: { maxAttempts: 1 }, circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(1) } })
      )
    )
  )
})
