/**
 * Who calls, as far as queues have to know.
 *
 * @internal
 */
import * as Context from "effect/Context"
import { CurrentDeadline } from "../time/deadline.js"
import type { Priority as Priority_ } from "./line.js"

/**
 * Whether somebody waits for the answer (`interactive`, the default) or a job does (`batch`). Where calls queue, the
 * interactive ones go first, and the batch ones keep a share.
 *
 * @since 0.1.0
 * @category References
 */
export class Priority extends Context.Reference<Priority>()("effect-resilience/Priority", {
  defaultValue: (): Priority_ => "interactive"
}) {}

/**
 * For whom a call is made. Where calls queue, tenants take turns. Default: all are one.
 *
 * @since 0.1.0
 * @category References
 */
export class Tenant extends Context.Reference<Tenant>()("effect-resilience/Tenant", {
  defaultValue: (): string => ""
}) {}

/** The milliseconds that a call has left. @internal */
export const leftOf = (context: Context.Context<never>, now: number): number => {
  const deadline = Context.get(context, CurrentDeadline)
  return deadline === undefined ? Number.POSITIVE_INFINITY : Math.max(0, deadline.at - now)
}
