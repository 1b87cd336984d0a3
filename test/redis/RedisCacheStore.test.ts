import { Context, Duration, Effect, Fiber, Layer, Redacted, Schema, type Scope, Stream } from "effect"
import { Deadline, ResilienceEvent, ResponseCache } from "effect-resilience"
import * as RedisCacheStore from "effect-resilience/redis/RedisCacheStore"
import { Redis } from "ioredis"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { freePort, isInstalled, redisServer } from "./server.js"

/** One process: a cache of its own over the shared Redis. */
const inProcess = <A, E>(url: string, run: Effect.Effect<A, E, ResponseCache.ResponseCache>) =>
  Effect.runPromise(
    Effect.provide(run, ResponseCache.layer().pipe(Layer.provide(RedisCacheStore.layer({ url })), Layer.fresh))
  )

const counted = () => {
  let calls = 0
  return { run: Effect.sync(() => `answer ${++calls}`), calls: () => calls }
}

const options = (key: string) => ({ key, schema: Schema.String })

describe.skipIf(!isInstalled)("RedisCacheStore", () => {
  let server: Awaited<ReturnType<typeof redisServer>>
  beforeAll(async () => {
    server = await redisServer()
  })
  afterAll(() => server?.kill())

  it("one process finds what another has kept, values and streams", async () => {
    const up = counted()
    const call = up.run.pipe(ResponseCache.through(options("shared")))
    expect(await inProcess(server.url, call)).toBe("answer 1")
    expect(await inProcess(server.url, call)).toBe("answer 1")
    expect(up.calls()).toBe(1)
    const stream = Stream.fromEffect(up.run).pipe(ResponseCache.throughStream(options("shared")), Stream.runCollect)
    expect([...(await inProcess(server.url, stream))]).toEqual(["answer 2"])
    expect([...(await inProcess(server.url, stream))]).toEqual(["answer 2"])
  })

  it("Redis forgets an entry when its time is up, and holds no more than a hash for a key", async () => {
    const client = new Redis(server.url)
    const store = RedisCacheStore.fromClient(client, { prefix: "t:" })
    await Effect.runPromise(store.set("a", "text", Duration.millis(50)))
    await Effect.runPromise(store.set("b", "text", Duration.infinity))
    await Effect.runPromise(store.set("c", "text", Duration.zero))
    const ttl = await client.pttl("t:a")
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(50)
    expect(await client.pttl("t:b")).toBe(-1)
    expect(await Effect.runPromise(store.get("c"))).toBeUndefined()
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(await Effect.runPromise(store.get("a"))).toBeUndefined()
    await Effect.runPromise(store.remove("b"))
    expect(await client.keys("t:*")).toEqual([])

    await inProcess(server.url, Effect.succeed("a").pipe(ResponseCache.through(options(ResponseCache.keyOf("secret")))))
    expect((await client.keys("*")).filter((key) => key.includes("secret"))).toEqual([])
    client.disconnect()
  })

  describe("K7: calls of several processes that are one", () => {
    /** Processes with caches of their own, each in a scope of its own. */
    const processes = (count: number, coalesceFor: Duration.DurationInput = "1 second") =>
      Effect.replicateEffect(
        Effect.map(
          Layer.build(
            ResponseCache.layer().pipe(
              Layer.provide(RedisCacheStore.layer({ url: server.url, coalesceFor, prefix: "one:" })),
              Layer.fresh
            )
          ),
          Context.get(ResponseCache.ResponseCache)
        ),
        count
      )
    const slow = () => {
      let calls = 0
      return {
        run: Effect.suspend(() => Effect.delay(Effect.succeed(`answer ${++calls}`), 300)),
        calls: () => calls
      }
    }
    const scoped = <A, E>(program: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(program))

    it("one of them asks, and the others have its answer", () =>
      scoped(
        Effect.gen(function* () {
          const caches = yield* processes(4)
          const up = slow()
          const answers = yield* Effect.forEach(caches, (cache) => cache.through(up.run, options("four")), {
            concurrency: "unbounded"
          })
          expect(answers.map(({ value }) => value)).toEqual(Array(4).fill("answer 1"))
          expect(up.calls()).toBe(1)
          const client = new Redis(server.url)
          expect(yield* Effect.promise(() => client.keys("one:turn:*"))).toEqual([])
          client.disconnect()
        })
      ))

    it("a call that takes longer than the lease is still one", () =>
      scoped(
        Effect.gen(function* () {
          const caches = yield* processes(3, "150 millis")
          const up = slow()
          yield* Effect.forEach(caches, (cache) => cache.through(up.run, options("long")), { concurrency: "unbounded" })
          expect(up.calls()).toBe(1)
        })
      ))

    it("where whoever asks fails, leaves or dies, another one takes its turn", () =>
      scoped(
        Effect.gen(function* () {
          const [a, b, c] = yield* processes(3, "400 millis")
          const up = slow()
          const leaves = yield* Effect.fork(a!.through(Effect.never as Effect.Effect<string>, options("leaves")))
          yield* Effect.sleep("50 millis")
          const waits = yield* Effect.fork(b!.through(up.run, options("leaves")))
          yield* Effect.sleep("50 millis")
          expect(up.calls()).toBe(0)
          // Should its holder die, it ends by itself.
          const client = new Redis(server.url)
          const ends = yield* Effect.promise(() => client.pttl("one:turn:leaves"))
          expect(ends).toBeGreaterThan(0)
          expect(ends).toBeLessThanOrEqual(400)
          yield* Fiber.interrupt(leaves)
          expect((yield* Fiber.join(waits)).value).toBe("answer 1")

          // Somebody who never says anything again.
          yield* Effect.promise(() => client.set("one:turn:dead", "nobody", "PX", 400))
          const from = performance.now()
          expect((yield* c!.through(up.run, options("dead"))).value).toBe("answer 2")
          expect(performance.now() - from).toBeGreaterThanOrEqual(300)
          client.disconnect()
        })
      ))

    it("nobody waits for longer than its own deadline", () =>
      scoped(
        Effect.gen(function* () {
          const [a, b] = yield* processes(2, "1 minute")
          const held = yield* Effect.fork(a!.through(Effect.never as Effect.Effect<string>, options("late")))
          yield* Effect.sleep("50 millis")
          const late = b!.through(Effect.succeed("mine"), options("late")).pipe(Deadline.within("200 millis"))
          expect((yield* Effect.flip(late))._tag).toBe("DeadlineExceeded")
          yield* Fiber.interrupt(held)
        })
      ))
  })

  it("killing Redis in mid-run loses no call, and it is used again once it is back", async () => {
    const up = counted()
    const failed: Array<number> = []
    const run = Effect.gen(function* () {
      const events = yield* ResilienceEvent.subscribe
      const took: Array<number> = []
      for (let i = 0; i < 60; i++) {
        if (i === 20) yield* Effect.promise(server.kill)
        if (i === 40) {
          yield* Effect.promise(server.start)
          // The store is left alone for a second, and the connection comes back by itself.
          yield* Effect.sleep("2500 millis")
        }
        const [time, answer] = yield* Effect.timed(up.run.pipe(ResponseCache.through(options(`run ${i % 5}`))))
        took.push(Duration.toMillis(time))
        expect(answer).toMatch(/^answer/)
      }
      for (const event of yield* events.takeAll) if (event._tag === "StoreFailed") failed.push(event.at)
      return took
    })
    const took = await Effect.runPromise(
      run.pipe(
        Effect.scoped,
        Effect.provide(ResponseCache.layer().pipe(Layer.provide(RedisCacheStore.layer({ url: server.url })))),
        Effect.provide(ResilienceEvent.layer())
      )
    )
    expect(took.length).toBe(60)
    expect(Math.max(...took)).toBeLessThan(500)
    expect(failed.length).toBeGreaterThan(0)
    // Five before the kill, each of the twenty while it was away, and five after it.
    expect(up.calls()).toBe(5 + 20 + 5)
  }, 20_000)

  it("a Redis that hangs keeps a call for the store's timeout and no longer", async () => {
    const up = counted()
    const run = Effect.gen(function* () {
      yield* up.run.pipe(ResponseCache.through(options("hangs")))
      server.pause()
      const [time, answer] = yield* Effect.timed(up.run.pipe(ResponseCache.through(options("hangs"))))
      server.resume()
      expect(answer).toBe("answer 2")
      return Duration.toMillis(time)
    })
    const took = await inProcess(server.url, run)
    expect(took).toBeGreaterThanOrEqual(240)
    expect(took).toBeLessThan(1_000)
  })

  it("a program starts without Redis, and works", async () => {
    const url = `redis://127.0.0.1:${await freePort()}`
    const up = counted()
    const call = up.run.pipe(ResponseCache.through(options("away")))
    expect(await inProcess(url, Effect.all([call, call]))).toEqual(["answer 1", "answer 2"])
  })

  it("takes its address from the configuration, as a secret", async () => {
    const store = RedisCacheStore.layer({ url: Redacted.make(server.url), prefix: "s:" })
    const program = Effect.flatMap(ResponseCache.ResponseCacheStore, (store) =>
      Effect.zipRight(store.set("k", "v", Duration.minutes(1)), store.get("k"))
    )
    expect(await Effect.runPromise(Effect.provide(program, store))).toBe("v")
  })
})
