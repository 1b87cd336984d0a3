/** Waits for a target while the others of its walk would let nobody in: giving up then gains nothing. */

import { describe, expect, it } from "@effect/vitest"
import { Array as Arr, Chunk, Clock, Duration, Effect, Exit, Layer, Stream, TestClock } from "effect"
import { CircuitBreaker, Deadline, Fallback, LlmError, Resilience } from "effect-resilience"
import { freeIn, type Waiting } from "../src/internal/breaker/waiting.js"
import { target, toEnd } from "./targets.js"

type Asked = Effect.Effect.Success<ReturnType<typeof target<string, unknown>>>

const limited = (seconds: number) => new LlmError.RateLimited({ retryAfter: Duration.seconds(seconds) })

/** Answers once so many seconds have passed, and says until then that it will. */
const answersFrom = (seconds: number) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now < seconds * 1_000 ? Effect.fail(limited(seconds - now / 1_000)) : Effect.succeed("a")
  )

const park = (name: string, seconds: number) =>
  Effect.exit(Resilience.protect(Effect.fail(limited(seconds)), name, { retry: false }))

const circuits = Effect.map(Resilience.Resilience, ({ circuitBreaker }) => circuitBreaker)

const walks = {
  effects: (targets: ReadonlyArray<Asked>) =>
    Fallback.firstOf(Arr.map(targets, ({ name, run }) => ({ name, run: Resilience.protect(run, name) })) as never),
  streams: (targets: ReadonlyArray<Asked>) =>
    Effect.map(
      Stream.runCollect(
        Fallback.firstStreamOf(
          Arr.map(targets, ({ name, run }) => ({
            name,
            run: Resilience.protectStream(Stream.fromEffect(run), name, {})
          })) as never
        )
      ),
      Chunk.unsafeHead
    )
} as unknown as Readonly<
  Record<string, (targets: ReadonlyArray<Asked>) => Effect.Effect<unknown, unknown, Resilience.Resilience>>
>

const policies = (options: Resilience.Options = {}) => Resilience.layer({ retry: { jitter: "none" }, ...options })

for (const [form, walk] of Object.entries(walks)) {
  describe(`waits of ${form} where no other target lets anybody in`, () => {
    for (const counts of ["attempts", "calls"] as const) {
      it.effect(`R18: a hint is waited for while the others are open or held, with circuits that count ${counts}`, () =>
        Effect.gen(function* () {
          const breaker = yield* circuits
          const [a, b, c] = yield* Effect.all([
            target("a", answersFrom(45)),
            target("b", Effect.succeed("b")),
            target("c", Effect.succeed("c"))
          ])
          yield* breaker.open("b", "10 minutes")
          yield* breaker.isolate("c")
          expect(yield* toEnd(walk([a, b, c]))).toEqual({ exit: Exit.succeed("a"), took: 45_000 })
          expect(yield* a.asked).toEqual([0, 45_000])
        }).pipe(Effect.scoped, Effect.provide(policies({ circuitBreaker: { counts } })))
      )
    }

    it.effect("R18: one that is ready is enough for the patience to hold", () =>
      Effect.gen(function* () {
        const [a, b, c] = yield* Effect.all([
          target("a", answersFrom(45)),
          target("b", Effect.succeed("b")),
          target("c", Effect.succeed("c"))
        ])
        yield* Effect.flatMap(circuits, (breaker) => breaker.open("b", "10 minutes"))
        expect(yield* toEnd(walk([a, b, c]))).toEqual({ exit: Exit.succeed("c"), took: 0 })
      }).pipe(Effect.provide(policies()))
    )

    it.effect("R18: of targets that are all parked the one is waited for that is free first", () =>
      Effect.gen(function* () {
        const [a, b] = yield* Effect.all([target("a", Effect.succeed("a")), target("b", Effect.succeed("b"))])
        yield* park("a", 2)
        yield* park("b", 50)
        const first = yield* toEnd(walk([a, b]))
        expect(first.exit).toEqual(Exit.succeed("a"))
        expect(first.took).toBeGreaterThanOrEqual(2_000)
        expect(first.took).toBeLessThan(2_200)
        yield* park("a", 50)
        yield* park("b", 20)
        const second = yield* toEnd(walk([a, b]))
        expect(second.exit).toEqual(Exit.succeed("b"))
        expect(second.took).toBeGreaterThanOrEqual(20_000)
        expect(second.took).toBeLessThan(22_000)
      }).pipe(Effect.provide(policies()))
    )

    it.effect("R18: a fresh hint is waited for if it is over before another target's parking", () =>
      Effect.gen(function* () {
        const [a, b] = yield* Effect.all([target("a", answersFrom(30)), target("b", Effect.succeed("b"))])
        yield* park("b", 50)
        expect(yield* toEnd(walk([a, b]))).toEqual({ exit: Exit.succeed("a"), took: 30_000 })
      }).pipe(Effect.provide(policies()))
    )

    it.effect("R18: while somebody else probes the other target, a hint is waited for", () =>
      Effect.gen(function* () {
        const breaker = yield* circuits
        const [a, b] = yield* Effect.all([target("a", answersFrom(25)), target("b", Effect.succeed("b"))])
        yield* breaker.open("b", 1)
        yield* TestClock.adjust(1)
        yield* Effect.forkScoped(Resilience.protect(Effect.never, "b"))
        yield* Effect.yieldNow()
        expect((yield* breaker.state("b"))._tag).toBe("HalfOpen")
        expect((yield* toEnd(walk([a, b]))).exit).toEqual(Exit.succeed("a"))
        expect(yield* b.asked).toEqual([])
      }).pipe(Effect.scoped, Effect.provide(policies()))
    )

    it.effect("the deadline is not shared with targets that let nobody in", () =>
      Effect.gen(function* () {
        const breaker = yield* circuits
        const slow = yield* target("a", Effect.delay(Effect.succeed("a"), "20 seconds"))
        const b = yield* target("b", Effect.succeed("b"))
        yield* breaker.open("b", "10 minutes")
        expect(yield* toEnd(walk([slow, b]))).toEqual({ exit: Exit.succeed("a"), took: 20_000 })
        yield* breaker.open("b", "10 minutes")
        const within = Deadline.within(walk([slow, b]), "30 seconds")
        expect(yield* toEnd(within)).toEqual({ exit: Exit.succeed("a"), took: 20_000 })
        yield* breaker.reset("b")
        expect((yield* toEnd(walk([slow, b]))).exit).toEqual(Exit.succeed("b"))
      }).pipe(Effect.provide(policies({ deadline: "30 seconds" })))
    )
  })
}

describe("when another target lets a call in", () => {
  const waiting: Waiting = { whenOpen: "reject", whenParked: "wait", maxWait: 60_000, stagger: undefined }
  const infinite = Number.POSITIVE_INFINITY
  const circuit = (phase: object, parkedUntil = 0, isolations = 0) =>
    ({
      generation: 1,
      phase,
      parking: parkedUntil === 0 ? undefined : { since: 0, until: parkedUntil, asked: parkedUntil, nextFinder: 1 },
      isolations
    }) as never
  const closed = { _tag: "Closed" }
  const open = { _tag: "Open", since: 0, until: 9_000 }
  const probed = { _tag: "HalfOpen", leases: [{ id: 1, since: 0, expiresAt: 5_000 }] }

  it("R18: now, in its time, or not at all, where it would be rejected", () => {
    const table: ReadonlyArray<readonly [ReturnType<typeof circuit> | undefined, Partial<Waiting>, number]> = [
      [undefined, {}, 0],
      [circuit(closed), {}, 0],
      [circuit(closed, 7_000), {}, 6_000],
      [circuit(closed, 7_000), { whenParked: "reject" }, infinite],
      [circuit(closed, 90_000), {}, infinite],
      [circuit(closed, 0, 1), { whenOpen: "wait" }, infinite],
      [circuit(open), {}, infinite],
      [circuit(open), { whenOpen: "wait" }, 8_000],
      [circuit(open, 20_000), { whenOpen: "wait" }, 19_000],
      [circuit(probed), {}, infinite],
      [circuit(probed), { whenOpen: "wait" }, 0]
    ]
    for (const [kept, own, expected] of table) expect(freeIn(kept, 1, { ...waiting, ...own }, 1_000)).toBe(expected)
    expect(freeIn(circuit(probed), 2, waiting, 1_000)).toBe(0)
    expect(freeIn(circuit(probed), 1, waiting, 6_000)).toBe(0)
  })
})

describe("a circuit by itself", () => {
  it.effect("R18: waits before its own parked target as long as the others are parked for longer", () =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.CircuitBreaker
      const told = (key: string, seconds: number) =>
        Effect.exit(breaker.execute(Effect.fail(limited(seconds)), { key }))
      yield* told("a", 3)
      yield* told("b", 30)
      const run = (name: string) => ({ name, run: breaker.execute(Effect.succeed(name), { key: name }) })
      const { exit, took } = yield* toEnd(Fallback.firstOf([run("a"), run("b")]))
      expect(exit).toEqual(Exit.succeed("a"))
      expect(took).toBeLessThan(3_400)
    }).pipe(Effect.provide(Layer.fresh(CircuitBreaker.layerMemory())))
  )
})
