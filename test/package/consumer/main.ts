// What a user's project might hold. It is compiled and run in a project of its own, outside of this one, against the
// packed package.
import { Effect } from "effect"
import { LlmCall, LlmError, type Rejection, Resilience } from "effect-resilience"
import * as Errors from "effect-resilience/LlmError"
import * as RetryPolicy from "effect-resilience/RetryPolicy"

let calls = 0

const answer: Effect.Effect<string, LlmError.LlmError | Resilience.Failures, Resilience.Resilience> =
  LlmCall.tryPromise({
    target: "acme/large",
    try: async () => {
      if (++calls < 3) throw Object.assign(new Error("Too Many Requests"), { status: 429 })
      return "forty-two"
    }
  }).pipe(Resilience.protect("acme/large"))

const Policies = Resilience.layer({
  deadline: "10 seconds",
  retry: { ...RetryPolicy.standard.options, initialDelay: "1 millis" }
})

const failure: Errors.LlmError = new LlmError.ContentFiltered({ target: "acme/large", by: "prompt" })
const tags: ReadonlyArray<Errors.Tag | Rejection.Rejection["_tag"]> = [failure._tag]
// The package itself and its modules are one and the same code.
const same: boolean = Errors.RateLimited === LlmError.RateLimited && Errors.isLlmError(failure)

export const result = {
  answer: await Effect.runPromise(Effect.provide(answer, Policies)),
  calls,
  tags,
  same,
  told: LlmError.userMessage(failure)
}
