import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Reactivity } from "@effect/experimental"
import { SqlClient, type SqlConnection, Statement } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { Effect, Layer, ManagedRuntime, Stream } from "effect"
import { LlmCall, Resilience, ResilienceEvent, Telemetry } from "effect-resilience"
import * as OperationLog from "effect-resilience/sql/OperationLog"
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

/** Its buffer is full from the first calls on. */
const hung = Layer.scopedDiscard(Effect.forkScoped(Stream.runForEach(ResilienceEvent.stream, () => Effect.never)))

/** Where every statement is waited for in vain, once the log has been opened. */
const hanging = Effect.gen(function* () {
  const client = yield* LibsqlClient.LibsqlClient
  const real = yield* client.reserve
  let isOpen = false
  const orNever = <A, E>(statement: Effect.Effect<A, E>) => Effect.suspend(() => (isOpen ? Effect.never : statement))
  const connection: SqlConnection.Connection = {
    execute: (...args) => orNever(real.execute(...args)),
    executeRaw: (...args) => orNever(real.executeRaw(...args)),
    executeValues: (...args) => orNever(real.executeValues(...args)),
    executeUnprepared: (...args) => orNever(real.executeUnprepared(...args)),
    executeStream: real.executeStream
  }
  const sql = yield* SqlClient.make({
    acquirer: Effect.succeed(connection),
    compiler: Statement.makeCompilerSqlite(),
    spanAttributes: []
  })
  const log = yield* Layer.build(
    Layer.provide(OperationLog.layer({ closeTimeout: 0 }), Layer.succeed(SqlClient.SqlClient, sql))
  )
  isOpen = true
  return log
}).pipe(Effect.provide(Reactivity.layer))

const listener = Layer.scopedDiscard(Effect.flatMap(ResilienceEvent.ResilienceEvents, (hub) => hub.listen(() => {})))

export const telemetry: Shape = {
  title: "Telemetry: what is seen of a success",
  about:
    "A call with the defaults, which counts its own metrics, and what is added by whoever looks. The operation log writes " +
    "two rows a call to a file, in batches; they are in the time, for as much as fits in while calls come without a pause. " +
    "A reader that has hung, or a database, costs no call more than one that is well.",
  unit: "time",
  run: async (effort) => {
    const folder = mkdtempSync(join(tmpdir(), "effect-resilience-bench-"))
    const call = LlmCall.tryPromise({ try: answers }).pipe(ours.protect)
    const nobody = ours.withDefaults()
    const readers = {
      events: heard(listener),
      metrics: heard(Telemetry.layerMetrics()),
      hung: heard(hung),
      lines: heard(Telemetry.layerLogger()),
      log: heard(Layer.discard(OperationLogFile.layer({ path: join(folder, "operations.db"), capacity: 100_000 }))),
      hanging: heard(
        Layer.scopedDiscard(hanging).pipe(
          Layer.provide(LibsqlClient.layer({ url: `file:${join(folder, "hanging.db")}` }))
        )
      )
    }
    const measured = await measure(
      [
        { name: "the defaults", batch: inRuntime(nobody)(call) },
        { name: "within a span", batch: inRuntime(nobody)(Effect.withSpan(call, "request")), share: 0.5 },
        { name: "events, and one who hears them", batch: inRuntime(readers.events)(call) },
        { name: "events, and a reader that has hung", batch: inRuntime(readers.hung)(call) },
        { name: "Telemetry.layerMetrics", batch: inRuntime(readers.metrics)(call) },
        { name: "Telemetry.layerLogger, successes quiet", batch: inRuntime(readers.lines)(call) },
        { name: "operation log in a file", batch: inRuntime(readers.log)(call), share: 0.5 },
        { name: "operation log whose database hangs", batch: inRuntime(readers.hanging)(call), share: 0.5 }
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
