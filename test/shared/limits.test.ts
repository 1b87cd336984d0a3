import { describe, expect, it } from "@effect/vitest"
import { Clock, Context, Duration, Effect, Exit, Fiber, Layer, Scope, TestClock } from "effect"
import { LlmError, RateLimit, SharedState, SpendLimit } from "effect-resilience"

/** One instance of a fleet, which can die: nothing it holds is given back then. */
const instance = (backend: SharedState.Backend, options: RateLimit.Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.build(
      RateLimit.layer(options).pipe(
        Layer.provideMerge(SharedState.layer(Effect.succeed(backend), { patience: "5 seconds" })),
        Layer.fresh
      )
    ).pipe(Scope.extend(scope))
    const sent: Array<number> = []
    const call = Clock.currentTimeMillis.pipe(
      Effect.map((now) => sent.push(now)),
      Context.get(context, RateLimit.RateLimit).protect("a")
    )
    return { call, sent, limit: Context.get(context, RateLimit.RateLimit), stop: Scope.close(scope, Exit.void) }
  })

const manyOf = (count: number, options: RateLimit.Options) =>
  Effect.gen(function* () {
    const backend = yield* SharedState.makeMemoryBackend
    return yield* Effect.replicateEffect(instance(backend, options), count)
  })

/** The most that was sent within any such window. */
const mostWithin = (sent: ReadonlyArray<number>, window: number): number => {
  const times = [...sent].sort((one, other) => one - other)
  let most = 0
  let from = 0
  times.forEach((time, i) => {
    while (time - times[from]! >= window) from++
    most = Math.max(most, i - from + 1)
  })
  return most
}

const advance = (millis: number, step = 10) =>
  Effect.forEach(
    Array.from({ length: Math.ceil(millis / step) }),
    () => Effect.zipRight(TestClock.adjust(Duration.millis(step)), Effect.yieldNow()),
    { discard: true }
  )

describe("a limit of a fleet", () => {
  it.live("K4: forty a second are that for all together, and each gets its part", () =>
    Effect.gen(function* () {
      const fleet = yield* manyOf(8, { requests: { limit: 2_400, burst: 8 }, maxWait: "10 minutes" })
      // Each of them always has four calls that want to be sent.
      const busy = yield* Effect.forEach(fleet, ({ call }) =>
        Effect.forEach([1, 2, 3, 4], () => Effect.fork(Effect.forever(call)))
      )
      yield* Effect.sleep("1 second")
      // What was saved up goes to whoever comes first.
      const first = fleet.map(({ sent }) => sent.length)
      yield* Effect.sleep("4 seconds")
      yield* Effect.forEach(busy.flat(), Fiber.interrupt)
      const all = fleet.flatMap(({ sent }) => sent)
      expect(mostWithin(all, 1_000)).toBeLessThanOrEqual(40 + 8)
      expect(all.length).toBeGreaterThan(130)
      const each = fleet.map(({ sent }, i) => sent.length - first[i]!)
      const mean = each.reduce((sum, one) => sum + one, 0) / fleet.length
      for (const one of each) expect(Math.abs(one - mean)).toBeLessThanOrEqual(mean / 3)
    })
  )

  it.live("K4: what a process was given that dies, the others have within seconds", () =>
    Effect.gen(function* () {
      const fleet = yield* manyOf(4, { requests: { limit: 6_000, burst: 20 }, maxWait: "10 minutes" })
      const busy = yield* Effect.forEach(fleet, ({ call }) =>
        Effect.forEach([1, 2], () => Effect.fork(Effect.forever(call)))
      )
      yield* Effect.sleep("1 second")
      yield* Effect.forEach([...busy[0]!, ...busy[1]!], Fiber.interrupt)
      yield* Effect.sleep("2500 millis")
      const sent = () => fleet.slice(2).reduce((sum, { sent }) => sum + sent.length, 0)
      const before = sent()
      yield* Effect.sleep("1 second")
      // A hundred a second, and there are two left to send them.
      expect(sent() - before).toBeGreaterThanOrEqual(70)
      expect(sent() - before).toBeLessThanOrEqual(120)
      yield* Effect.forEach(busy.flat(), Fiber.interrupt)
    })
  )

  it.effect("most calls ask nobody, where there is enough", () =>
    Effect.gen(function* () {
      const quiet = yield* SharedState.makeMemoryBackend
      let commands = 0
      const count = <A, E>(command: Effect.Effect<A, E>) =>
        Effect.suspend(() => {
          commands++
          return command
        })
      const backend: SharedState.Backend = {
        ...quiet,
        read: (key) => count(quiet.read(key)),
        swap: (key, swap) => count(quiet.swap(key, swap))
      }
      const one = yield* instance(backend, { requests: { limit: 60_000 } })
      for (let second = 0; second < 5; second++) {
        for (let i = 0; i < 100; i++) {
          yield* one.call
          yield* TestClock.adjust("10 millis")
        }
      }
      expect(one.sent.length).toBe(500)
      expect(commands).toBeLessThan(10)
    })
  )

  it.effect("K3: one 429 with a hint holds the limit of all of them until then", () =>
    Effect.gen(function* () {
      const [a, b] = yield* manyOf(2, { requests: { limit: 600 }, maxWait: "10 minutes" })
      yield* b!.call
      const limited = Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(20) }))
      yield* Effect.flip(limited.pipe(a!.limit.protect("a")))
      const waiting = yield* Effect.fork(b!.call)
      yield* advance(19_000, 1_000)
      expect(b!.sent.length).toBe(1)
      yield* advance(2_000, 250)
      yield* Fiber.join(waiting)
      expect(b!.sent.length).toBe(2)
    })
  )

  it.effect("what calls have used comes out of the one limit, exactly", () =>
    Effect.gen(function* () {
      const fleet = yield* manyOf(3, { tokens: { limit: 100_000, per: "1 day" }, maxWait: 0 })
      const calls = fleet.map(({ limit }, i) =>
        Effect.succeed({ usage: { input_tokens: 100 * (i + 1), output_tokens: 50 } }).pipe(
          limit.protect("a"),
          RateLimit.withEstimate({ inputTokens: 500, outputTokens: 500 })
        )
      )
      for (let i = 0; i < 10; i++) yield* Effect.all(calls, { discard: true })
      // Of what each holds only it knows what it has used; once they are idle all of it is back.
      yield* advance(12_000, 500)
      const left = yield* fleet[0]!.limit.left("a")
      expect(left.tokens).toBeGreaterThanOrEqual(100_000 - 10 * (150 + 250 + 350))
      expect(left.tokens).toBeLessThan(100_000 - 10 * (150 + 250 + 350) + 20)
    })
  )

  it.live("a budget that does not fill again is asked for call by call, and nothing of it is lost", () =>
    Effect.gen(function* () {
      const backend = yield* SharedState.makeMemoryBackend
      const shared = SharedState.layer(Effect.succeed(backend))
      const budgets = yield* Effect.replicateEffect(
        Effect.map(
          Layer.build(SpendLimit.layer({ limit: 1, per: Duration.infinity }).pipe(Layer.provide(shared), Layer.fresh)),
          Context.get(SpendLimit.SpendLimit)
        ),
        3
      )
      const call = (budget: (typeof budgets)[number]) =>
        Effect.exit(Effect.void.pipe(budget.protect("customer 7"), RateLimit.withEstimate({ cost: 0.3 })))
      const exits = yield* Effect.forEach([...budgets, ...budgets, ...budgets], call, { concurrency: "unbounded" })
      expect(exits.filter(Exit.isSuccess).length).toBe(3)
      expect(yield* budgets[2]!.left("customer 7")).toBeCloseTo(0.1)
    }).pipe(Effect.scoped)
  )
})
