import { Effect, type Fiber } from "effect"
import type { CircuitBreaker } from "effect-resilience"
import { weigh } from "../heap.js"
import { repeated } from "../loop.js"
import * as byHand from "../peers/byHand.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as opossum from "../peers/opossum.js"
import * as plain from "../peers/plainEffect.js"
import * as ours from "../peers/resilience.js"
import { answers } from "../upstream.js"
import type { Shape } from "./shape.js"

const many = <A>(count: number, make: (i: number) => A): Array<A> => Array.from({ length: count }, (_, i) => make(i))

/** So many circuits of a breaker have their series in the metrics before they change. */
const shown = 100

/** The metrics keep their series, so each circuit has to be one they have not seen. */
let keys = 0

const used = (circuit: CircuitBreaker.CircuitBreaker, count: number): Effect.Effect<void, unknown> =>
  Effect.forEach(
    many(count, () => `target/${keys++}`),
    (key) => circuit.execute(ours.call(answers), { key }),
    { discard: true }
  )

export const circuits: Shape = {
  title: "Heap of a circuit at rest",
  about: "Each has seen one success.",
  unit: "bytes",
  newest: true,
  run: async (effort) => {
    const count = Math.max(10, 10_000 * effort.scale)
    return weigh(
      [
        {
          name: "cockatiel",
          hold: async () => {
            const held = many(count, cockatiel.breaker)
            for (const breaker of held) await breaker.execute(answers)
            return held
          }
        },
        {
          name: "opossum",
          hold: async () => {
            const held = many(count, () => opossum.breaker(answers))
            for (const breaker of held) await breaker.fire()
            return held
          },
          free: (held) => {
            for (const breaker of held as ReadonlyArray<ReturnType<typeof opossum.breaker>>) breaker.shutdown()
          }
        },
        {
          name: "CircuitBreaker, a key",
          hold: async () => {
            const circuit = ours.breaker()
            await Effect.runPromise(used(circuit, count))
            return circuit
          }
        },
        {
          name: "CircuitBreaker, a key that the metrics show at rest",
          hold: async () => {
            const circuits = many(Math.ceil(count / shown), () => ours.breaker())
            for (const circuit of circuits) await Effect.runPromise(used(circuit, Math.min(shown, count)))
            return circuits
          }
        }
      ],
      count,
      Math.min(effort.rounds, 5)
    )
  }
}

/** An upstream that answers everyone when it is told to. */
const silent = () => {
  const waiting: Array<(answer: number) => void> = []
  return {
    ask: (): Promise<number> => new Promise((resolve) => waiting.push(resolve)),
    answer: () => {
      for (const resolve of waiting.splice(0)) resolve(42)
    }
  }
}

export const waiting: Shape = {
  title: "Heap of a waiting call",
  about: "The upstream's own promise included; each Effect call runs in a fiber of its own.",
  unit: "bytes",
  newest: true,
  run: async (effort) => {
    const count = Math.max(10, 10_000 * effort.scale)
    const upstream = silent()
    const five = cockatiel.five()
    const stack = ours.withDefaults()
    const promises = (call: () => Promise<unknown>) => ({
      hold: async () => many(count, call),
      free: (held: unknown) => {
        upstream.answer()
        return Promise.all(held as ReadonlyArray<Promise<unknown>>)
      }
    })
    const fibers = (fork: () => Fiber.RuntimeFiber<unknown, unknown>) => ({
      hold: async () => many(count, fork),
      free: async (held: unknown) => {
        upstream.answer()
        for (const fiber of held as ReadonlyArray<Fiber.RuntimeFiber<unknown, unknown>>) {
          await Effect.runPromise(fiber.await)
        }
      }
    })
    const rows = await weigh(
      [
        { name: "bare: a promise", ...promises(upstream.ask) },
        {
          name: "bare: a fiber, Effect.tryPromise with a signal",
          ...fibers(() => Effect.runFork(plain.bare(upstream.ask)))
        },
        { name: "by hand: retry, breaker, timeout", ...promises(byHand.full(upstream.ask)) },
        { name: "cockatiel: five policies", ...promises(() => five.execute(upstream.ask)) },
        {
          name: "plain Effect: all of them, with a signal",
          ...fibers(() => Effect.runFork(plain.full(plain.bare(upstream.ask))))
        },
        {
          name: "effect-resilience: the defaults, with a signal",
          ...fibers(() => stack.runFork(ours.protect(ours.callWithSignal(upstream.ask))))
        }
      ],
      count,
      Math.min(effort.rounds, 5)
    )
    await stack.dispose()
    return rows
  }
}

export const left: Shape = {
  title: "Heap left after a million calls",
  about: "Through the defaults, one call after the other; the bytes are in all.",
  unit: "bytes",
  run: async (effort) => {
    const stack = ours.withDefaults()
    const calls = 1_000_000 * effort.scale
    const rows = await weigh(
      [
        {
          name: "effect-resilience: the defaults",
          hold: () => stack.runPromise(repeated(ours.protect(ours.call(answers)), calls))
        }
      ],
      1,
      Math.min(effort.rounds, 2)
    )
    await stack.dispose()
    return rows
  }
}
