import { describe, expect, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Random } from "effect"
import { LlmError, RateLimit, SharedState, SpendLimit } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { limited, mostWithin, place, unfairness } from "./instances.js"

const fleetOf = (count: number, options: RateLimit.Options, shared?: SharedState.Options) =>
  Effect.gen(function* () {
    const where = yield* place
    return { where, fleet: yield* Effect.replicateEffect(limited(where.backend, options, shared), count) }
  })

const inVirtualTime = <A, E>(program: Effect.Effect<A, E>) =>
  // The same chance each time.
  Effect.map(Effect.withRandom(Simulation.virtually(program, "1 day"), Random.make(1)), (result) =>
    expect(result).toBeDefined()
  )

/** 600 a minute, and eight who always have four calls to send. */
const aMinute = { requests: { limit: 600, burst: 60 }, maxWait: "10 minutes" } as const

describe("a limit of a fleet", () => {
  it.live("K4: 600 a minute are that for all together, and each gets its part", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(8, aMinute)
      yield* Effect.forEach(fleet, ({ press }) => press(4))
      yield* Effect.sleep("10 seconds")
      // What was saved up goes to whoever comes first.
      const first = fleet.map(({ sent }) => sent.length)
      yield* Effect.sleep("1 minute")
      const all = fleet.flatMap(({ sent }) => sent)
      expect(mostWithin(all, 60_000)).toBeLessThanOrEqual(600 + 60)
      expect(mostWithin(all, 1_000)).toBeLessThanOrEqual(10 + 60)
      const each = fleet.map(({ sent }, i) => sent.length - first[i]!)
      expect(each.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(600 * 0.98)
      expect(unfairness(each)).toBeLessThanOrEqual(0.1)
      expect(where.commands).toBeGreaterThan(0)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("K4: so they are where every answer takes longer than a call waits", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(8, aMinute)
      yield* Effect.forEach(fleet, ({ press }) => press(4))
      yield* Effect.sleep("10 seconds")
      where.millis = () => 120
      const first = fleet.map(({ sent }) => sent.length)
      yield* Effect.sleep("1 minute")
      const all = fleet.flatMap(({ sent }) => sent)
      // What each used in the time of an answer comes on top: a call.
      expect(mostWithin(all, 60_000)).toBeLessThanOrEqual(600 + 60 + 8)
      const each = fleet.map(({ sent }, i) => sent.length - first[i]!)
      expect(each.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(600 * 0.98)
      expect(unfairness(each)).toBeLessThanOrEqual(0.1)
      return true
    }).pipe(inVirtualTime)
  )

  it.live(
    "K4: so they are where answers take now less and now more than a call waits",
    () =>
      Effect.gen(function* () {
        const { fleet, where } = yield* fleetOf(8, aMinute)
        let answers = 0
        yield* Effect.forEach(fleet, ({ press }) => press(4))
        yield* Effect.sleep("10 seconds")
        where.millis = () => (answers++ * 37) % 110
        const first = fleet.map(({ sent }) => sent.length)
        // Who is asked first is chance, which two minutes make even.
        yield* Effect.sleep("2 minutes")
        const all = fleet.flatMap(({ sent }) => sent)
        // What each used in the time of an answer comes on top: a call.
        expect(mostWithin(all, 60_000)).toBeLessThanOrEqual(600 + 60 + 8)
        const each = fleet.map(({ sent }, i) => sent.length - first[i]!)
        expect(each.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(1_200 * 0.99)
        expect(unfairness(each)).toBeLessThanOrEqual(0.1)
        return true
      }).pipe(inVirtualTime),
    60_000
  )

  it.live("K4 K5: with nobody to ask, each keeps to its part, and what it used so is not there twice afterwards", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(8, aMinute)
      yield* Effect.forEach(fleet, ({ press }) => press(4))
      for (const away of [100, 700, 3_000, 30_000]) {
        yield* Effect.sleep("10 seconds")
        where.answers = false
        yield* Effect.sleep(away)
        where.answers = true
      }
      yield* Effect.sleep("1 minute")
      const all = fleet.flatMap(({ sent }) => sent)
      expect(mostWithin(all, 60_000)).toBeLessThanOrEqual(600 + 60 + 8)
      // Nobody starves for it later on.
      expect(all.length).toBeGreaterThanOrEqual((40 + 34 + 60) * 10 * 0.9)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("a process that has never been answered keeps to the part that it is told", () =>
    Effect.gen(function* () {
      const where = yield* place
      where.answers = false
      const one = yield* limited(where.backend, aMinute, { shareAlone: 0.25 })
      const from = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      yield* one.press(4)
      yield* Effect.sleep("1 minute")
      expect(one.sent.length).toBeGreaterThanOrEqual(150)
      expect(one.sent.length).toBeLessThanOrEqual(150 + 15 + 1)
      expect(one.sent.filter((at) => at === from).length).toBeLessThanOrEqual(15)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("a call that fits waits once for a place that does not answer, and then nobody does", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(2, { requests: { limit: 600 } })
      const [one] = fleet
      const took = Effect.map(Effect.timed(one!.call), ([time]) => Duration.toMillis(time))
      expect(yield* took).toBe(0)
      yield* Effect.sleep("1 minute")
      where.answers = false
      expect(yield* took).toBe(50)
      for (let i = 0; i < 10; i++) expect(yield* took).toBe(0)
      expect((yield* one!.status).joined).toBe(false)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("K4: what a process was given that dies, the others have within seconds", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(4, { requests: { limit: 1_200, burst: 20 }, maxWait: "10 minutes" })
      yield* Effect.forEach(fleet, ({ press }) => press(2))
      yield* Effect.sleep("5 seconds")
      yield* Effect.forEach(fleet.slice(0, 2), ({ die }) => die)
      yield* Effect.sleep("6 seconds")
      const sent = () => fleet.slice(2).reduce((sum, { sent }) => sum + sent.length, 0)
      const before = sent()
      yield* Effect.sleep("10 seconds")
      expect(sent() - before).toBeGreaterThanOrEqual(190)
      expect(sent() - before).toBeLessThanOrEqual(220)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("most calls ask nobody, where there is enough", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(1, { requests: { limit: 60_000 } })
      where.commands = 0
      for (let i = 0; i < 1_000; i++) yield* Effect.zipRight(fleet[0]!.call, Effect.sleep(10))
      expect(fleet[0]!.sent.length).toBe(1_000)
      expect(where.commands).toBeLessThanOrEqual(10)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("K3: one 429 with a hint holds the limit of all of them until then", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(3, { requests: { limit: 600 }, maxWait: "10 minutes" })
      const [a, b, c] = fleet
      yield* b!.call
      yield* Effect.flip(
        Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(20) })).pipe(a!.limit.protect("a"))
      )
      const from = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      yield* Effect.all([b!.call, c!.call], { concurrency: 2 })
      // Nothing is saved up meanwhile, and ten come in a second.
      const sent = [b!.sent[1]! - from, c!.sent[0]! - from].sort((one, other) => one - other)
      expect(sent[0]).toBeGreaterThanOrEqual(20_000)
      expect(sent[1]).toBeLessThanOrEqual(20_300)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("K3: a hint that one was given while it could tell nobody is told once it can", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(2, { requests: { limit: 600 }, maxWait: "10 minutes" })
      const [a, b] = fleet
      yield* Effect.all([a!.call, b!.call])
      where.answers = false
      yield* Effect.flip(
        Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(60) })).pipe(a!.limit.protect("a"))
      )
      const from = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      yield* Effect.sleep("5 seconds")
      where.answers = true
      yield* Effect.sleep("5 seconds")
      yield* b!.call
      expect(b!.sent[1]! - from).toBeGreaterThanOrEqual(60_000)
      expect(b!.sent[1]! - from).toBeLessThanOrEqual(60_300)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("what calls have used comes out of the one limit, exactly", () =>
    Effect.gen(function* () {
      const { fleet } = yield* fleetOf(3, { tokens: { limit: 100_000, per: "1 day" }, maxWait: 0 })
      const calls = fleet.map(({ limit }, i) =>
        Effect.succeed({ usage: { input_tokens: 100 * (i + 1), output_tokens: 50 } }).pipe(
          limit.protect("a"),
          RateLimit.withEstimate({ inputTokens: 500, outputTokens: 500 })
        )
      )
      for (let i = 0; i < 10; i++) yield* Effect.all(calls, { discard: true })
      // Of what each holds only it knows what it has used; once they are idle all of it is back.
      yield* Effect.sleep("12 seconds")
      const left = yield* fleet[0]!.limit.left("a")
      expect(left.tokens).toBeGreaterThanOrEqual(100_000 - 10 * (150 + 250 + 350))
      expect(left.tokens).toBeLessThan(100_000 - 10 * (150 + 250 + 350) + 20)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("what is granted to a call that has gone on without goes back", () =>
    Effect.gen(function* () {
      const { fleet, where } = yield* fleetOf(1, { requests: { limit: 10, per: "1 day" } })
      const [one] = fleet
      yield* one!.call
      yield* Effect.sleep("1 minute")
      where.millis = () => 120
      yield* one!.call
      yield* Effect.sleep("20 seconds")
      where.millis = () => 0
      yield* Effect.sleep("20 seconds")
      expect(one!.sent.length).toBe(2)
      expect((yield* one!.limit.left("a")).requests).toBeCloseTo(8, 1)
      return true
    }).pipe(inVirtualTime)
  )

  it.live("a budget that does not fill again is asked for call by call, and nothing of it is lost", () =>
    Effect.gen(function* () {
      const where = yield* place
      const shared = SharedState.layer(Effect.succeed(where.backend))
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
      return true
    }).pipe(Effect.scoped, inVirtualTime)
  )
})
