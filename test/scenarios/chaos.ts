/** An hour with three targets that go down in three ways, asked through a cache and a hedge by callers some of whom leave. */
import { Duration, Effect, Fiber, Layer, Random, Schema, Stream, Supervisor } from "effect"
import { Hedge, LlmError, Resilience, ResilienceEvent, ResponseCache, Telemetry } from "effect-resilience"
import { countingClock } from "effect-resilience/testing/assertions/countingClock"
import * as Simulation from "effect-resilience/testing/Simulation"

export const names = ["a", "b", "c"] as const
export const hour = 3_600_000
/** After it nobody asks any more, and what was open or parked has had its time. */
const quiet = 600_000

/** When a target is down, and in which way. */
export interface Outage {
  readonly target: number
  readonly from: number
  readonly millis: number
  readonly way: "fails" | "hangs" | "busy"
}

export interface Plan {
  readonly outages: ReadonlyArray<Outage>
  readonly seed: string
  readonly hedge: "fixed" | "quantile"
  readonly fresh: Duration.DurationInput
  readonly staleWhileRevalidate: Duration.DurationInput
}

/** One call of a caller who stayed. */
export interface Asked {
  readonly from: number
  readonly to: number
  readonly failure: unknown
  /** It was given what had been kept, since asking failed. */
  readonly stale: boolean
}

const shares = { hedges: 0.1, retries: 0.2 }

export const run = async ({ fresh, hedge, outages, seed, staleWhileRevalidate }: Plan) => {
  const asked: Array<Asked> = []
  const attempts = new Map<string, { readonly calls: Set<number>; attempts: number }>()
  const found = { hedged: 0, hedges: 0, running: 0, asleep: 0, looks: 0, fibers: 0, held: 0, probing: 0, again: 0 }

  const heard = (event: ResilienceEvent.ResilienceEvent): void => {
    if (event._tag === "HedgeStarted" && event.because === "slow") found.hedges++
    if (event._tag !== "AttemptStarted") return
    const of = attempts.get(event.target) ?? { calls: new Set(), attempts: 0 }
    of.calls.add(event.call)
    of.attempts++
    attempts.set(event.target, of)
  }

  const badAt = (target: number, at: number) =>
    outages.find((outage) => outage.target === target && at >= outage.from && at < outage.from + outage.millis)

  const upstream = (target: number) =>
    Effect.gen(function* () {
      const way = badAt(target, yield* Effect.clockWith((clock) => clock.currentTimeMillis))?.way
      if (way === "busy") return yield* new LlmError.RateLimited({ status: 429, retryAfter: Duration.seconds(20) })
      if (way === "fails") return yield* new LlmError.ServerError({ status: 500 })
      yield* way === "hangs" ? Effect.never : Effect.sleep(yield* Random.nextIntBetween(200, 4_000))
      return `answer of ${names[target]}`
    }).pipe((self) =>
      Effect.acquireUseRelease(
        Effect.sync(() => found.running++),
        () => self,
        () => Effect.sync(() => found.running--)
      )
    )

  const after = hedge === "fixed" ? "3 seconds" : Hedge.quantile(0.9, { minimumSamples: 5 })
  const target = (index: number) => {
    const name = names[index]!
    return { name, run: upstream(index).pipe(Resilience.protect(name)) }
  }
  const streamTarget = (index: number) => {
    const name = names[index]!
    return { name, run: Stream.fromEffect(upstream(index)).pipe(Resilience.protectStream(name)) }
  }
  const kept = (n: number) =>
    ({ key: `question ${n}`, schema: Schema.String, fresh, staleIfError: "1 day", staleWhileRevalidate }) as const
  const counted = Effect.sync(() => {
    found.hedged++
  })
  const value = (n: number) =>
    Effect.zipRight(counted, Hedge.across([target(0), target(1), target(2)], { after })).pipe(
      ResponseCache.through(kept(n)),
      Effect.asVoid
    )
  const stream = (n: number) =>
    Stream.unwrap(
      Effect.as(counted, Hedge.acrossStreams([streamTarget(0), streamTarget(1), streamTarget(2)], { after }))
    ).pipe(ResponseCache.throughStream(kept(n)), Stream.runDrain)

  const questions = 4
  const ways = [value, stream] as const
  const everything = Effect.forEach(ways, (ask) => Effect.forEach([0, 1, 2, 3], ask, { discard: true }))

  const ask = Effect.gen(function* () {
    const way = (yield* Random.nextBoolean) ? value : stream
    const n = yield* Random.nextIntBetween(0, questions)
    const from = yield* now
    const fiber = yield* Effect.fork(Telemetry.withTrail(way(n)))
    if ((yield* Random.next) < 0.1) {
      yield* Effect.sleep(yield* Random.nextIntBetween(100, 8_000))
      yield* Fiber.interrupt(fiber)
      return
    }
    const { exit, trail } = yield* Fiber.join(fiber)
    const stale = trail.some(({ outcome }) => outcome === "CacheStale")
    asked.push({ from, to: yield* now, failure: exit._tag === "Success" ? undefined : exit.cause, stale })
  })
  const now = Effect.clockWith((clock) => clock.currentTimeMillis)

  let inFlight = 0
  /** Of calls that end within a millisecond of each other, the second is still asleep when the first one looks. */
  let aboutToLook = 0
  const leftBehind: Array<{ readonly at: number; readonly running: number; readonly asleep: number }> = []

  /** Whenever nobody asks, nothing runs and nothing sleeps but the loop of this program. */
  const looking = (asleep: () => number) =>
    Effect.gen(function* () {
      inFlight++
      yield* ask
      inFlight--
      if (staleWhileRevalidate !== 0) return
      aboutToLook++
      yield* Effect.sleep(1)
      aboutToLook--
      if (inFlight > 0) return
      found.looks++
      if (found.running > 0 || asleep() > 1 + aboutToLook)
        leftBehind.push({ at: yield* now, running: found.running, asleep: asleep() })
    })

  /** What is left once the last of the calls is over, and those it had given up on have been interrupted. */
  const lookAround = (
    asleep: () => number,
    supervisor: Supervisor.Supervisor<Array<Fiber.RuntimeFiber<unknown, unknown>>>
  ) =>
    Effect.gen(function* () {
      yield* Effect.sleep(1)
      found.asleep = asleep()
      found.fibers = (yield* supervisor.value).length
      const { bulkhead, circuitBreaker } = yield* Resilience.Resilience
      for (const name of names) {
        const { queued, running } = yield* bulkhead.state(name)
        found.held += queued + running
        const state = yield* circuitBreaker.state(name)
        found.probing += state._tag === "HalfOpen" && state.probing ? 1 : 0
      }
    })

  const program = (asleep: () => number) =>
    Effect.gen(function* () {
      const supervisor = yield* Supervisor.track
      const hub = yield* ResilienceEvent.ResilienceEvents
      yield* hub.listen(heard)
      // Every question has been answered once before anything goes wrong.
      yield* everything
      yield* Effect.gen(function* () {
        const fibers: Array<Fiber.RuntimeFiber<unknown>> = []
        for (let at = 60_000; at < hour; at += 20_000) {
          yield* Effect.sleep(Math.max(0, at - (yield* now)))
          fibers.push(yield* Effect.fork(looking(asleep)), yield* Effect.fork(looking(asleep)))
        }
        yield* Fiber.awaitAll(fibers)
      }).pipe(Effect.supervised(supervisor))
      // A refresh in the background is nobody's call, and has its own time.
      if (staleWhileRevalidate !== 0) yield* Effect.sleep("2 minutes")
      yield* lookAround(asleep, supervisor)
      // No key is held by a call that is over: each question has its own answer again.
      yield* Effect.sleep(quiet)
      const before = found.hedged
      yield* everything
      found.again = found.hedged - before
      ended = true
    }).pipe(Effect.scoped)

  const policies = Layer.mergeAll(
    Resilience.layer({
      deadline: "1 minute",
      attemptTimeout: "20 seconds",
      retry: { maxAttempts: 2 },
      retryBudget: { share: shares.retries, minimumPerSecond: 0 },
      bulkhead: { maxConcurrent: 20, maxQueued: 20 }
    }),
    ResponseCache.layerMemory(),
    Hedge.layer({ budget: { share: shares.hedges, minimumPerSecond: 0 } })
  ).pipe(Layer.provideMerge(ResilienceEvent.layer()))

  let ended = false
  const underCount = Effect.clockWith((virtual) => {
    const { clock, sleeping } = countingClock(virtual)
    return Effect.withClock(
      program(() => sleeping().length),
      clock
    )
  })
  await Effect.runPromise(
    Simulation.virtually(
      underCount.pipe(Effect.provide(policies), Effect.withRandom(Random.make(seed)), Effect.orDie),
      3 * hour
    )
  )

  /** A target is well again after the time for which its circuit is open at most, and its probes. */
  const recovery = 120_000
  const badWithin = (target: number, from: number, to: number) =>
    outages.some((outage) => outage.target === target && outage.from < to && outage.from + outage.millis > from)
  const downThroughout = ({ from, to }: Asked) =>
    names.every((_, index) =>
      outages.some((outage) => outage.target === index && outage.from <= from && outage.from + outage.millis >= to)
    )
  return {
    ended,
    ...found,
    leftBehind,
    stale: asked.filter(({ stale }) => stale).length,
    calls: asked.length,
    unanswered: asked.filter(({ failure }) => failure !== undefined),
    /** Calls that were given what is kept although a target was well. */
    lost: asked.filter(
      ({ from, stale, to }) => stale && names.some((_, index) => !badWithin(index, from - recovery, to))
    ),
    /** Calls that nobody could have answered, and were given an answer that was not kept. */
    invented: asked.filter((call) => !call.stale && downThroughout(call) && call.to > call.from),
    overHedged: found.hedges > shares.hedges * found.hedged,
    overRetried: [...attempts].filter(([, { attempts, calls }]) => attempts - calls.size > shares.retries * calls.size)
  }
}
