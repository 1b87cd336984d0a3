/**
 * Whether the wait before another attempt is begun, and why not: the one place where the schedule, the time, the targets
 * that stand ready, the circuit and the budget are asked, in this order. Both `RetryPolicy.retry` and a protected call go
 * by it.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type { Bounds, Outlook } from "../admission/outlook.js"
import type { Others } from "../fallback/otherTargets.js"
import type { Withheld } from "../telemetry/report.js"
import type { EndedBy } from "./policyTypes.js"
import type { Step } from "./stepper.js"

/** The milliseconds to wait, or what keeps the attempt from following, as far as anybody has to be told. @internal */
export type Decision = { readonly wait: number } | { readonly wait: undefined; readonly withheld: Withheld | undefined }

/** What a wait is measured by. @internal */
export interface Surroundings {
  readonly now: number
  readonly bounds: Bounds
  /** The targets that would be asked instead. */
  readonly others: Others | undefined
  readonly outlook?: Outlook | undefined
}

/** `permission` is taken last, so that only a wait that is begun has used it up. @internal */
export const decide = (
  step: Step,
  surroundings: Surroundings,
  permission: Effect.Effect<boolean> | undefined
): Effect.Effect<Decision> => {
  const { wait } = step
  if (wait === undefined) return Effect.succeed(withheld(reasonOf(step.endedBy)))
  const vain = inVain(wait, surroundings)
  if (vain !== undefined) return Effect.succeed(withheld(vain))
  const begun = (): Decision => {
    surroundings.others?.patience.spend(wait)
    return { wait }
  }
  return permission === undefined
    ? Effect.sync(begun)
    : Effect.map(permission, (allowed) => (allowed ? begun() : withheld("budget")))
}

const withheld = (reason: Withheld | undefined): Decision => ({ wait: undefined, withheld: reason })

/** The failure itself and the number of attempts are no news; a schedule of the user's own may say anything. */
const reasonOf = (ended: EndedBy | undefined): Withheld | undefined =>
  ended === "hint" || ended === "elapsed" || ended === "deadline" ? ended : undefined

/** A wait is not begun where it is known that nothing follows it, or where somebody else can be asked sooner. */
const inVain = (
  wait: number,
  { bounds, now, outlook }: Surroundings
): "deadline" | "otherTarget" | "circuit" | undefined => {
  if (wait >= bounds.left) return "deadline"
  if (wait > bounds.patience) return "otherTarget"
  return outlook?.mayEnter(wait, bounds, now) === false ? "circuit" : undefined
}
