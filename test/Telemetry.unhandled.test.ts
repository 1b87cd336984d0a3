import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Fiber, FiberRef, Layer, Logger, LogLevel, Option, Schema, Stream, TestClock } from "effect"
import { Deadline, Fallback, Hedge, LlmCall, Resilience, ResponseCache } from "effect-resilience"
import { secret } from "./events.js"

const failing = Effect.delay(Effect.fail(new Error(`no: ${secret}`)), "1 second")

type Policies = Resilience.Resilience | ResponseCache.ResponseCache

const cached = { key: "unhandled", schema: Schema.String, fresh: "1 minute" } as const

/** Not with `Stream.run`, which makes a fiber of its own of whatever it runs. */
const read = <E, R>(self: Stream.Stream<unknown, E, R>) => Effect.scoped(Effect.flatten(Stream.toPull(self)))

/** Whatever fails in a fiber of its own. */
const ways: Readonly<Record<string, Effect.Effect<unknown, unknown, Policies>>> = {
  "an attempt": Resilience.protect(failing, "unhandled/call"),
  "a promise": LlmCall.tryPromise({ try: () => Promise.reject(new Error(secret)) }).pipe(
    Resilience.protect("unhandled/promise")
  ),
  "a stream": read(Resilience.protectStream(Stream.fromEffect(failing), "unhandled/stream")),
  "a deadline": Deadline.within(failing, "1 minute"),
  "a stream's deadline": read(Deadline.withinStream(Stream.fromEffect(failing), "1 minute")),
  "a hedge": Hedge.again(failing, "unhandled/hedge", { after: "500 millis", budget: false }),
  "a walk": Fallback.firstOf([
    { name: "unhandled/first", run: failing },
    { name: "unhandled/second", run: failing }
  ]),
  "a cached call": ResponseCache.through(failing, cached)
}

const policies = Layer.merge(
  Resilience.layer({ deadline: "1 minute", retry: { initialDelay: "1 second", maxAttempts: 2 } }),
  ResponseCache.layerMemory()
)

describe("a failure that is handed on is no unhandled error, of which Effect would write the provider's words down:", () => {
  for (const [name, call] of Object.entries(ways)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        const logger = Logger.make(({ cause, message }) => void lines.push(`${message} ${Cause.pretty(cause)}`))
        const own = Effect.fork(Effect.fail("the program's own"))
        const program = Effect.gen(function* () {
          yield* Effect.exit(call)
          // What the program forks itself is told as before.
          yield* Effect.flatMap(own, Fiber.await)
          return yield* FiberRef.get(FiberRef.unhandledErrorLogLevel)
        }).pipe(
          Effect.provide(policies),
          Effect.provide(
            Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.All))
          )
        )
        const running = yield* Effect.fork(program)
        yield* TestClock.adjust("5 minutes")
        expect(yield* Fiber.join(running)).toEqual(Option.some(LogLevel.Debug))
        expect(lines).toEqual([expect.stringContaining("the program's own")])
      })
    )
  }
})
