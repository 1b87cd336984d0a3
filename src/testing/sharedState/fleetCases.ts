/**
 * What a fleet does over a place for shared state.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as CircuitBreaker from "../../CircuitBreaker.js"
import * as LlmError from "../../LlmError.js"
import * as RateLimit from "../../RateLimit.js"
import * as SharedState from "../../SharedState.js"
import type { Case, Make } from "../SharedStateContract.js"
import { eventually, expect, keyOf } from "./expectation.js"

const instance = (make: Make, patience: Duration.DurationInput) =>
  Effect.map(
    Layer.build(
      Layer.merge(
        CircuitBreaker.layer({ tripPolicy: CircuitBreaker.consecutive(5), openDuration: "10 minutes" }),
        RateLimit.layer({ requests: { limit: 60, burst: 20 }, whenExceeded: "reject" })
      ).pipe(Layer.provideMerge(SharedState.layer(make, { patience })), Layer.fresh)
    ),
    (context) => ({
      breaker: Context.get(context, CircuitBreaker.CircuitBreaker),
      limit: Context.get(context, RateLimit.RateLimit)
    })
  )

/** Whoever finds that nobody answers asks again a little later each time, and may find so several times. Milliseconds. */
const known = 20_000

const fails = Effect.fail(new LlmError.ServerError({}))

/** @internal */
export const fleetCases: ReadonlyArray<Case> = [
  {
    title: "an outage seen by one instance opens the circuit of all, and a reset closes it",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const [one, ...others] = yield* Effect.replicateEffect(instance(make, "2 seconds"), 3)
          const key = yield* keyOf("outage")
          for (const { breaker } of [one!, ...others]) yield* Effect.ignore(Effect.void.pipe(breaker.execute({ key })))
          for (let i = 0; i < 5; i++) yield* Effect.ignore(fails.pipe(one!.breaker.execute({ key })))
          const are = (tag: string) =>
            Effect.map(
              Effect.forEach([one!, ...others], ({ breaker }) =>
                // A call is what looks again where something may have been missed.
                Effect.zipRight(Effect.ignore(Effect.void.pipe(breaker.execute({ key }))), breaker.state(key))
              ),
              (states) => states.every(({ _tag }) => _tag === tag)
            )
          yield* eventually(are("Open"), "the circuit is not open for all", known)
          yield* others[0]!.breaker.reset(key)
          yield* eventually(are("Closed"), "the circuit is not closed for all", known)
        })
      )
  },
  {
    title: "no call fails for the place, or waits for it longer than it is told to",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const fleet = yield* Effect.replicateEffect(instance(make, "200 millis"), 3)
          for (let i = 0; i < 30; i++) {
            const key = yield* keyOf(`call ${i}`)
            for (const { breaker, limit } of fleet) {
              const call = Effect.void.pipe(breaker.execute({ key }), limit.protect(key))
              const [took, exit] = yield* Effect.timed(Effect.exit(call))
              yield* expect(exit._tag === "Success", `a call ended as ${JSON.stringify(exit)}`)
              // A circuit and a limit, each once, and a machine that is busy.
              const most = 2 * 200 + 500
              yield* expect(Duration.toMillis(took) <= most, `a call took ${Duration.format(took)}`)
            }
          }
        })
      )
  },
  {
    title: "a limit is the limit of all of them",
    run: (make) =>
      Effect.scoped(
        Effect.gen(function* () {
          const fleet = yield* Effect.replicateEffect(instance(make, "2 seconds"), 4)
          const key = yield* keyOf("limit")
          const [took, exits] = yield* Effect.timed(
            Effect.forEach(
              Array.from({ length: 25 }, () => fleet).flat(),
              ({ limit }) => Effect.exit(Effect.void.pipe(limit.protect(key))),
              { concurrency: 8 }
            )
          )
          const through = exits.filter(({ _tag }) => _tag === "Success").length
          // What comes in meanwhile, a call a second, and what each may use that is not answered.
          const most = 20 + Math.ceil(Duration.toSeconds(took)) + 15 + fleet.length
          yield* expect(through <= most, `${through} of a burst of 20 were let through, and ${most} may be`)
          yield* expect(through >= 5, `only ${through} of a burst of 20 were let through`)
        })
      )
  }
]
