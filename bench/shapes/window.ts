import { CircuitBreaker } from "effect-resilience"
import { inFiber } from "../loop.js"
import { measure } from "../measure.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const sizes = [100, 1_000, 10_000, 100_000]

export const window: Shape = {
  title: "A closed circuit, by the size of its window",
  about: "Success through `CircuitBreaker.execute` with `rate`, when the window is full.",
  unit: "time",
  run: async (effort) => {
    const candidates = sizes.map((size) => {
      const circuit = ours.breaker({ tripPolicy: CircuitBreaker.rate({ threshold: 0.5, size, minimumCalls: 20 }) })
      return { name: `${size} calls`, batch: inFiber(circuit.execute(ours.call(answers), { key: ours.target })) }
    })
    if (effort.rounds > 1) for (const [i, { batch }] of candidates.entries()) await batch(sizes[i] ?? 0)
    return measure(candidates, 5_000, effort)
  }
}
