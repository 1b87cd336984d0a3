import { Effect } from "effect"
import { awaited, inFiber } from "../loop.js"
import { measure } from "../measure.js"
import * as byHand from "../peers/byHand.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import * as pRetry from "../peers/pRetry.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const cockatielCall = (policy: { execute(call: () => Promise<number>): Promise<unknown> }) =>
  awaited(() => policy.execute(answers))

/** Success through each policy alone. The bare calls are what the added cost is counted from. */
export const alone: Shape = {
  title: "Success through each policy alone",
  about: "One call after the other to an async function that answers at once.",
  unit: "time",
  run: async (effort) => {
    const handBreaker = new byHand.Breaker(5, 60_000)
    const plainBreaker = plain.breaker()
    const semaphore = Effect.unsafeMakeSemaphore(1_000_000)
    const opossumBreaker = opossum.breaker(answers)
    const opossumTimeout = opossum.breakerWithTimeout(answers)
    const measured = await measure(
      [
        { name: "bare: async function", batch: awaited(answers) },
        { name: "bare: Effect.tryPromise", batch: inFiber(plain.bareWithoutSignal(answers)) },
        { name: "bare: Effect.tryPromise with a signal", batch: inFiber(plain.bare(answers)) },
        { name: "retry: by hand", batch: awaited(() => byHand.retry(answers)) },
        { name: "retry: cockatiel", batch: cockatielCall(cockatiel.retries()) },
        { name: "retry: p-retry", batch: awaited(() => pRetry.retries(answers)) },
        { name: "retry: Effect.retry", batch: inFiber(plain.retries(plain.bareWithoutSignal(answers))) },
        { name: "breaker: by hand", batch: awaited(() => handBreaker.execute(answers)) },
        { name: "breaker: cockatiel", batch: cockatielCall(cockatiel.breaker()) },
        { name: "breaker: opossum", batch: awaited(() => opossumBreaker.fire()) },
        { name: "breaker: a Ref in Effect", batch: inFiber(plainBreaker(plain.bareWithoutSignal(answers))) },
        { name: "timeout: by hand", batch: awaited(() => byHand.timeout(answers, 30_000)) },
        { name: "timeout: cockatiel", batch: cockatielCall(cockatiel.timeouts()) },
        { name: "timeout: opossum, with its breaker", batch: awaited(() => opossumTimeout.fire()) },
        { name: "timeout: Effect.timeout", batch: inFiber(plain.timeouts(plain.bare(answers))) },
        { name: "bulkhead: cockatiel", batch: cockatielCall(cockatiel.bulkheads()) },
        {
          name: "bulkhead: Effect's semaphore",
          batch: inFiber(semaphore.withPermits(1)(plain.bareWithoutSignal(answers)))
        }
      ],
      2_000,
      effort
    )
    opossumBreaker.shutdown()
    opossumTimeout.shutdown()
    return measured
  }
}
