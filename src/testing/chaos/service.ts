/**
 * The chaos of an application: off until somebody switches it on.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { remade } from "../../internal/errors/errorClass.js"
import { ResilienceEvent, ResilienceEvents } from "../../internal/telemetry/events.js"
import { LabelCapacity } from "../../internal/telemetry/labels.js"
import { metricTable } from "../../internal/telemetry/metricTable.js"
import { outcomeCounters } from "../../internal/telemetry/outcomeCounters.js"
import { clockOf } from "../../internal/time/timer.js"
import * as LlmError from "../../LlmError.js"
import { type Checked, checked, draw, type Plan } from "./draw.js"
import type { Rule } from "./faults.js"

/**
 * @since 0.1.0
 * @category Models
 */
export interface Service {
  /** From now on calls are disturbed, and the rules' times count from here. Nothing changes where it is on already. */
  readonly on: Effect.Effect<void>
  /** From now on no call is disturbed. Those that are being disturbed go on. */
  readonly off: Effect.Effect<void>
  readonly isOn: Effect.Effect<boolean>
  /** Other rules, from the next call on. Their times count from now. */
  readonly set: (rules: ReadonlyArray<Rule>) => Effect.Effect<void>
  /** How many calls were disturbed so far. */
  readonly injected: Effect.Effect<number>
  /** What happens to the next call to a target, or `undefined` for nothing. @internal */
  readonly next: (target: string, fiber: Fiber.RuntimeFiber<unknown, unknown>) => Plan | undefined
}

/** @internal */
export const make = (rules: ReadonlyArray<Rule>, seed: string | number): Effect.Effect<Service> =>
  Effect.sync(() => {
    let current: ReadonlyArray<Checked> = checked(rules)
    let since: number | undefined
    let injected = 0
    const calls = new Map<string, number>()
    return {
      on: Effect.map(Clock.currentTimeMillis, (now) => {
        since ??= now
      }),
      off: Effect.sync(() => {
        since = undefined
      }),
      isOn: Effect.sync(() => since !== undefined),
      set: (rules) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          current = checked(rules)
          if (since !== undefined) since = now
        }),
      injected: Effect.sync(() => injected),
      next: (target, fiber) => {
        if (since === undefined) return undefined
        const call = calls.get(target) ?? 0
        calls.set(target, call + 1)
        const now = clockOf(fiber).unsafeCurrentTimeMillis()
        const plan = marked(draw(current, { seed, target, call, elapsed: now - since }), target)
        if (plan.fault === undefined && plan.wait === 0) return undefined
        injected++
        report(plan, target, now, fiber)
        return plan
      }
    }
  })

const count = outcomeCounters(metricTable.faultsInjected)

/** Whoever comes across the failure sees that it was made up. */
const marked = (plan: Plan, target: string): Plan => {
  const { fault } = plan
  if (fault?._tag !== "Fail" && fault?._tag !== "Cut") return plan
  const error = fault.error ?? new LlmError.ConnectionFailed({ message: "The connection broke", sent: "maybe" })
  const message = `Injected by Chaos: ${error.message}`
  return { ...plan, fault: { ...fault, error: remade(error, { target, code: error.code ?? "injected", message }) } }
}

const report = (
  { fault, wait }: Plan,
  target: string,
  at: number,
  fiber: Fiber.RuntimeFiber<unknown, unknown>
): void => {
  const context = fiber.currentContext as Context.Context<never>
  count(target, fault?._tag ?? "Delay", Context.get(context, LabelCapacity))
  const hub = Context.get(context, ResilienceEvents)
  if (!hub.listening()) return
  const error = fault !== undefined && "error" in fault ? { error: fault.error } : {}
  hub.publish(ResilienceEvent.FaultInjected({ at, target, fault: fault?._tag ?? "Delay", wait, ...error }))
}

/** @internal */
export const off: Service = {
  on: Effect.void,
  off: Effect.void,
  isOn: Effect.succeed(false),
  set: () => Effect.void,
  injected: Effect.succeed(0),
  next: () => undefined
}
