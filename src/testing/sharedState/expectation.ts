/**
 * What a case of the contract expects, and how it asks a place that may fail.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Backend, Kept, SharedStateError, Swap } from "../../internal/shared/backend.js"

/**
 * A place does not do what a place for shared state has to do.
 *
 * @since 0.1.0
 * @category Errors
 */
export class ContractBroken extends Schema.TaggedError<ContractBroken>("effect-resilience/testing/ContractBroken")(
  "ContractBroken",
  { message: Schema.String }
) {}

/** @internal */
export const expect = (holds: boolean, message: string): Effect.Effect<void, ContractBroken> =>
  holds ? Effect.void : Effect.fail(new ContractBroken({ message }))

const often = { times: 30, schedule: Schedule.spaced("5 millis") }

/** @internal */
export const persistently = <A>(asked: Effect.Effect<A, SharedStateError>): Effect.Effect<A, SharedStateError> =>
  Effect.retry(asked, often)

/** Looks again for so many milliseconds, which only a place that does not do it takes. @internal */
export const eventually = (
  condition: Effect.Effect<boolean, unknown>,
  message: string,
  millis = 2_000
): Effect.Effect<void, ContractBroken> => {
  const look = Effect.flatMap(
    Effect.orElseSucceed(condition, () => false),
    (holds) => expect(holds, message)
  )
  return Effect.retry(look, { times: millis / 10, schedule: Schedule.spaced("10 millis") })
}

/** A key that nobody has used, whatever is in it. @internal */
export const keyOf = (name: string): Effect.Effect<string> =>
  Effect.zipWith(
    Clock.currentTimeMillis,
    Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER),
    (now, chance) => `contract/${name} ${now.toString(36)}${chance.toString(36)}`
  )

/** Writes, whatever the version is, until it is written. @internal */
export const write = (
  backend: Backend,
  key: string,
  text: string,
  more: Partial<Swap> = {}
): Effect.Effect<Kept, SharedStateError> =>
  persistently(
    Effect.flatMap(backend.read(key), (kept) =>
      kept.text === text && kept.version !== ""
        ? Effect.succeed(kept)
        : Effect.flatMap(
            backend.swap(key, {
              expected: kept.version,
              text,
              timeToLive: 60_000,
              at: kept.now,
              tell: "nobody",
              ...more
            }),
            (swapped) => (swapped.done ? Effect.succeed(swapped) : write(backend, key, text, more))
          )
    )
  )
