/**
 * What was attempted in the course of a call, for those who ask.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Usage } from "../errors/llmError.js"

/**
 * One attempt, or one decision not to make it, in the order in which they happened.
 *
 * @since 0.1.0
 * @category Trail
 */
export interface TrailEntry {
  readonly target: string
  /** Counts from 1 within the target. */
  readonly attempt: number
  /** `Success`, `Interrupted`, `Defect`, or the tag of the failure or rejection as the policies read it. */
  readonly outcome: string
  /** The failure or rejection itself, as it came. */
  readonly error?: unknown
  /** The tokens that the attempt has used, as far as its answer said so. */
  readonly usage?: Usage | undefined
  /** How long the attempt took. */
  readonly duration: Duration.Duration
  /** How long the call then waited before its next attempt; absent where none followed. */
  readonly wait?: Duration.Duration
}

/**
 * Every attempt of a call, first one first.
 *
 * @since 0.1.0
 * @category Trail
 */
export type Trail = ReadonlyArray<TrailEntry>

/**
 * Where protected calls write down their attempts, or `undefined` where nobody asked for them.
 *
 * @since 0.1.0
 * @category Trail
 */
export class TrailRecorder extends Context.Reference<TrailRecorder>()("effect-resilience/TrailRecorder", {
  defaultValue: (): Array<TrailEntry> | undefined => undefined
}) {}

/**
 * Runs an effect and gives back how it ended together with the trail of every protected call in it, on success and on
 * failure alike. It can stand inside another one: the outer trail has the attempts of the inner one too.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { LlmCall, Resilience, Telemetry } from "effect-resilience"
 *
 * const answer = LlmCall.tryPromise({ try: async () => "hello" }).pipe(Resilience.protect("acme/large"))
 *
 * const program = Effect.gen(function* () {
 *   const { exit, trail } = yield* Telemetry.withTrail(answer)
 *   for (const entry of trail) yield* Effect.log(`${entry.target} #${entry.attempt}: ${entry.outcome}`)
 *   return yield* exit
 * })
 * ```
 *
 * @since 0.1.0
 * @category Trail
 */
export const withTrail = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<{ readonly exit: Exit.Exit<A, E>; readonly trail: Trail }, never, R> =>
  Effect.flatMap(TrailRecorder, (outer) => {
    const trail = recorder(outer)
    return Effect.map(Effect.exit(Effect.provideService(self, TrailRecorder, trail)), (exit) => ({ exit, trail }))
  })

/** An array that, inside another trail, writes to that one as well, so that the order is the one of time in both. */
const recorder = (outer: Array<TrailEntry> | undefined): Array<TrailEntry> => {
  const trail: Array<TrailEntry> = []
  if (outer === undefined) return trail
  const push = (...entries: Array<TrailEntry>): number => {
    outer.push(...entries)
    return Array.prototype.push.apply(trail, entries)
  }
  return Object.defineProperty(trail, "push", { value: push })
}
