/** What an attempt that lost a race has cost: nobody knows, and every total says so. */
import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Layer, Metric, MetricState, Stream } from "effect"
import { Hedge, Resilience, ResilienceEvent, StreamDialect, Telemetry } from "effect-resilience"
import { toEnd } from "./targets.js"

/** What the process has counted so far for a target: each name with the values of its other labels. */
const counted = (target: string) => {
  const found: Record<string, number> = {}
  for (const { metricKey, metricState } of Metric.unsafeSnapshot()) {
    const labels = new Map(metricKey.tags.map(({ key, value }) => [key, value]))
    if (labels.get("target") !== target || !MetricState.isCounterState(metricState)) continue
    const other = labels.get("kind") ?? labels.get("outcome")
    found[other === undefined ? metricKey.name : `${metricKey.name} ${other}`] = Number(metricState.count)
  }
  return found
}

const prices = {
  "o3/slow": { input: 1_000_000, output: 1_000_000 },
  "o3/quick": { input: 1_000_000, output: 1_000_000 }
}

const layer = Layer.mergeAll(
  Resilience.layer({ retry: false }),
  Telemetry.layerMetrics({ prices }),
  Hedge.layer({ budget: false })
).pipe(Layer.provideMerge(ResilienceEvent.layer()))

const start = (input: number) => ({ type: "message_start", message: { usage: { input_tokens: input } } })
const content = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } }
const end = [
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } },
  { type: "message_stop" }
]

describe("O3: the loser of a race", () => {
  it.effect("is wasted, and costs an unknown amount besides what it has told of", () =>
    Effect.gen(function* () {
      const ask = (name: string, millis: number) => {
        const answer = { choices: [{ message: { content: "Hi" } }], usage: { prompt_tokens: 40, completion_tokens: 2 } }
        return { name, run: Effect.as(Effect.sleep(millis), answer).pipe(Resilience.protect(name)) }
      }
      yield* toEnd(Hedge.across([ask("o3/slow", 60_000), ask("o3/quick", 500)], { after: "1 second" }))
      expect(counted("o3/slow")).toMatchObject({ "llm_usage_unknown_total interrupted": 1 })
      expect(counted("o3/slow").llm_cost_total).toBeUndefined()
      const quick = counted("o3/quick")
      expect(quick).toMatchObject({ llm_cost_total: 42, "llm_tokens_total input": 40, "llm_tokens_total output": 2 })
      expect(Object.keys(quick).filter((name) => /unknown|wasted/.test(name))).toEqual([])

      const stream = (name: string, input: number, millis: number) => ({
        name,
        run: Stream.concat(
          Stream.make<Array<unknown>>(start(input)),
          Stream.concat(Stream.execute(Effect.sleep(millis)), Stream.make<Array<unknown>>(content, ...end))
        ).pipe(Resilience.protectStream(name, { dialect: StreamDialect.anthropic as never }))
      })
      yield* toEnd(
        Stream.runDrain(
          Hedge.acrossStreams([stream("o3/slow", 50, 30_000), stream("o3/quick", 30, 500)], { after: "1 second" })
        )
      )
      // It had told of its prompt; what it had written by then is not known.
      expect(counted("o3/slow")).toMatchObject({
        "llm_usage_unknown_total interrupted": 2,
        "llm_wasted_tokens_total input": 50,
        "llm_tokens_total input": 50,
        llm_wasted_cost_total: 50,
        llm_cost_total: 50
      })
      expect(counted("o3/quick")).toMatchObject({ llm_cost_total: 42 + 37 })
    }).pipe(Effect.provide(layer))
  )

  it.effect("has the least that it took in its event, and what it has told of in the trail", () =>
    Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const ask = (name: string, millis: number) => ({
        name,
        run: Effect.as(Effect.sleep(millis), "Hi").pipe(Resilience.protect(name))
      })
      const { trail } = yield* Telemetry.withTrail(
        toEnd(Hedge.across([ask("a", 60_000), ask("b", 500)], { after: "1 second" }))
      )
      expect(trail.map(({ duration, outcome, target }) => [target, outcome, Duration.toMillis(duration)])).toEqual(
        expect.arrayContaining([
          ["b", "Success", 500],
          ["a", "Interrupted", 1_500]
        ])
      )
      const lost = [...(yield* events.takeAll)].filter(({ _tag }) => _tag === "HedgeLost")
      expect(lost).toMatchObject([{ target: "a", hedge: 0, duration: Duration.millis(1_500) }])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
