import { expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Metric, TestClock } from "effect"
import { SharedState } from "effect-resilience"
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
