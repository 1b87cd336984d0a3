import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, HashMap, Layer, Logger, LogLevel, Metric, MetricState, Queue } from "effect"
import { ResilienceEvent, Telemetry } from "effect-resilience"
import { eventMetrics } from "../src/internal/telemetry/eventMetrics.js"
import { tags } from "../src/internal/telemetry/eventSchema.js"
import { metricTable } from "../src/internal/telemetry/metricTable.js"
import { driveEveryEvent } from "./everyEvent.js"

/** What of the process' metrics has been updated, by name. A gauge that is back at what it was counts as well. */
const updated = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const amounts = () => {
      const all = new Map<string, number>()
      for (const { metricKey, metricState } of Metric.unsafeSnapshot()) {
        const amount =
          MetricState.isCounterState(metricState) || MetricState.isHistogramState(metricState)
            ? Number(metricState.count)
            : 1
        all.set(metricKey.name, (all.get(metricKey.name) ?? 0) + amount)
      }
      return all
    }
    const before = amounts()
    yield* self
    return new Set([...amounts()].filter(([name, amount]) => amount !== before.get(name)).map(([name]) => name))
  })

describe("every event there is", () => {
  it.effect("happens, has a line in the log, and is counted in the metrics that say so", () =>
    Effect.gen(function* () {
      const lines = new Map<string, number>()
      const logger = Logger.make<unknown, void>(({ annotations }) => {
        for (const [name, value] of HashMap.toEntries(annotations)) {
          if (name === "llm.event") lines.set(String(value), (lines.get(String(value)) ?? 0) + 1)
        }
      })
      const events: Array<ResilienceEvent.ResilienceEvent> = []
      const counted = yield* updated(
        Effect.gen(function* () {
          const queue = yield* ResilienceEvent.subscribe
          yield* driveEveryEvent("every")
          events.push(...Chunk.toReadonlyArray(yield* Queue.takeAll(queue)))
        }).pipe(
          Effect.scoped,
          Effect.provide(
            Layer.merge(Telemetry.layerLogger(), Telemetry.layerMetrics()).pipe(
              Layer.provide([Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.All)]),
              Layer.provideMerge(ResilienceEvent.layer({ capacity: 10_000 }))
            )
          )
        )
      )
      const happened = new Set(events.map(({ _tag }) => _tag))
      for (const tag of tags) {
        expect.soft(happened, "happened").toContain(tag)
        expect.soft(Array.from(lines.keys()), "in the log").toContain(tag)
        for (const metric of eventMetrics[tag]) {
          expect.soft(Array.from(counted), `${tag} is counted`).toContain(metricTable[metric].name)
        }
      }
    })
  )

  it.effect("no metric is left that nothing counts", () =>
    Effect.gen(function* () {
      yield* driveEveryEvent("counted").pipe(
        Effect.provide(Telemetry.layerMetrics({ prices: { "counted/broken": { input: 1, output: 2 } } })),
        Effect.provide(ResilienceEvent.layer())
      )
      const names = new Set(Metric.unsafeSnapshot().map(({ metricKey }) => metricKey.name))
      const missing = Object.values(metricTable).filter(({ from, name }) => from !== "operationLog" && !names.has(name))
      expect(missing.map(({ name }) => name)).toEqual([])
    })
  )
})
