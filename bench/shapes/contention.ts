import { Effect } from "effect"
import { repeated } from "../loop.js"
import { measure } from "../measure.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const callers = 100

const promises = (call: () => Promise<unknown>) => (calls: number) =>
  Promise.all(
    Array.from({ length: callers }, async () => {
      for (let i = 0; i < calls / callers; i++) await call()
    })
  )

const fibers = (call: Effect.Effect<unknown, unknown>) => (calls: number) =>
  Effect.runPromise(
    Effect.forEach(Array.from({ length: callers }), () => repeated(call, calls / callers), {
      concurrency: "unbounded",
      discard: true
    })
  )

export const contention: Shape = {
  title: "100 fibers on one circuit",
  about: "Each makes one call after the other; the time is per call.",
  unit: "time",
  newest: true,
  run: async (effort) => {
    const ofCockatiel = cockatiel.breaker()
    const ofOpossum = opossum.breaker(answers)
    const ofEffect = plain.breaker()
    const circuit = ours.breaker()
    const measured = await measure(
      [
        { name: "bare: promises", batch: promises(answers) },
        { name: "bare: fibers, Effect.tryPromise", batch: fibers(plain.bareWithoutSignal(answers)) },
        { name: "cockatiel", batch: promises(() => ofCockatiel.execute(answers)) },
        { name: "opossum", batch: promises(() => ofOpossum.fire()) },
        { name: "a Ref in Effect", batch: fibers(ofEffect(plain.bareWithoutSignal(answers))) },
        { name: "CircuitBreaker.execute", batch: fibers(circuit.execute(ours.call(answers), { key: ours.target })) }
      ],
      10_000,
      effort
    )
    ofOpossum.shutdown()
    return measured
  }
}
