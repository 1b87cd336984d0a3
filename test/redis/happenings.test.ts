import { Context, Duration, Effect, Exit, Layer, Scope } from "effect"
import { CircuitBreaker, LlmError, RateLimit, SharedState } from "effect-resilience"
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState"
import { Redis } from "ioredis"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { address, isInstalled, redisServer } from "./server.js"

// What `bench/fleet.ts redis` does for a minute with eight processes, each for a moment with two instances in this one.

/** A machine that is busy with other tests takes longer for all of it. */
const patience = 300

const instance = (url: string) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(
      Layer.merge(CircuitBreaker.layer(), RateLimit.layer({ requests: { limit: 1_000_000 } })).pipe(
        Layer.provideMerge(RedisSharedState.layer({ url, patience })),
        Layer.fresh
      )
    )
    const breaker = Context.get(context, CircuitBreaker.CircuitBreaker)
    const limit = Context.get(context, RateLimit.RateLimit)
    return {
      breaker,
      call: (key: string, what: Effect.Effect<void, LlmError.LlmError> = Effect.void) =>
        Effect.timed(Effect.exit(what.pipe(breaker.execute({ key }), limit.protect(key)))),
      joined: Effect.map(Context.get(context, SharedState.SharedState).status, ({ joined }) => joined)
    }
  })

type Instance = Effect.Effect.Success<ReturnType<typeof instance>>

const until = (condition: Effect.Effect<boolean>): Effect.Effect<boolean> =>
  Effect.delay(condition, 20).pipe(
    Effect.repeat({ until: (is: boolean) => is }),
    Effect.timeoutTo({ duration: "15 seconds", onSuccess: () => true, onTimeout: () => false })
  )

const fails = Effect.fail(new LlmError.ServerError({}))

describe.skipIf(!isInstalled)(
  "K5: calls go on while something happens to Redis, and what is shared is again afterwards",
  () => {
    let main: Awaited<ReturnType<typeof redisServer>>
    let replica: Awaited<ReturnType<typeof redisServer>> | undefined
    let where: Awaited<ReturnType<typeof address>>
    let admin: Redis
    let scope: Scope.CloseableScope
    beforeEach(async () => {
      main = await redisServer()
      where = await address(main.port)
      admin = new Redis(main.url)
      admin.on("error", () => {})
      scope = Effect.runSync(Scope.make())
    })
    afterEach(async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      admin.disconnect()
      where.stop()
      await main.kill()
      await replica?.kill()
      replica = undefined
    })

    /** A call each 20 ms, to a target that nobody has asked yet, or that is known. */
    const calls = (one: Instance, name: string, count: number) =>
      Effect.forEach(Array.from({ length: count }), (_, i) =>
        Effect.zipLeft(one.call(i % 2 === 0 ? `${name} ${i}` : "known"), Effect.sleep(20))
      )

    const through = (happens: () => Promise<unknown>, over: () => Promise<unknown>) =>
      Effect.gen(function* () {
        const fleet = [yield* instance(where.url), yield* instance(where.url)] as const
        expect(
          yield* until(Effect.map(Effect.all(fleet.map(({ joined }) => joined)), (all) => all.every((is) => is)))
        ).toBe(true)
        const [one, other] = fleet
        yield* Effect.forEach(fleet, (each) => each.call("known"))
        // One that is open when it happens.
        for (let i = 0; i < 5; i++) yield* one.call("before", fails)
        const isOpenFor = (each: Instance, key: string) =>
          Effect.map(each.call(key), ([, exit]) => String(exit).includes("CircuitOpen"))
        expect(yield* until(isOpenFor(other, "before"))).toBe(true)

        const running = yield* Effect.fork(
          Effect.forEach(fleet, (each) => calls(each, "new", 50), { concurrency: "unbounded" })
        )
        yield* Effect.sleep(100)
        yield* Effect.promise(happens)
        yield* Effect.sleep(700)
        yield* Effect.promise(over)
        const took = (yield* running).flat()
        expect(took.length).toBe(100)
        expect(took.filter(([, exit]) => Exit.isFailure(exit))).toEqual([])
        const waited = took.map(([time]) => Duration.toMillis(time)).filter((millis) => millis >= patience - 10)
        // Once for the circuit and once for the limit, and then nobody does; a machine that is busy may do so once more.
        expect(Math.max(0, ...waited)).toBeLessThan(2 * patience + 300)
        expect(waited.length).toBeLessThanOrEqual(6)

        expect(
          yield* until(Effect.map(Effect.all(fleet.map(({ joined }) => joined)), (all) => all.every((is) => is)))
        ).toBe(true)
        for (const each of fleet) expect(yield* until(isOpenFor(each, "before"))).toBe(true)
        for (let i = 0; i < 5; i++) yield* one.call("after", fails)
        expect(yield* until(isOpenFor(other, "after"))).toBe(true)
      }).pipe(Scope.extend(scope), Effect.runPromise)

    it("it is full", { timeout: 40_000 }, () =>
      through(
        () => admin.config("SET", "maxmemory", "1"),
        () => admin.config("SET", "maxmemory", "0")
      )
    )

    it("it is flushed", { timeout: 40_000 }, () =>
      through(
        () => admin.flushall(),
        async () => {}
      )
    )

    it("it is paused (SIGSTOP)", { timeout: 40_000 }, () =>
      through(
        async () => main.pause(),
        async () => main.resume()
      )
    )

    it("it is killed (kill -9) and started again", { timeout: 40_000 }, () => through(main.kill, main.start))

    it("it fails over to its replica", { timeout: 40_000 }, async () => {
      const next = await redisServer(["--replicaof", "127.0.0.1", String(main.port)])
      replica = next
      await through(
        async () => {
          await main.kill()
          const promoted = new Redis(next.url)
          await promoted.replicaof("NO", "ONE")
          promoted.disconnect()
        },
        async () => where.leadsTo(next.port)
      )
    })
  }
)
