/**
 * O4: whoever looks may fail, hang, or be slow: every call of the scripted run ends as it does with nobody looking, and at
 * the same time.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { describe, expect, it } from "@effect/vitest"
import {
  Cause,
  Chunk,
  Context,
  Effect,
  Exit,
  Layer,
  Logger,
  Option,
  Queue,
  type Scope,
  Stream,
  TestContext,
  Tracer
} from "effect"
import { ResilienceEvent, Telemetry } from "effect-resilience"
import * as OperationLog from "effect-resilience/sql/OperationLog"
import { afterAll, beforeAll } from "vitest"
import { type Ended, layer, scriptedRun } from "./scriptedRun.js"
import { files } from "./sql/databases.js"
import { flaky, type Mood } from "./sql/flaky.js"

let folder: Awaited<ReturnType<typeof files>>
let alone: ReadonlyArray<string>
beforeAll(async () => {
  folder = await files()
  alone = await Effect.runPromise(seen(Layer.empty).pipe(Effect.provide(TestContext.TestContext)))
})
afterAll(() => folder.stop())

// A name of its own for each run, of one length.
let runs = 100

/** How each part of the run ended and when, and what a reader beside the others was told, with the same names each time. */
const seen = (
  reader: Layer.Layer<never, unknown>,
  around: (run: Effect.Effect<ReadonlyArray<Ended>>) => Effect.Effect<ReadonlyArray<Ended>> = (run) => run
): Effect.Effect<ReadonlyArray<string>> => {
  const run = `seen${runs++}`
  return Effect.gen(function* () {
    const events = yield* ResilienceEvent.subscribe
    const parts = yield* around(Effect.provide(scriptedRun(run), Layer.provideMerge(layer(run), Layer.orDie(reader))))
    const told = Chunk.toReadonlyArray(yield* Queue.takeAll(events)).filter(({ _tag }) => _tag !== "StoreFailed")
    return [
      ...parts.map(({ at, exit }) => `${at} ${Exit.isSuccess(exit) ? "answered" : wordsOf(exit.cause)}`),
      ...told.map(({ _tag, at, target }) => `${at} ${_tag} ${target}`)
    ].map((line) => line.replaceAll(run, "run"))
  }).pipe(Effect.scoped, Effect.provide(ResilienceEvent.layer({ capacity: 1_000 })))
}

const wordsOf = (cause: Cause.Cause<unknown>): string => {
  const { _tag, message } = Cause.squash(cause) as { readonly _tag?: string; readonly message: string }
  return `${_tag}: ${message}`
}

const reading = (use: (event: ResilienceEvent.ResilienceEvent) => Effect.Effect<void, string>) =>
  Layer.scopedDiscard(Effect.forkScoped(Stream.runForEach(ResilienceEvent.stream, use)))

const listening = (listener: (event: ResilienceEvent.ResilienceEvent) => void) =>
  Layer.scopedDiscard(Effect.flatMap(ResilienceEvent.ResilienceEvents, (hub) => hub.listen(listener)))

const throws = (): never => {
  throw new Error("the reader's own")
}

/** A log whose database does so from the moment on at which it was opened. */
const log = (mood: Mood, options: OperationLog.Options = {}): Layer.Layer<never, unknown> =>
  Layer.unwrapEffect(
    Effect.sync(() => {
      const { layer, state } = flaky(folder.path())
      const opened = OperationLog.layer({ closeTimeout: 0, ...options }).pipe(Layer.provide(layer))
      return Layer.effectDiscard(Effect.sync(() => (state.mood = mood))).pipe(Layer.provide(opened))
    })
  )

const readers: Readonly<Record<string, Layer.Layer<never, unknown>>> = {
  "a reader of the stream that dies at the first event": reading(() => Effect.sync(throws)),
  "a reader of the stream that fails": reading(() => Effect.fail("its own")),
  "a reader of the stream that hangs": reading(() => Effect.never),
  "a reader of the stream that takes an hour for each": reading(() => Effect.sleep("1 hour")),
  "a queue that nobody reads": Layer.scopedDiscard(ResilienceEvent.subscribe),
  "a listener that throws": listening(throws),
  "a listener whose promise is rejected": listening(async () => throws()),
  "a logger that throws": Telemetry.layerLogger().pipe(
    Layer.provide(Logger.replace(Logger.defaultLogger, Logger.make(throws)))
  ),
  "the metrics of answers": Telemetry.layerMetrics(),
  "an operation log whose database hangs": log("hanging"),
  "an operation log whose database is slow": log("slow"),
  "an operation log whose disk is full": log("full"),
  "an operation log that has no room left": log("hanging", { capacity: 1, batchSize: 1 })
}

describe("O4: every call ends as if nobody looked, and at the same time, beside", () => {
  for (const [name, reader] of Object.entries(readers)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const silent = Logger.remove(Logger.defaultLogger)
        expect(yield* Effect.provide(seen(reader), silent)).toEqual(alone)
      })
    )
  }

  const broken: Tracer.Span = {
    _tag: "Span",
    name: "around",
    spanId: "1",
    traceId: "1",
    parent: Option.none(),
    context: Context.empty(),
    status: { _tag: "Started", startTime: 0n },
    attributes: new Map(),
    links: [],
    sampled: true,
    kind: "internal",
    attribute: throws,
    event: throws,
    addLinks: throws,
    end: throws
  }

  for (const [name, span] of [
    ["a tracer that throws", throws],
    ["a tracer whose spans throw", () => broken]
  ] as const) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const traced = (run: Effect.Effect<ReadonlyArray<Ended>>) =>
          Effect.withTracer(Effect.withParentSpan(run, broken), Tracer.make({ span, context: (run) => run() }))
        expect(yield* seen(Layer.empty, traced)).toEqual(alone)
      })
    )
  }

  for (const [name, answer] of [
    ["never answers", undefined],
    ["answers with 503", 503]
  ] as const) {
    it.live(`an exporter whose collector ${name}`, () =>
      Effect.gen(function* () {
        const { asked, url } = yield* collector(answer)
        const exporting = Otlp.layerJson({
          baseUrl: url,
          resource: { serviceName: "seen" },
          replaceLogger: Logger.defaultLogger,
          metricsExportInterval: "20 millis",
          tracerExportInterval: "20 millis",
          loggerExportInterval: "20 millis",
          shutdownTimeout: 0
        }).pipe(Layer.provide(FetchHttpClient.layer))
        const run = seen(Layer.merge(Telemetry.layerLogger(), Telemetry.layerMetrics()), Effect.withSpan("run")).pipe(
          Effect.provide(TestContext.TestContext),
          Effect.tap(() => Effect.promise(() => asked))
        )
        expect(yield* Effect.provide(run, exporting)).toEqual(alone)
      }).pipe(Effect.scoped)
    )
  }
})

/** It takes what is sent, and says this, or nothing. `asked` is the first time that something is sent. */
const collector = (
  status: number | undefined
): Effect.Effect<{ readonly url: string; readonly asked: Promise<void> }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer()
      const asked = new Promise<void>((resolve) =>
        server.on("request", (_, response) => {
          if (status !== undefined) response.writeHead(status).end()
          resolve()
        })
      )
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
