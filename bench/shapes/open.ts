import { Effect } from "effect"
import { CircuitBreaker, Resilience } from "effect-resilience"
import { awaited, inFiber, inRuntime } from "../loop.js"
import { measure } from "../measure.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import * as ours from "../peers/resilience.js"
import { answers, fails } from "../upstream.js"
import type { Shape } from "./shape.js"

export const open: Shape = {
  title: "An open circuit rejects",
  about: "The rejection is caught by the caller.",
  unit: "time",
  newest: true,
  run: async (effort) => {
    const ofCockatiel = cockatiel.breaker()
    ofCockatiel.isolate()
    const ofOpossum = opossum.breaker(answers)
    ofOpossum.open()
    const ofEffect = plain.breaker(1)
    await Effect.runPromise(Effect.ignore(ofEffect(plain.bareWithoutSignal(fails))))
    const circuit = ours.breaker({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "1 hour" })
    const executed = (call: () => Promise<number>) =>
      Effect.ignore(circuit.execute(ours.call(call), { key: ours.target }))
    const unhealthy = { classify: () => CircuitBreaker.failure(), key: ours.target }
    await Effect.runPromise(Effect.ignore(circuit.execute(ours.call(fails), unhealthy)))
    const stack = ours.withDefaults()
    await stack.runPromise(
      Effect.flatMap(Resilience.Resilience, ({ circuitBreaker }) =>
        Effect.forEach([1, 2, 3, 4, 5], () => Effect.ignore(circuitBreaker.execute(ours.call(fails), unhealthy)))
      )
    )
    const nothing = (): void => {}
    const measured = await measure(
      [
        { name: "cockatiel", batch: awaited(() => ofCockatiel.execute(answers).catch(nothing)) },
        { name: "opossum", batch: awaited(() => ofOpossum.fire().catch(nothing)) },
        {
          name: "plain Effect, a shared error",
          batch: inFiber(Effect.ignore(ofEffect(plain.bareWithoutSignal(answers))))
        },
        { name: "CircuitBreaker.execute", batch: inFiber(executed(answers)) },
        {
          name: "effect-resilience: the defaults",
          batch: inRuntime(stack)(Effect.ignore(ours.protect(ours.call(answers))))
        }
      ],
      2_000,
      effort
    )
    ofOpossum.shutdown()
    await stack.dispose()
    return measured
  }
}
