import { describe, expect, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, TestClock } from "effect"
import { CircuitBreaker, LlmError, SharedState } from "effect-resilience"
import { instance, key, wayTo } from "./ways.js"

const fails = Effect.fail(new LlmError.ServerError({}))

const options: CircuitBreaker.Options = {
  tripPolicy: CircuitBreaker.consecutive(3),
  openDuration: "10 seconds",
  halfOpen: { probes: 1, successes: 1, probeTimeout: "10 minutes" }
}

const fleet = (count: number, given: CircuitBreaker.Options = options, ahead = 0) =>
  Effect.gen(function* () {
    const place = yield* SharedState.makeMemoryBackend
    const all = yield* Effect.replicateEffect(
      Effect.suspend(() => instance(wayTo(place, ahead), given)),
      count
    )
    for (const one of all) yield* one.call(Effect.void)
    return { place, all }
  })

type Instance = Effect.Effect.Success<ReturnType<typeof instance>>

const phases = (all: ReadonlyArray<Instance>) => Effect.forEach(all, ({ phase }) => phase)

const failing = (one: Instance, times = 3) => Effect.replicateEffect(one.call(fails), times)

const millis = (ms: number) => TestClock.adjust(Duration.millis(ms))

describe("a place of a probe that was taken by a change whose answer was lost", () => {
  for (const { after, what } of [
    { what: "when the change is seen to have been made", after: 0 },
    { what: "also where another one has changed the circuit before the answer was lost", after: 400 }
  ]) {
    it.scoped(`K2: is given back ${what}`, () =>
      Effect.gen(function* () {
        const { all } = yield* fleet(2)
        const [one, other] = all as [Instance, Instance]
        yield* failing(one)
        yield* millis(10_000)
        one.way.losses.push({ made: true, after })
        // It goes on alone, and its probe never ends.
        const probing = yield* Effect.fork(one.call(Effect.never))
        yield* millis(100)
        yield* Effect.scoped(other.breaker.isolate(key))
        expect(yield* phases(all)).toEqual(["HalfOpen", "HalfOpen"])
        yield* millis(5_000)
        expect(yield* other.call(Effect.succeed("probed"))).toEqual(Exit.succeed("probed"))
        expect(yield* other.phase).toBe("Closed")
        yield* Fiber.interrupt(probing)
      })
    )
  }

  it.scoped("K2: is left to whoever has it, where the change was not made", () =>
    Effect.gen(function* () {
      const { all } = yield* fleet(3)
      const [one, other, third] = all as [Instance, Instance, Instance]
      yield* failing(one)
      yield* millis(10_000)
      one.way.losses.push({ made: false, after: 0 })
      const alone = yield* Effect.fork(one.call(Effect.never))
      yield* millis(10)
      const probing = yield* Effect.fork(other.call(Effect.never))
      yield* millis(5_000)
      expect(String(yield* third.call(Effect.void))).toContain("CircuitHalfOpen")
      yield* Fiber.interruptAll([alone, probing])
    })
  )
})

describe("a circuit that opens where nobody can be told", () => {
  const apart = Effect.gen(function* () {
    const { all } = yield* fleet(2)
    const [one, other] = all as [Instance, Instance]
    one.way.answers = false
    yield* failing(one)
    expect(yield* phases(all)).toEqual(["Open", "Closed"])
    return [one, other] as const
  })

  it.scoped("K1: opens for the others once they can be told", () =>
    Effect.gen(function* () {
      const all = yield* apart
      all[0].way.answers = true
      yield* millis(5_000)
      expect(yield* phases(all)).toEqual(["Open", "Open"])
    })
  )

  it.scoped("K1: is closed by a reset that another one has made meanwhile", () =>
    Effect.gen(function* () {
      const all = yield* apart
      yield* all[1].breaker.reset(key)
      all[0].way.answers = true
      yield* millis(5_000)
      expect(yield* phases(all)).toEqual(["Closed", "Closed"])
    })
  )
})

describe("a place whose clock is another one", () => {
  const slow: CircuitBreaker.Options = {
    tripPolicy: CircuitBreaker.rate({
      size: 4,
      minimumCalls: 4,
      threshold: 1,
      slowCall: { threshold: "1 second", rate: 1 }
    }),
    openDuration: "10 minutes"
  }
  for (const ahead of [-3_600_000, 3_600_000]) {
    for (const { expected, lasts } of [
      { lasts: 1_500, expected: "Open" },
      { lasts: 500, expected: "Closed" }
    ]) {
      it.scoped(`K1: ${ahead > 0 ? "ahead" : "behind"}: calls of ${lasts} ms have lasted as long for all`, () =>
        Effect.gen(function* () {
          yield* TestClock.setTime(86_400_000)
          const { all } = yield* fleet(2, slow, ahead)
          for (const one of all) yield* one.breaker.reset(key)
          for (const one of all) {
            const calls = yield* Effect.replicateEffect(Effect.fork(one.call(Effect.sleep(lasts))), 2)
            yield* millis(lasts)
            yield* Fiber.joinAll(calls)
            yield* millis(20_000)
          }
          expect(yield* phases(all)).toEqual([expected, expected])
        })
      )
    }
  }
})

describe("a place that is flushed", () => {
  it.scoped("K5: is told of an open circuit again by whoever knows of it, with nothing else to tell", () =>
    Effect.gen(function* () {
      const { all, place } = yield* fleet(2)
      yield* failing(all[0]!)
      yield* millis(2_000)
      const { now, version } = yield* place.read(`circuit/${key}`)
      yield* place.swap(`circuit/${key}`, { expected: version, text: "", timeToLive: 0, at: now, tell: "nobody" })
      expect(String(yield* all[1]!.call(Effect.void))).toContain("CircuitOpen")
      yield* millis(1_000)
      const stranger = yield* instance(wayTo(place), options)
      expect(String(yield* stranger.call(Effect.void))).toContain("CircuitOpen")
    })
  )
})

describe("a place that answers later than calls wait", () => {
  it.scoped("K5: does not keep a circuit from closing", () =>
    Effect.gen(function* () {
      const place = yield* SharedState.makeMemoryBackend
      const started = yield* Effect.fork(
        Effect.replicateEffect(
          Effect.suspend(() => {
            const way = wayTo(place)
            way.millis = 120
            return instance(way, options, { patience: 50 })
          }),
          2
        )
      )
      yield* millis(1_000)
      const all = yield* Fiber.join(started)
      for (const one of all) {
        yield* one.call(Effect.void)
        yield* millis(1_000)
      }
      yield* failing(all[0]!)
      yield* millis(1_000)
      expect(yield* phases(all)).toEqual(["Open", "Open"])
      yield* millis(10_000)
      expect(yield* all[0]!.call(Effect.succeed("probed"))).toEqual(Exit.succeed("probed"))
      yield* millis(1_000)
      expect(yield* phases(all)).toEqual(["Closed", "Closed"])
    })
  )
})
