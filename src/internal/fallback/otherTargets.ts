import * as Context from "effect/Context"

/**
 * Whether another target stands ready if this one fails. A failure worth repeating only as a last resort, a timeout, is
 * then left to the next target.
 *
 * @internal
 */
export class OtherTargets extends Context.Reference<OtherTargets>()("effect-resilience/OtherTargets", {
  defaultValue: (): boolean => false
}) {}
