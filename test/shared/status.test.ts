import { expect, it } from "@effect/vitest"
import { Array as Arr, Context, Duration, Effect, Layer, Metric, Queue, TestClock } from "effect"
import { ResilienceEvent, SharedState } from "effect-resilience"
import { place } from "./instances.js"

const gauge = (name: string) =>
  Effect.map(Metric.snapshot, (pairs) =>
    pairs
      .filter(({ metricKey }) => metricKey.name === "llm_shared_state_joined")
      .filter(({ metricKey }) => metricKey.tags.some(({ value }) => value === name))
      .map(({ metricState }) => (metricState as unknown as { readonly value: number }).value)
  )

it.scoped(
  "K1: a process tells whether it shares or is alone, from the first, and when it last heard from the others",
  () =>
    Effect.gen(function* () {
      const where = yield* place
      where.answers = false
      const layer = SharedState.layer(Effect.succeed(where.backend), { name: "status" })
      const built = yield* Effect.fork(Layer.build(layer))
      yield* TestClock.adjust("2 seconds")
      const { status } = Context.get(yield* built, SharedState.SharedState)
      expect(yield* gauge("status")).toEqual([0])
      expect(yield* status).toMatchObject({ joined: false, lastHeard: undefined })

      where.answers = true
      yield* TestClock.adjust("4 seconds")
      expect(yield* gauge("status")).toEqual([1])
      const { joined, lastHeard: first } = yield* status
      expect(joined).toBe(true)
      yield* TestClock.adjust("1 minute")
      const { awayFor, lastHeard } = yield* status
      expect(awayFor).toBeUndefined()
      expect(Duration.toMillis(lastHeard!)).toBe(Duration.toMillis(first!) + 60_000)

      // What others tell is heard as well.
      const kept = yield* where.backend.read("a")
      yield* where.backend.swap("a", { expected: "", text: "b", timeToLive: 1_000, at: kept.now, tell: "all" })
      expect((yield* status).lastHeard).toEqual(Duration.zero)
    })
)

const starts = [
  { how: "does not answer", silent: true, millis: 0 },
  { how: "answers later than calls would wait", silent: false, millis: 200 }
]

for (const { how, millis, silent } of starts) {
  it.scoped(`K1: a place that ${how} when a process starts is told of once, and once more when it can be used`, () =>
    Effect.gen(function* () {
      const where = yield* place
      where.answers = !silent
      where.millis = () => millis
      const events = yield* ResilienceEvent.subscribe
      const told = Effect.map(Queue.takeAll(events), (all) => Arr.map(Arr.fromIterable(all), ({ _tag }) => _tag))
      yield* Effect.fork(Layer.build(SharedState.layer(Effect.succeed(where.backend), { name: "starting" })))
      yield* TestClock.adjust("10 seconds")
      expect(yield* told).toEqual(["StoreFailed"])

      where.answers = true
      where.millis = () => 0
      yield* TestClock.adjust("10 seconds")
      expect(yield* told).toEqual(["StoreRejoined"])
    }).pipe(Effect.provide(ResilienceEvent.layer()))
  )
}
