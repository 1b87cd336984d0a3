/**
 * What a limit knows of its surroundings: of the circuit beside it, and of the targets that stand ready behind it.
 *
 * @internal
 */
import * as Context from "effect/Context"
import type { Outlook } from "../admission/outlook.js"
import { OtherTargets } from "../fallback/otherTargets.js"
import { leftOf } from "./caller.js"

/** @internal */
export interface Around {
  /** For how many milliseconds a hint holds callers back at most, as at the circuit of the target. */
  readonly longestHold: number
  /** In how many milliseconds the first of other targets lets a call in, as far as is known. */
  readonly freeIn: Outlook["freeIn"] | undefined
}

/** A limit that stands alone takes a hint for what a circuit would by default. @internal */
export const alone: Around = { longestHold: 3_600_000, freeIn: undefined }

/** How many milliseconds a call may wait, and who is to be told how many it did. @internal */
export interface Waiting {
  readonly most: number
  readonly spent: (millis: number) => void
}

const toNobody = (): void => {}

/**
 * Nobody waits past the call's deadline, nor, while other targets stand ready, for longer than this one is worth.
 *
 * @internal
 */
export const waitingOf = (
  context: Context.Context<never>,
  now: number,
  maxWait: number,
  { freeIn }: Around
): Waiting => {
  const most = Math.min(maxWait, leftOf(context, now))
  const others = Context.get(context, OtherTargets)
  if (others === undefined) return { most, spent: toNobody }
  const { names, patience } = others
  const worth = Math.max(patience.left, freeIn?.(names, now) ?? 0)
  return { most: Math.min(most, worth), spent: (millis) => patience.spend(millis) }
}
