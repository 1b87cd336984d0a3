import { Effect } from "effect"
import { fewer, measure } from "../measure.js"
import * as byHand from "../peers/byHand.js"
import * as cockatiel from "../peers/cockatiel.js"
import * as plain from "../peers/plainEffect.js"
import * as ours from "../peers/resilience.js"
import { takesAMillisecond } from "../upstream.js"
import type { Shape } from "./shape.js"

const promises = (call: () => Promise<unknown>) => (calls: number) =>
  Promise.all(Array.from({ length: calls }, () => call()))

const together = <E, R>(call: Effect.Effect<unknown, E, R>, calls: number): Effect.Effect<void, E, R> =>
  Effect.forEach(Array.from({ length: calls }), () => call, { concurrency: "unbounded", discard: true })

const fibers = (call: Effect.Effect<unknown, unknown>) => (calls: number) => Effect.runPromise(together(call, calls))

export const inFlight: Shape = {
  title: "10 000 calls in flight",
  about: "All are started at once, each waits for an upstream that takes a millisecond; the time is per call.",
  unit: "time",
  newest: true,
  run: async (effort) => {
    const five = cockatiel.five()
    const stack = ours.withDefaults()
    const measured = await measure(
      [
        { name: "bare: promises", batch: promises(takesAMillisecond) },
        { name: "bare: fibers, Effect.tryPromise with a signal", batch: fibers(plain.bare(takesAMillisecond)) },
        { name: "by hand: retry, breaker, timeout", batch: promises(byHand.full(takesAMillisecond)) },
        { name: "cockatiel: five policies", batch: promises(() => five.execute(takesAMillisecond)) },
        { name: "plain Effect: all of them, with a signal", batch: fibers(plain.full(plain.bare(takesAMillisecond))) },
        {
          name: "effect-resilience: the defaults, with a signal",
          batch: (calls) => stack.runPromise(together(ours.protect(ours.callWithSignal(takesAMillisecond)), calls))
        }
      ],
      10_000,
      fewer(effort)
    )
    await stack.dispose()
    return measured
  }
}
