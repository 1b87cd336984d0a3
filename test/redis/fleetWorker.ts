/** One process of a fleet: it does what its parent says, and tells how it went. */
import { Context, Duration, Effect, Exit, Fiber, Layer, ManagedRuntime, Option } from "effect"
import { CircuitBreaker, LlmError, RateLimit, ResilienceEvent, SharedState } from "effect-resilience"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"

export interface Settings {
  readonly redis: string
  readonly provider: string
  readonly openMillis: number
  readonly probeMillis: number
  readonly patience: number
  readonly limit?: { readonly limit: number; readonly burst: number } | undefined
}

export type Order =
  | { readonly _tag: "Make"; readonly settings: Settings }
  /** A call to the provider. */
  | { readonly _tag: "Call"; readonly key: string }
  /** A call to the provider that is given up after so long. */
  | { readonly _tag: "GivenUp"; readonly key: string; readonly millis: number }
  /** Calls that are answered at once, so many a second, for so long. */
  | { readonly _tag: "Load"; readonly key: string; readonly perSecond: number; readonly millis: number }
  /** Calls through the limit, one after the other. */
  | { readonly _tag: "Limited"; readonly millis: number }
  | { readonly _tag: "State"; readonly key: string }
  | { readonly _tag: "Status" }

export interface Loaded {
  readonly calls: number
  readonly failed: number
  /**
   * How long calls took, in milliseconds, less the time for which their process could not run at all, as on a machine that
   * is busy.
   */
  readonly longest: number
  readonly over60: number
}

/** How long this process could not run, in milliseconds, all in all. */
const stalled = { millis: 0 }
const tick = 5
let lastTick = performance.now()
setInterval(() => {
  const now = performance.now()
  stalled.millis += Math.max(0, now - lastTick - tick)
  lastTick = now
}, tick).unref()

const policies = ({ limit, openMillis, patience, probeMillis, redis }: Settings) =>
  Layer.merge(
    CircuitBreaker.layer({
      tripPolicy: CircuitBreaker.consecutive(5),
      openDuration: openMillis,
      halfOpen: { probes: 1, successes: 1, probeTimeout: probeMillis },
      parking: { whenParked: "reject" }
    }),
    RateLimit.layer({ requests: limit ?? { limit: 1_000_000 }, maxWait: "10 minutes" })
  ).pipe(
    Layer.provideMerge(RedisSharedState.layer({ url: redis, patience })),
    Layer.provideMerge(ResilienceEvent.layer({ capacity: 10_000 }))
  )

const ask = (provider: string): Effect.Effect<void, LlmError.LlmError> =>
  Effect.tryPromise({
    try: (signal) => fetch(provider, { signal }),
    catch: () => new LlmError.ConnectionFailed({ sent: "maybe" })
  }).pipe(
    Effect.flatMap((response): Effect.Effect<void, LlmError.LlmError> => {
      const wait = response.headers.get("retry-after")
      if (response.ok) return Effect.void
      return response.status === 429
        ? Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(Number(wait)) }))
        : Effect.fail(new LlmError.ServerError({ status: response.status }))
    })
  )

const make = (settings: Settings) => {
  const runtime = ManagedRuntime.make(policies(settings))
  const said: Array<string> = []
  const events = Effect.gen(function* () {
    const queue = yield* ResilienceEvent.subscribe
    yield* Effect.forever(
      Effect.tap(queue.take, ({ _tag }) => Effect.sync(() => _tag.startsWith("Store") && said.push(_tag)))
    )
  })
  runtime.runFork(Effect.scoped(events))

  const load = async (key: string, perSecond: number, millis: number): Promise<Loaded> => {
    const context = await runtime.runPromise(Effect.context<CircuitBreaker.CircuitBreaker>())
    const breaker = Context.get(context, CircuitBreaker.CircuitBreaker)
    const limits = await runtime.runPromise(Effect.context<RateLimit.RateLimit>())
    const limit = Context.get(limits, RateLimit.RateLimit)
    const took: Array<number> = []
    const calls: Array<Promise<unknown>> = []
    let failed = 0
    const call = async (index: number): Promise<void> => {
      const from = performance.now()
      const stalledBefore = stalled.millis
      const target = `${key} ${index % 20}`
      // Now and then one fails, so that there is something to tell.
      const fails = Math.random() < 0.01
      const answer = fails ? Effect.fail(new LlmError.ServerError({})) : Effect.void
      const exit = await Effect.runPromiseExit(
        answer.pipe(breaker.execute({ key: target }), limit.protect(target), Effect.flip, Effect.option)
      )
      const millis = performance.now() - from
      const ended = Exit.isSuccess(exit) && Option.isSome(exit.value) ? exit.value.value._tag : "Success"
      if (ended !== (fails ? "ServerError" : "Success")) failed++
      await new Promise((resolve) => setTimeout(resolve, 2 * tick))
      took.push(millis - Math.min(millis, stalled.millis - stalledBefore))
    }
    const from = performance.now()
    while (performance.now() - from < millis) {
      const due = ((performance.now() - from) / 1_000) * perSecond
      while (calls.length < due) calls.push(call(calls.length))
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
    await Promise.all(calls)
    return { calls: calls.length, failed, longest: Math.max(...took), over60: took.filter((time) => time > 60).length }
  }

  const limited = async (millis: number): Promise<ReadonlyArray<number>> => {
    const context = await runtime.runPromise(Effect.context<RateLimit.RateLimit>())
    const limit = Context.get(context, RateLimit.RateLimit)
    const sent: Array<number> = []
    const until = Date.now() + millis
    const call = Effect.sync(() => sent.push(Date.now())).pipe(limit.protect("limited"))
    await Effect.runPromise(Effect.timeoutOption(Effect.forever(call), Math.max(1, until - Date.now())))
    return sent
  }

  return async (order: Exclude<Order, { _tag: "Make" }>): Promise<unknown> => {
    switch (order._tag) {
      case "Call": {
        const call = Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
          ask(settings.provider).pipe(breaker.execute({ key: order.key }))
        )
        const exit = await runtime.runPromiseExit(Effect.flip(call))
        return Exit.isSuccess(exit) ? exit.value._tag : "Success"
      }
      case "GivenUp": {
        const call = Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
          ask(settings.provider).pipe(breaker.execute({ key: order.key }))
        )
        const fiber = runtime.runFork(call)
        await new Promise((resolve) => setTimeout(resolve, order.millis))
        await Effect.runPromise(Fiber.interrupt(fiber))
        return "GivenUp"
      }
      case "Load":
        return load(order.key, order.perSecond, order.millis)
      case "Limited":
        return limited(order.millis)
      case "State":
        return runtime.runPromise(
          Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
            Effect.map(breaker.state(order.key), ({ _tag }) => _tag)
          )
        )
      case "Status":
        return {
          ...(await runtime.runPromise(Effect.flatMap(SharedState.SharedState, ({ status }) => status))),
          said
        }
    }
  }
}

// Whoever has lost its parent has nothing to do any more.
process.on("disconnect", () => process.exit())

let act: ReturnType<typeof make> | undefined

process.on("message", async ({ id, order }: { readonly id: number; readonly order: Order }) => {
  if (order._tag === "Make") {
    act = make(order.settings)
    await act({ _tag: "Status" })
    process.send?.({ id, result: undefined })
  } else process.send?.({ id, result: await act?.(order) })
})
