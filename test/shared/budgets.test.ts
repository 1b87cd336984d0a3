import { describe, expect, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Random, Scope } from "effect"
import { LlmError, Resilience, RetryBudget, SharedState } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { type Place, place } from "./instances.js"

const inVirtualTime = <A, E>(program: Effect.Effect<A, E>) =>
  // The same chance each time.
  Effect.map(Effect.withRandom(Simulation.virtually(program, "1 day"), Random.make(1)), (result) =>
    expect(result).toBe(true)
  )

const instance = ({ backend }: Place, options: RetryBudget.Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.build(
      RetryBudget.layer(options).pipe(Layer.provide(SharedState.layer(Effect.succeed(backend))), Layer.fresh)
    ).pipe(Scope.extend(scope))
    const budget = Context.get(context, RetryBudget.RetryBudget)
    return {
      available: budget.available("a"),
      /** So many calls, of which each wants to be sent again; how many were. */
      failing: (count: number) =>
        Effect.map(
          Effect.replicateEffect(Effect.zipRight(budget.deposit("a"), budget.take("a")), count),
          (took) => took.filter((may) => may).length
        ),
      calls: (count: number) => Effect.replicateEffect(budget.deposit("a"), count),
      take: budget.take("a"),
      giveBack: budget.giveBack("a"),
      stop: Scope.close(scope, Exit.void)
    }
  })

const fleetOf = (count: number, options: RetryBudget.Options) =>
  Effect.gen(function* () {
    const where = yield* place
    return { where, fleet: yield* Effect.replicateEffect(instance(where, options), count) }
  })

const sum = (numbers: ReadonlyArray<number>) => numbers.reduce((all, one) => all + one, 0)

describe("a retry budget of a fleet", () => {
  it.live("is one for all: in an outage all together send a share of their calls again, and what time adds", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(4, { share: 0.1, minimumPerSecond: 1, burst: 20 })
      let retries = 0
      for (let second = 0; second < 50; second++) {
        retries += sum(yield* Effect.forEach(fleet, ({ failing }) => failing(5), { concurrency: "unbounded" }))
        yield* Effect.sleep("1 second")
      }
      // 1 000 calls, fifty seconds, and what a new budget holds; four budgets would have sent 150 more.
      const most = 1_000 * 0.1 + 50 + 1
      expect(retries).toBeLessThanOrEqual(most)
      expect(retries).toBeGreaterThanOrEqual(most - 4 * 2)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("what is saved up is there once for all, and the calls of one are worth a retry of another", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(4, { share: 0.1, minimumPerSecond: 0, burst: 20 })
      const [one, other] = fleet
      expect(yield* other!.take).toBe(false)
      // Ten times as many as there is room for.
      for (let i = 0; i < 20; i++) yield* Effect.zipRight(one!.calls(100), Effect.sleep("1 second"))
      yield* Effect.sleep("20 seconds")
      const took = yield* Effect.replicateEffect(other!.take, 30)
      expect(took.filter((may) => may).length).toBe(20)
      expect(sum(yield* Effect.forEach(fleet, ({ failing }) => failing(9)))).toBeLessThanOrEqual(3)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("what was not sent after all is there for another one", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(2, { share: 0, minimumPerSecond: 0.001, burst: 1 })
      const [one, other] = fleet
      yield* Effect.sleep("20 minutes")
      yield* one!.take
      yield* Effect.sleep("20 minutes")
      expect(yield* one!.take).toBe(true)
      expect(yield* other!.take).toBe(false)
      yield* one!.giveBack
      yield* Effect.sleep("10 seconds")
      expect(yield* other!.take).toBe(true)
      expect(yield* other!.available).toBe(0)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("calls to a healthy target tell nobody once the budget is full", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(2, { share: 0.1, minimumPerSecond: 1, burst: 20 })
      const minute = Effect.replicateEffect(
        Effect.zipRight(
          Effect.forEach(fleet, ({ calls }) => calls(10)),
          Effect.sleep("1 second")
        ),
        60
      )
      yield* minute
      where.commands = 0
      yield* minute
      expect(where.commands).toBe(0)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("with nobody to ask each keeps to its part, and no retry waits for it twice", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(4, { share: 0, minimumPerSecond: 4, burst: 40 })
      // All use it, and each hears of the others.
      for (let second = 0; second < 10; second++) {
        yield* Effect.forEach(fleet, ({ take }) => take)
        yield* Effect.sleep("1 second")
      }
      where.answers = false
      yield* Effect.sleep("1 second")
      let took = 0
      for (let second = 0; second < 30; second++) {
        const [time, all] = yield* Effect.timed(
          Effect.forEach(fleet, ({ take }) => Effect.replicateEffect(take, 20), { concurrency: "unbounded" })
        )
        if (second > 0) expect(time).toEqual((yield* Effect.timed(Effect.void))[0])
        took += sum(all.map((of) => of.filter((may) => may).length))
        yield* Effect.sleep("1 second")
      }
      expect(took).toBeLessThanOrEqual(40 + 30 * 4 + 4)
      expect(took).toBeGreaterThanOrEqual(30 * 4 * 0.8)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("a flush hands out no retries", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(2, { share: 0.1, minimumPerSecond: 0, burst: 100 })
      yield* fleet[0]!.calls(50)
      yield* Effect.sleep("10 seconds")
      yield* where.erase
      expect(yield* fleet[1]!.take).toBe(false)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("the budget of Resilience is that of the fleet", () =>
    Effect.gen(function* () {
      const where = yield* place
      const policies = Layer.fresh(
        Resilience.layer({
          retry: { maxAttempts: 2, initialDelay: 0 },
          retryBudget: { share: 0, minimumPerSecond: 1, burst: 1 }
        }).pipe(Layer.provide(SharedState.layer(Effect.succeed(where.backend))))
      )
      const sent = yield* Effect.replicateEffect(
        Effect.scoped(
          Effect.gen(function* () {
            const context = yield* Layer.build(policies)
            let calls = 0
            yield* Effect.suspend(() => {
              calls++
              return Effect.fail(new LlmError.ServerError({}))
            }).pipe(Resilience.protect("a"), Effect.ignore, Effect.provide(context))
            return calls
          })
        ),
        3
      )
      expect(sum(sent)).toBe(3 + 1)
      return true
    }).pipe(inVirtualTime)
  )
})
