/**
 * What is different for one call.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { orElse, type Reader } from "../../classifier/Reader.js"
import type { LlmError } from "../errors/llmError.js"
import { callOptions, refuseUnknown } from "../options/names.js"
import { waitingOf } from "./circuitOptions.js"
import { compile } from "./compileTarget.js"
import { mergeOptions } from "./mergeOptions.js"
import type { Target } from "./target.js"
import type { TargetOptions } from "./types.js"

/**
 * What is different for one call. It is merged, field by field, with the options of its target, and holds for this call
 * alone. A call made inside of it, to another target, has its own options, and no more time than is left to this one; to
 * the same target, it is a part of this one's attempt.
 *
 * Made once and used for many calls, it costs next to nothing.
 *
 * @since 0.1.0
 * @category Models
 */
export interface CallOptions extends Pick<TargetOptions, "deadline" | "attemptTimeout" | "retry" | "hedge"> {
  /**
   * A reader of your own for what this call fails with. What it reads becomes the failure; what it does not is as it was.
   */
  readonly classify?: Reader | undefined
}

/** What options of a call change of its target. */
type Own = Pick<
  Target,
  "attemptMillis" | "deadline" | "retry" | "retryWithOthers" | "attemptCircuit" | "callCircuit" | "hedge"
>

/** The policies that options of a call make of those of its target. @internal */
export class PoliciesOfCalls {
  /** One for each object of options, which mostly is used for one target. */
  private readonly made = new WeakMap<CallOptions, readonly [target: Target, own: Own]>()

  constructor(private readonly optionsOf: (name: string) => TargetOptions) {}

  target(target: Target, own: CallOptions): Target {
    const { attemptTimeout, deadline, hedge, retry } = own
    if (attemptTimeout === undefined && deadline === undefined && hedge === undefined && retry === undefined) {
      return target
    }
    return { ...target, ...this.of(target, own) }
  }

  private of(target: Target, own: CallOptions): Own {
    const made = this.made.get(own)
    if (made?.[0] === target) return made[1]
    const { attemptTimeout, deadline, hedge, retry } = own
    const merged = mergeOptions(this.optionsOf(target.name), { attemptTimeout, deadline, hedge, retry })
    const { attemptMillis, deadline: end, hedge: again, retry: schedule, retryWithOthers } = compile(merged)
    // A policy that waits for an open circuit does so for a single call too.
    const { attemptCircuit, callCircuit } = retry === undefined ? target : target.waitingAs(waitingOf(merged))
    const around = { attemptCircuit, callCircuit, hedge: again }
    const policies = { attemptMillis, deadline: end, retry: schedule, retryWithOthers, ...around }
    this.made.set(own, [target, policies])
    return policies
  }
}

/** @internal */
export const checked = (own: CallOptions): CallOptions => {
  refuseUnknown("Resilience.protect", "", own, callOptions)
  return own
}

/** @internal */
export const classified = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  classify: Reader | undefined
): Effect.Effect<A, E | LlmError, R> => (classify === undefined ? self : Effect.mapError(self, readBy(classify)))

/** @internal */
export const classifiedStream = <A, E, R>(
  self: Stream.Stream<A, E, R>,
  classify: Reader | undefined
): Stream.Stream<A, E | LlmError, R> => (classify === undefined ? self : Stream.mapError(self, readBy(classify)))

/** A reader that throws has read nothing. */
const readBy = (classify: Reader) => {
  const read = orElse(classify, Option.none)
  return <E>(error: E): E | LlmError => Option.getOrElse<LlmError, E | LlmError>(read(error), () => error)
}
