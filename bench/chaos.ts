/**
 * What `Chaos.inject` costs where nobody has switched it on. Run it with `npx tsx bench/chaos.ts`; the processor's time
 * is what counts, the least of several rounds.
 */
import { Effect, type Layer, Stream } from "effect"
import { LlmError } from "effect-resilience"
import * as Chaos from "effect-resilience/testing/Chaos"

const calls = 100_000
const call = Effect.suspend(() => Effect.succeed(1))
const stream = Stream.make(1)
const layer = Chaos.layer({ rules: [{ rate: 0.5, fault: Chaos.fail(new LlmError.ServerError({})) }] })

const nanos = async (self: Effect.Effect<unknown>, times: number, layer?: Layer.Layer<never>): Promise<number> => {
  const all = Effect.iterate(0, { while: (n) => n < times, body: (n) => Effect.as(self, n + 1) })
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 15; round++) {
    const start = process.cpuUsage()
    await Effect.runPromise(layer === undefined ? all : Effect.provide(all, layer))
    const { system, user } = process.cpuUsage(start)
    least = Math.min(least, ((user + system) * 1_000) / times)
  }
  return Math.round(least)
}

const ignored = Effect.orDie(Chaos.inject(call, "a"))
console.table({
  "an effect by itself": await nanos(Effect.orDie(call), calls),
  "with inject, no layer": await nanos(ignored, calls),
  "with inject, a layer that is off": await nanos(ignored, calls, layer),
  "a stream by itself": await nanos(Stream.runDrain(Stream.orDie(stream)), calls / 10),
  "a stream with injectStream, no layer": await nanos(
    Stream.runDrain(Stream.orDie(Chaos.injectStream(stream, "a"))),
    calls / 10
  )
})
