import { awaited, inFiber, inRuntime } from "../loop.js"
import { measure } from "../measure.js"
import * as byHand from "../peers/byHand.js"
import * as cockatiel from "../peers/cockatiel.js"
import { withPlan } from "../peers/executionPlan.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

export const full: Shape = {
  title: "Success through the full stack",
  about:
    "Retry, circuit breaker and timeout around an async function that answers at once, and what else each has: cockatiel " +
    "a bulkhead and a fallback, plain Effect a semaphore and metrics, the toolkit a deadline and metrics. What is " +
    "written by hand and cockatiel make a signal for each call; elsewhere the rows say so.",
  unit: "time",
  newest: true,
  run: async (effort) => {
    const five = cockatiel.five()
    const withTimeout = opossum.breakerWithTimeout(answers)
    const stack = ours.withDefaults()
    const measured = await measure(
      [
        { name: "bare: async function", batch: awaited(answers) },
        { name: "bare: Effect.tryPromise", batch: inFiber(plain.bareWithoutSignal(answers)) },
        { name: "bare: Effect.tryPromise with a signal", batch: inFiber(plain.bare(answers)) },
        { name: "by hand: retry, breaker, timeout", batch: awaited(byHand.full(answers)) },
        { name: "cockatiel: five policies", batch: awaited(() => five.execute(answers)) },
        { name: "opossum: breaker, timeout", batch: awaited(() => withTimeout.fire()) },
        {
          name: "Effect.withExecutionPlan: retry",
          batch: inFiber(withPlan(plain.bareWithoutSignal(answers))),
          share: 0.2
        },
        { name: "plain Effect: all of them", batch: inFiber(plain.full(plain.bareWithoutSignal(answers))), share: 0.2 },
        {
          name: "plain Effect: all of them, with a signal",
          batch: inFiber(plain.full(plain.bare(answers))),
          share: 0.2
        },
        { name: "effect-resilience: the defaults", batch: inRuntime(stack)(ours.protect(ours.call(answers))) },
        {
          name: "effect-resilience: the defaults, with a signal",
          batch: inRuntime(stack)(ours.protect(ours.callWithSignal(answers)))
        }
      ],
      2_000,
      effort
    )
    withTimeout.shutdown()
    await stack.dispose()
    return measured
  }
}
