/**
 * What a place for shared state has to do, as cases that any test runner can run: for whoever writes a `Backend` of their
 * own. The memory, Redis, and a place that is slow and fails pass them.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { finiteMillis, number } from "../internal/options/check.js"
import { refuseUnknown } from "../internal/options/names.js"
import { type Backend, SharedStateError } from "../SharedState.js"
import { backendCases } from "./sharedState/backendCases.js"
import { fleetCases } from "./sharedState/fleetCases.js"

export { ContractBroken } from "./sharedState/expectation.js"

/**
 * Makes one instance's way to the place: each time it is run, another one to the same place. Cases use keys of their own, so
 * that the place need not be empty.
 *
 * @since 0.1.0
 * @category Models
 */
export type Make = Effect.Effect<Backend, never, Scope.Scope>

/**
 * One thing that a place has to do. It fails with `ContractBroken` where it does not, and takes less than ten seconds on the
 * live clock; where it fails, or the place does now and then, up to half a minute.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Case {
  readonly title: string
  readonly run: (make: Make) => Effect.Effect<void, unknown>
}

/**
 * All cases: first what a `Backend` does by itself, then what a fleet over it does.
 *
 * An operation may fail with a `SharedStateError`, and is then asked for again: a change that has failed may have been made
 * or not, but never in part.
 *
 * @example
 * ```ts
 * import { it } from "@effect/vitest"
 * import { SharedState } from "effect-resilience"
 * import * as SharedStateContract from "effect-resilience/testing/SharedStateContract"
 * import { Effect } from "effect"
 *
 * const place = Effect.runSync(SharedState.makeMemoryBackend)
 *
 * for (const { run, title } of SharedStateContract.cases) {
 *   it.live(title, () => run(Effect.succeed(place)))
 * }
 * ```
 *
 * @since 0.1.0
 * @category Cases
 */
export const cases: ReadonlyArray<Case> = [...backendCases, ...fleetCases]

/**
 * How a place misbehaves.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Faults {
  /** How long an operation takes longer, by chance from none to this. Default 20 milliseconds. */
  readonly slowness?: Duration.DurationInput | undefined
  /** The share of operations, from 0 to 1, that fail: one half before they were done, the other after. Default 0.2. */
  readonly failures?: number | undefined
}

const names = { slowness: true, failures: true } as const

/**
 * A place that does what another one does, but slowly, and fails now and then: before it has done it, or after.
 *
 * Throws a `RangeError` that names the option for options that make no sense.
 *
 * @since 0.1.0
 * @category Faults
 */
export const misbehaving = (backend: Backend, options: Faults = {}): Backend => {
  const where = "SharedStateContract"
  refuseUnknown(where, "", options, names)
  const slowness = finiteMillis(where, "slowness", options.slowness ?? 20)
  const failures = number(where, "failures", options.failures ?? 0.2, 0, 1)
  const fails = Effect.fail(new SharedStateError({ message: "the place fails, as it was told to" }))
  const badly = <A>(asked: Effect.Effect<A, SharedStateError>): Effect.Effect<A, SharedStateError> =>
    Effect.flatMap(Effect.zip(Random.next, Random.next), ([slow, chance]) => {
      const delayed = Effect.delay(asked, Math.round(slow * slowness))
      if (chance < failures / 2) return fails
      return chance < failures ? Effect.zipRight(delayed, fails) : delayed
    })
  return {
    read: (key) => badly(backend.read(key)),
    swap: (key, swap) => badly(backend.swap(key, swap)),
    listen: backend.listen
  }
}
