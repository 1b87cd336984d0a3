import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime } from "effect"
import { LlmCall, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import * as OperationLogFile from "effect-resilience/sql/OperationLogFile"
import { inRuntime } from "../loop.js"
import { measure } from "../measure.js"
import * as ours from "../peers/resilience.js"
import type { Shape } from "./shape.js"

/** Answers as a model's API does, so that there is something to be read from them. */
const answers = async (): Promise<object> => ({
  model: "large-2025-01",
  usage: { prompt_tokens: 100, completion_tokens: 20 }
})

const heard = (reader: Layer.Layer<never, unknown>) =>
  ManagedRuntime.make(
    Layer.merge(Resilience.layer(), reader).pipe(Layer.provide(ResilienceEvent.layer({ capacity: 4_096 })), Layer.orDie)
  )

const listener = Layer.scopedDiscard(Effect.flatMap(ResilienceEvent.ResilienceEvents, (hub) => hub.listen(() => {})))

export const telemetry: Shape = {
  title: "What is seen of a success",
  about:
    "A call with the defaults, which counts its own metrics, and what is added by whoever looks. The operation log writes " +
    "two rows a call to a file, in batches; they are in the time, for as much as fits in while calls come without a pause.",
  unit: "time",
  run: async (effort) => {
    const folder = mkdtempSync(join(tmpdir(), "effect-resilience-bench-"))
    const call = LlmCall.tryPromise({ try: answers }).pipe(ours.protect)
    const nobody = ours.withDefaults()
    const readers = {
      events: heard(listener),
      metrics: heard(Telemetry.layerMetrics()),
      lines: heard(Telemetry.layerLogger()),
      log: heard(Layer.discard(OperationLogFile.layer({ path: join(folder, "operations.db"), capacity: 100_000 })))
    }
    const measured = await measure(
      [
        { name: "the defaults", batch: inRuntime(nobody)(call) },
        { name: "within a span", batch: inRuntime(nobody)(Effect.withSpan(call, "request")), share: 0.5 },
        { name: "events, and one who hears them", batch: inRuntime(readers.events)(call) },
        { name: "Telemetry.layerMetrics", batch: inRuntime(readers.metrics)(call) },
        { name: "Telemetry.layerLogger, successes quiet", batch: inRuntime(readers.lines)(call) },
        { name: "operation log in a file", batch: inRuntime(readers.log)(call), share: 0.5 }
      ],
      2_000,
      effort
    )
    await nobody.dispose()
    for (const reader of Object.values(readers)) await reader.dispose()
    rmSync(folder, { recursive: true, force: true })
    return measured
  }
}
