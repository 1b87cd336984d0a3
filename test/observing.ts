/** What policies that only observe have decided, for the tests of observe-only. */

import { Array as Arr, Chunk, Duration, Effect, Queue, Stream } from "effect"
import { CircuitBreaker, type LlmError, Resilience, ResilienceEvent } from "effect-resilience"

export const options: Resilience.Options = {
  observeOnly: true,
  retry: { jitter: "none", maxAttempts: 3 },
  circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(2), halfOpen: { successes: 1 } }
}

type Decision = Extract<ResilienceEvent.ResilienceEvent, { _tag: "DecisionObserved" }>

/** Runs under these policies, with a way to take the decisions told since the last time, as short as can be. */
export const observing = <A, E, R>(
  own: Resilience.Options,
  use: (decisions: Effect.Effect<ReadonlyArray<ReadonlyArray<unknown>>>) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const events = yield* ResilienceEvent.subscribe
    const decisions = Effect.map(Queue.takeAll(events), (all) =>
      Arr.filter(Arr.fromIterable(all), (event): event is Decision => event._tag === "DecisionObserved").map(short)
    )
    return yield* Effect.provide(use(decisions), Resilience.layer({ ...options, ...own }))
  }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer()))

export const short = ({ action, at, error, policy, reason, wait }: Decision): ReadonlyArray<unknown> =>
  [
    at,
    policy,
    action,
    wait && Duration.toMillis(wait),
    reason,
    (error as { readonly _tag?: string } | undefined)?._tag
  ].filter((value) => value !== undefined)

/** Ways to make one call. The stream's answer has an end that its format knows. */
type Make = (
  self: Effect.Effect<string, LlmError.LlmError>
) => Effect.Effect<unknown, LlmError.LlmError | Resilience.StreamFailures, Resilience.Resilience>

export const ways: ReadonlyArray<readonly [string, Make]> = [
  ["effect", (self) => self.pipe(Resilience.protect("a"))],
  [
    "stream",
    (self) =>
      Effect.map(Stream.runCollect(Stream.fromEffect(self).pipe(Resilience.protectStream("a"))), (chunk) =>
        Chunk.unsafeGet(chunk, 0)
      )
  ]
]
