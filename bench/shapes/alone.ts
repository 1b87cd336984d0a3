import { Effect } from "effect"
import type { Resilience } from "effect-resilience"
import { awaited, inFiber, inRuntime } from "../loop.js"
import { measure } from "../measure.js"
import * as byHand from "../peers/byHand.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import * as pRetry from "../peers/pRetry.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const cockatielCall = (policy: { execute(call: () => Promise<number>): Promise<unknown> }) =>
  awaited(() => policy.execute(answers))

/** Success through each policy alone. The bare calls are what the added cost is counted from. */
export const alone: Shape = {
  title: "Success through each policy alone",
  about: "One call after the other to an async function that answers at once.",
  unit: "time",
  newest: true,
  run: async (effort) => {
    const handBreaker = new byHand.Breaker(5, 60_000)
    const plainBreaker = plain.breaker()
    const semaphore = Effect.unsafeMakeSemaphore(1_000_000)
    const opossumBreaker = opossum.breaker(answers)
    const opossumTimeout = opossum.breakerWithTimeout(answers)
    const circuit = ours.breaker()
    const runtimes: Array<ReturnType<typeof ours.runtime>> = []
    const protectedBy = (options: Resilience.TargetOptions, call = ours.call(answers)) => {
      const runtime = ours.runtime(options)
      runtimes.push(runtime)
      return inRuntime(runtime)(ours.protect(call))
    }
    const measured = await measure(
      [
        { name: "bare: async function", batch: awaited(answers) },
        { name: "bare: Effect.tryPromise", batch: inFiber(plain.bareWithoutSignal(answers)) },
        { name: "bare: Effect.tryPromise with a signal", batch: inFiber(plain.bare(answers)) },
        { name: "bare: LlmCall.tryPromise", batch: inFiber(ours.call(answers)) },
        { name: "bare: LlmCall.tryPromise with a signal", batch: inFiber(ours.callWithSignal(answers)) },
        { name: "no policy: effect-resilience", batch: protectedBy({}) },
        { name: "retry: by hand", batch: awaited(() => byHand.retry(answers)) },
        { name: "retry: cockatiel", batch: cockatielCall(cockatiel.retries()) },
        { name: "retry: p-retry", batch: awaited(() => pRetry.retries(answers)) },
        { name: "retry: Effect.retry", batch: inFiber(plain.retries(plain.bareWithoutSignal(answers))) },
        { name: "retry: effect-resilience", batch: protectedBy({ retry: {} }) },
        { name: "breaker: by hand", batch: awaited(() => handBreaker.execute(answers)) },
        { name: "breaker: cockatiel", batch: cockatielCall(cockatiel.breaker()) },
        { name: "breaker: opossum", batch: awaited(() => opossumBreaker.fire()) },
        { name: "breaker: a Ref in Effect", batch: inFiber(plainBreaker(plain.bareWithoutSignal(answers))) },
        {
          name: "breaker: CircuitBreaker.execute",
          batch: inFiber(circuit.execute(ours.call(answers), { key: ours.target }))
        },
        {
          name: "breaker: CircuitBreaker.execute with a signal",
          batch: inFiber(circuit.execute(ours.callWithSignal(answers), { key: ours.target }))
        },
        { name: "breaker: a bracket that guards nothing", batch: inFiber(plain.bracket(ours.call(answers))) },
        { name: "breaker: effect-resilience", batch: protectedBy({ circuitBreaker: {} }) },
        { name: "timeout: by hand", batch: awaited(() => byHand.timeout(answers, 30_000)) },
        { name: "timeout: cockatiel", batch: cockatielCall(cockatiel.timeouts()) },
        { name: "timeout: opossum, with its breaker", batch: awaited(() => opossumTimeout.fire()) },
        { name: "timeout: Effect.timeout", batch: inFiber(plain.timeouts(plain.bare(answers))) },
        { name: "timeout: effect-resilience", batch: protectedBy({ attemptTimeout: "30 seconds" }) },
        {
          name: "timeout: effect-resilience with a signal",
          batch: protectedBy({ attemptTimeout: "30 seconds" }, ours.callWithSignal(answers))
        },
        { name: "deadline: effect-resilience", batch: protectedBy({ deadline: "30 seconds" }) },
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
    await Promise.all(runtimes.map((runtime) => runtime.dispose()))
    return measured
  }
}
