/**
 * What a million names of targets leave on the heap, with some that are open, isolated or in use all the while.
 *
 *     npm run --silent build && tsc -p bench/tsconfig.json && node --expose-gc bench/.out/names.js
 */
import { Cause, Deferred, Effect, Fiber, Metric } from "effect"
import { LlmError, Resilience } from "effect-resilience"

const many = Number(process.argv[2] ?? 1_000_000)
const mostMegabytes = 100

const megabytes = (): number => {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const down = Effect.fail(new LlmError.ServerError({ status: 500 }))

const check = (what: string, holds: boolean): void => {
  console.log(`${holds ? "ok  " : "FAIL"} ${what}`)
  if (!holds) process.exitCode = 1
}

/** Names that are all new, in turns, so that the heap can be looked at in between. */
const names = (protect: (name: string) => Effect.Effect<unknown, unknown, Resilience.Resilience>, prefix: string) =>
  Effect.gen(function* () {
    const before = megabytes()
    const startedAt = performance.now()
    for (let i = 0; i < many; i++) yield* Effect.exit(protect(`${prefix}/${i}`))
    const took = (performance.now() - startedAt) / many
    const grown = megabytes() - before
    const { length } = (yield* Metric.snapshot).filter(({ metricKey }) => metricKey.name.startsWith("llm_"))
    console.log(`${prefix}: ${grown.toFixed(1)} MB more, ${length} series, ${(took * 1000).toFixed(1)} µs a name`)
    check(`${prefix}: within ${mostMegabytes} MB`, grown <= mostMegabytes)
  })

const program = Effect.gen(function* () {
  const { circuitBreaker } = yield* Resilience.Resilience
  const gate = yield* Deferred.make<void>()
  const running = yield* Effect.fork(Resilience.protect(Effect.andThen(Deferred.await(gate), down), "running"))
  yield* Effect.yieldNow()
  yield* circuitBreaker.isolate("isolated")
  yield* Effect.replicateEffect(Effect.exit(Resilience.protect(down, "open")), 5)

  yield* names((name) => Resilience.protect(Effect.succeed("42"), name), "answers")
  yield* names((name) => Resilience.protect(down, name), "failures")

  check("open is kept", (yield* circuitBreaker.state("open"))._tag === "Open")
  check("isolated is kept", (yield* circuitBreaker.state("isolated"))._tag === "Isolated")
  yield* Deferred.succeed(gate, undefined)
  yield* Fiber.await(running)
  const state = yield* circuitBreaker.state("running")
  check("running is kept", state._tag === "Closed" && state.failures === 1)
}).pipe(
  Effect.scoped,
  Effect.provide(Resilience.layer({ retry: false, retryBudget: {}, circuitBreaker: { openDuration: "1 hour" } }))
)

const layers = Effect.gen(function* () {
  const before = megabytes()
  for (let layer = 0; layer < 100; layer++) {
    const all = Effect.forEach(
      Array.from({ length: 1_000 }, (_, i) => `layer/${layer}/${i}`),
      (name) => Resilience.protect(Effect.succeed("42"), name),
      { discard: true }
    )
    yield* Effect.provide(all, Resilience.layer({ retryBudget: {} }))
  }
  const grown = megabytes() - before
  console.log(`100 layers of 1000 names each, closed: ${grown.toFixed(1)} MB more`)
  check("closed layers leave within 10 MB", grown <= 10)
})

await Effect.runPromise(
  Effect.zipRight(program, layers).pipe(
    Effect.tapErrorCause((cause) => Effect.sync(() => console.log(Cause.pretty(cause))))
  )
)
