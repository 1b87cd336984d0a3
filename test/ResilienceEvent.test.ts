import { describe, expect, it } from "@effect/vitest"
import { Cause, Chunk, Effect, Exit, FastCheck, Fiber, Layer, Logger, Queue, Scope, Stream, TestClock } from "effect"
import { LlmError, Resilience, ResilienceEvent } from "effect-resilience"

const event = (at: number) =>
  ResilienceEvent.ResilienceEvent.CircuitChanged({ at, target: "a", from: "closed", to: "open" })

const times = (events: Chunk.Chunk<ResilienceEvent.ResilienceEvent>): ReadonlyArray<number> =>
  Chunk.toReadonlyArray(events).map(({ at }) => at)

const publish = (hub: ResilienceEvent.Hub, from: number, to: number) =>
  Effect.sync(() => {
    for (let at = from; at <= to; at++) hub.publish(event(at))
  })

const withHub = <A, E>(capacity: number, use: (hub: ResilienceEvent.Hub) => Effect.Effect<A, E, Scope.Scope>) =>
  Effect.flatMap(ResilienceEvent.ResilienceEvents, use).pipe(
    Effect.scoped,
    Effect.provide(ResilienceEvent.layer({ capacity }))
  )

describe("the hub", () => {
  it.effect("O4: a reader that falls behind loses the oldest events and has the newest", () =>
    withHub(4, (hub) =>
      Effect.gen(function* () {
        const reader = yield* hub.subscribe
        yield* publish(hub, 0, 9)
        expect(times(yield* Queue.takeAll(reader))).toEqual([6, 7, 8, 9])
        yield* publish(hub, 10, 11)
        expect(times(yield* Queue.takeAll(reader))).toEqual([10, 11])
      })
    )
  )

  it.effect("O4: a reader that has fallen behind costs the others nothing", () =>
    withHub(4, (hub) =>
      Effect.gen(function* () {
        const stuck = yield* hub.subscribe
        const seen: Array<number> = []
        const quick = yield* hub.subscribe
        for (let at = 0; at < 20; at++) {
          yield* publish(hub, at, at)
          seen.push((yield* Queue.take(quick)).at)
        }
        expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at))
        expect(times(yield* Queue.takeAll(stuck))).toEqual([16, 17, 18, 19])
      })
    )
  )

  it.effect("O4: a listener hears every event as it is published, and what it throws is heard by nobody", () =>
    withHub(1, (hub) =>
      Effect.gen(function* () {
        const heard: Array<number> = []
        const listening = yield* Scope.make()
        yield* Scope.extend(
          hub.listen(({ at }) => {
            throw new Error(`no room for ${at}`)
          }),
          listening
        )
        yield* Scope.extend(
          hub.listen(({ at }) => void heard.push(at)),
          listening
        )
        expect(hub.listening()).toBe(true)
        yield* publish(hub, 0, 9)
        yield* Scope.close(listening, Exit.void)
        expect(hub.listening()).toBe(false)
        yield* publish(hub, 10, 11)
        expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      })
    )
  )

  it("O4: whatever is published and read, a reader has the newest `capacity` events of those it has not read", () =>
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 1, max: 5 }),
        FastCheck.array(FastCheck.integer({ min: -3, max: 12 }), { maxLength: 12 }),
        (capacity, steps) => {
          const unread: Array<number> = []
          let now = 0
          Effect.runSync(
            withHub(capacity, (hub) =>
              Effect.gen(function* () {
                const reader = yield* hub.subscribe
                for (const step of steps) {
                  if (step > 0) {
                    yield* publish(hub, now + 1, now + step)
                    for (let i = 0; i < step; i++) unread.push(++now)
                    unread.splice(0, unread.length - capacity)
                  } else {
                    expect(times(yield* Queue.takeUpTo(reader, -step))).toEqual(unread.splice(0, -step))
                  }
                }
                expect(times(yield* Queue.takeAll(reader))).toEqual(unread)
              })
            )
          )
        }
      )
    ))

  it.effect("wakes a reader that waits, in the order of publishing", () =>
    withHub(4, (hub) =>
      Effect.gen(function* () {
        const reader = yield* hub.subscribe
        const waiting = yield* Effect.fork(Effect.all([Queue.take(reader), Queue.take(reader), Queue.take(reader)]))
        yield* Effect.yieldNow()
        yield* publish(hub, 0, 2)
        expect((yield* Fiber.join(waiting)).map(({ at }) => at)).toEqual([0, 1, 2])
      })
    )
  )

  it.effect("nobody listens before the first reader and after the last one, however they leave", () =>
    withHub(4, (hub) =>
      Effect.gen(function* () {
        expect(hub.listening()).toBe(false)
        const scope = yield* Scope.make()
        const first = yield* Scope.extend(hub.subscribe, scope)
        const second = yield* hub.subscribe
        expect(hub.listening()).toBe(true)
        yield* Scope.close(scope, Exit.void)
        expect(yield* Queue.isShutdown(first)).toBe(true)
        expect(hub.listening()).toBe(true)
        yield* publish(hub, 0, 0)
        expect(times(yield* Queue.takeAll(second))).toEqual([0])
        yield* Queue.shutdown(second)
        yield* publish(hub, 1, 1)
        expect(hub.listening()).toBe(false)
      })
    )
  )

  it.effect("publishing after the hub has been closed does nothing, and its readers end", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { hub, reader } = yield* withHub(4, (hub) =>
        Effect.map(Scope.extend(hub.subscribe, scope), (reader) => ({ hub, reader }))
      )
      yield* publish(hub, 0, 0)
      expect(hub.listening()).toBe(false)
      expect(Exit.isInterrupted(yield* Effect.exit(Queue.take(reader)))).toBe(true)
    })
  )

  it.effect("without a hub nothing is published, and a reader waits", () =>
    Effect.gen(function* () {
      const hub = yield* ResilienceEvent.ResilienceEvents
      const reader = yield* ResilienceEvent.subscribe
      expect(hub.listening()).toBe(false)
      hub.publish(event(0))
      expect(yield* Queue.size(reader)).toBe(0)
    }).pipe(Effect.scoped)
  )

  it("a capacity that makes no sense is told by name", () => {
    for (const capacity of [0, -1, 1.5, Number.NaN]) {
      const exit = Effect.runSyncExit(withHub(capacity, () => Effect.void))
      expect(String(Exit.isFailure(exit) && Cause.squash(exit.cause))).toContain(
        `ResilienceEvent.layer: capacity is ${capacity}, and has to be a whole number of events, at least 1`
      )
    }
  })
})

const target = "acme/large"
const down = Effect.fail(new LlmError.ServerError({ target, status: 500 }))
const calls = (n: number) => Effect.replicateEffect(Effect.exit(Resilience.protect(down, target)), n)

describe("listeners", () => {
  const policies = (capacity: number) =>
    Resilience.layer({ retry: false, circuitBreaker: false }).pipe(
      Layer.provideMerge(ResilienceEvent.layer({ capacity }))
    )

  it.effect("O4: a listener that fails or dies in the middle of a call leaves the calls as they are", () =>
    Effect.gen(function* () {
      const listen = (end: Effect.Effect<void, string>) =>
        Effect.forkScoped(Effect.exit(Stream.runForEach(ResilienceEvent.stream, () => end)))
      const failing = yield* listen(Effect.fail("the listener's own"))
      const dying = yield* listen(Effect.die("its bug"))
      yield* TestClock.adjust(0)
      const exits = yield* calls(3)
      for (const exit of exits) expect(exit).toEqual(yield* Effect.exit(down))
      expect(yield* Fiber.join(failing)).toEqual(Exit.fail("the listener's own"))
      expect(Exit.isFailure(yield* Fiber.join(dying))).toBe(true)
      expect((yield* ResilienceEvent.ResilienceEvents).listening()).toBe(false)
    }).pipe(Effect.scoped, Effect.provide(policies(1024)))
  )

  it.effect("O4: a listener that is stuck does not hold a call up, and has the newest events when it comes back", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const listening = yield* Effect.forkScoped(
        Stream.runForEach(ResilienceEvent.stream, (event) =>
          Effect.andThen(
            Effect.sync(() => seen.push(event._tag)),
            Effect.sleep("1 hour")
          )
        )
      )
      yield* TestClock.adjust(0)
      yield* calls(100)
      expect((yield* Effect.clock).unsafeCurrentTimeMillis()).toBe(0)
      yield* TestClock.adjust("10 hours")
      expect(seen.slice(-4)).toEqual(["CallFailed", "AttemptStarted", "AttemptFailed", "CallFailed"])
      yield* Fiber.interrupt(listening)
    }).pipe(Effect.scoped, Effect.provide(policies(4)))
  )
})

describe("a reader to whom no events can come", () => {
  const warnings = (program: (self: Effect.Effect<unknown, never, Scope.Scope>) => Effect.Effect<unknown>) =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void said.push(`${logLevel.label} ${message}`))
      yield* program(ResilienceEvent.subscribe).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
      return said
    })
  const within = (self: Effect.Effect<unknown, never, Scope.Scope>) => Effect.scoped(self)

  it.effect("is told that there is no hub", () =>
    Effect.gen(function* () {
      expect(yield* warnings(within)).toEqual([
        "WARN No events will come: ResilienceEvent.layer is not provided to their reader"
      ])
    })
  )

  it.effect("is told that the policies were made without its hub", () =>
    Effect.gen(function* () {
      const said = yield* warnings((read) =>
        within(read).pipe(Effect.provide(ResilienceEvent.layer()), Effect.provide(Resilience.layer()))
      )
      expect(said).toHaveLength(1)
      expect(said[0]).toContain("its layer was made without this ResilienceEvent.layer")
    })
  )

  it.effect("and hears nothing of it where all is well", () =>
    Effect.gen(function* () {
      expect(
        yield* warnings((read) =>
          within(read).pipe(Effect.provide(Resilience.layer()), Effect.provide(ResilienceEvent.layer()))
        )
      ).toEqual([])
      expect(yield* warnings((read) => within(read).pipe(Effect.provide(ResilienceEvent.layer())))).toEqual([])
    })
  )
})
