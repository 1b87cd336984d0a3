/** Options: how those of a target and the general ones come together, and what is said of those that make no sense. */

import { LanguageModel } from "@effect/ai"
import { describe, expect, it } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Layer, Schedule, Stream } from "effect"
import { CircuitBreaker, Deadline, Fallback, LlmError, Resilience, RetryBudget, RetryPolicy } from "effect-resilience"
import * as ResilientLanguageModel from "effect-resilience/ai/ResilientLanguageModel"
import { target, toEnd } from "./targets.js"

const down = Effect.fail(new LlmError.ServerError({}))
const none = { circuitBreaker: false, deadline: false } as const

/** When a call that always fails is made, in seconds. */
const timesOf = (options: Resilience.Options, failure: Effect.Effect<never, LlmError.LlmError> = down) =>
  Effect.gen(function* () {
    const t = yield* target("t", failure)
    const start = yield* Clock.currentTimeMillis
    yield* toEnd(Resilience.protect(t.run, "t")).pipe(Effect.provide(Resilience.layer(options)))
    return (yield* t.asked).map((millis) => (millis - start) / 1000)
  })

describe("the options of a target are merged with the general ones", () => {
  const general = { maxAttempts: 5, initialDelay: "2 seconds", maxDelay: "4 seconds" } as const

  it.effect("a target that leaves out jitter has all that the general options say", () =>
    Effect.gen(function* () {
      const targets = { t: { retry: { jitter: "none" } } } as const
      expect(yield* timesOf({ ...none, retry: general, targets })).toEqual([0, 2, 6, 10, 14])
      expect(yield* timesOf({ ...none, retry: RetryPolicy.make(general), targets })).toEqual([0, 2, 6, 10, 14])
    })
  )

  it.effect("what is there only as `undefined` is left out too", () =>
    Effect.gen(function* () {
      const targets = { t: { retry: { jitter: "none", maxAttempts: undefined }, attemptTimeout: undefined } } as const
      expect(yield* timesOf({ ...none, retry: general, targets })).toEqual([0, 2, 6, 10, 14])
    })
  )

  it.effect("options for one kind of failure are merged with those for the others and with their own", () =>
    Effect.gen(function* () {
      const retry = { ...general, jitter: "none", perError: { ServerError: { maxAttempts: 3 } } } as const
      const perError = { ServerError: { initialDelay: "1 second" }, RateLimited: { maxAttempts: 2 } } as const
      const targets = { t: { retry: { perError } } } as const
      expect(yield* timesOf({ ...none, retry, targets })).toEqual([0, 1, 3])
      expect(yield* timesOf({ ...none, retry, targets }, Effect.fail(new LlmError.RateLimited({})))).toEqual([0, 2])
      expect(yield* timesOf({ ...none, retry, targets }, Effect.fail(new LlmError.Overloaded({})))).toHaveLength(5)
    })
  )

  it.effect("a schedule, a policy and `false` replace the general options, and options replace them", () =>
    Effect.gen(function* () {
      const own = (retry: Resilience.TargetOptions["retry"], before: Resilience.TargetOptions["retry"] = general) =>
        timesOf({ ...none, retry: before, targets: { t: { retry } } })
      expect(yield* own(false)).toEqual([0])
      expect(yield* own(Schedule.spaced("3 seconds").pipe(Schedule.intersect(Schedule.recurs(2))))).toEqual([0, 3, 6])
      expect(yield* own(RetryPolicy.make({ jitter: "none" }))).toEqual([0, 1, 3])
      expect(yield* own({ jitter: "none" }, Schedule.recurs(9))).toEqual([0, 1, 3])
      expect(yield* own({ jitter: "none" }, false)).toEqual([0, 1, 3])
    })
  )

  it.effect("a circuit breaker keeps what its target does not change", () =>
    Effect.gen(function* () {
      const { circuitBreaker, protect } = yield* Resilience.Resilience
      yield* Effect.exit(protect("t", down))
      expect(yield* circuitBreaker.state("t")).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(7) })
      yield* Effect.exit(protect("other", down))
      expect(yield* circuitBreaker.state("other")).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(9) })
    }).pipe(
      Effect.provide(
        Resilience.layer({
          retry: false,
          circuitBreaker: { tripPolicy: CircuitBreaker.consecutive(1), openDuration: "9 seconds" },
          targets: { t: { circuitBreaker: { openDuration: "7 seconds", halfOpen: { probes: 2 } } } }
        })
      )
    )
  )

  it.effect("a target named like something that every object has is a target like any other", () =>
    Effect.gen(function* () {
      expect(yield* Resilience.protect(Effect.succeed(1), "constructor")).toBe(1)
      expect(yield* Resilience.protect(Effect.succeed(1), "__proto__")).toBe(1)
    }).pipe(Effect.provide(Resilience.layer({ targets: {} })))
  )
})

describe("options that make no sense are refused, by name", () => {
  const refusal = (options: unknown): string => {
    const exit = Effect.runSyncExit(Effect.scoped(Resilience.make(options as Resilience.Options)))
    const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    expect(defect).toBeInstanceOf(RangeError)
    return (defect as RangeError).message
  }
  const cases: ReadonlyArray<readonly [name: string, options: unknown, says: RegExp]> = [
    ["retry: null", { retry: null }, /retry is null/],
    ["retry: true", { retry: true }, /retry is true/],
    ["retry: 3", { retry: 3 }, /retry is 3.*schedule/],
    ["retry: a list", { retry: [] }, /an object with options/],
    ["circuitBreaker: true", { circuitBreaker: true }, /circuitBreaker is true/],
    ["circuitBreaker: null", { circuitBreaker: null }, /circuitBreaker is null/],
    ["stream: true", { stream: true }, /stream is true/],
    ["retryBudget: true", { retryBudget: true }, /RetryBudget.*true/],
    ["a wrong name", { attemptTimout: "1 second" }, /no option "attemptTimout".*attemptTimeout/],
    ["a wrong name in retry", { retry: { attempts: 3 } }, /no option "attempts".*maxAttempts/],
    ["a wrong tag", { retry: { perError: { RateLimit: {} } } }, /no option "RateLimit".*RateLimited/],
    ["a wrong name for a kind", { retry: { perError: { RateLimited: { attempts: 3 } } } }, /RateLimited.*"attempts"/],
    ["a wrong name in circuitBreaker", { circuitBreaker: { trip: 1 } }, /no option "trip".*tripPolicy/],
    ["a wrong name in halfOpen", { circuitBreaker: { halfOpen: { probe: 1 } } }, /no option "probe"/],
    ["a wrong name in parking", { circuitBreaker: { parking: { wait: 1 } } }, /no option "wait"/],
    ["a wrong name in stream", { stream: { firstTokens: 1 } }, /no option "firstTokens"/],
    ["a wrong name in retryBudget", { retryBudget: { rate: 1 } }, /no option "rate"/],
    ["a target's", { targets: { "acme/x": { retry: { maxAttempts: 0 } } } }, /target "acme\/x".*maxAttempts is 0/],
    ["a target's wrong name", { targets: { "acme/x": { retries: 0 } } }, /target "acme\/x".*no option "retries"/],
    ["a target's circuit", { targets: { t: { circuitBreaker: { halfOpen: { probes: 0 } } } } }, /target "t".*probes/],
    ["a target's stream", { targets: { t: { stream: { idle: -1 } } } }, /target "t".*idle is -1/],
    ["a target that is none", { targets: { t: null } }, /target "t".*null/],
    ["options that are none", null, /null/],
    ["targets: null", { targets: null }, /targets is null/],
    ["targets: 3", { targets: 3 }, /targets is 3/],
    ["lastTarget: 3", { retry: { lastTarget: 3 } }, /lastTarget is 3.*true or false/],
    [
      "a kind's retry: 3",
      { retry: { perError: { RateLimited: { retry: 3 } } } },
      /RateLimited.retry is 3.*true or false/
    ],
    ["jitter: null", { retry: { jitter: null } }, /jitter is null/],
    ["maxRetryAfter: null", { retry: { maxRetryAfter: null } }, /maxRetryAfter is null/],
    ["retryBudget: null", { retryBudget: null }, /RetryBudget.*null/],
    ["retryBudget: a list", { retryBudget: [] }, /RetryBudget/],
    ["a share of null", { retryBudget: { share: null } }, /share is null/],
    ["counts: null", { circuitBreaker: { counts: null } }, /counts is null/],
    ["probes: null", { circuitBreaker: { halfOpen: { probes: null } } }, /probes is null, and has to be /],
    ["whenOpen: null", { circuitBreaker: { whenOpen: null } }, /whenOpen is null, and has to be /],
    ["capacity: null", { capacity: null }, /capacity is null/],
    ["idleTimeToLive: null", { idleTimeToLive: null }, /idleTimeToLive is null/],
    ["a budget of a hedge", { hedge: { after: 1, budget: 3 } }, /budget is 3/]
  ]
  for (const [name, options, says] of cases) it(name, () => expect(refusal(options)).toMatch(says))

  it("what all targets inherit is not blamed on one of them", () => {
    expect(refusal({ retry: { maxAttempts: 0 }, targets: { t: {} } })).not.toContain("target")
  })

  const durations = [Number.NaN, -1, -1n, "-1 second", "x", "", {}] as unknown as ReadonlyArray<never>
  const places: Readonly<Record<string, (duration: never) => unknown>> = {
    deadline: (deadline) => refusal({ deadline }),
    attemptTimeout: (attemptTimeout) => refusal({ attemptTimeout }),
    initialDelay: (initialDelay) => refusal({ retry: { initialDelay } }),
    maxDelay: (maxDelay) => refusal({ retry: { maxDelay } }),
    maxRetryAfter: (maxRetryAfter) => refusal({ retry: { maxRetryAfter } }),
    maxElapsed: (maxElapsed) => refusal({ retry: { maxElapsed } }),
    openDuration: (openDuration) => refusal({ circuitBreaker: { openDuration } }),
    probeTimeout: (probeTimeout) => refusal({ circuitBreaker: { halfOpen: { probeTimeout } } }),
    maxWait: (maxWait) => refusal({ circuitBreaker: { parking: { maxWait } } }),
    stagger: (stagger) => refusal({ circuitBreaker: { parking: { stagger } } }),
    firstToken: (firstToken) => refusal({ stream: { firstToken } }),
    idle: (idle) => refusal({ stream: { idle } }),
    total: (total) => refusal({ stream: { total } }),
    settle: (settle) => refusal({ stream: { settle } })
  }
  const shown = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value))
  for (const [field, refused] of Object.entries(places)) {
    for (const duration of durations) {
      // A backoff without a value of its own has the default.
      it(`${field}: ${shown(duration)}`, () => expect(refused(duration)).toContain(field))
    }
  }

  for (const duration of durations) {
    it(`durations given to an operator: ${shown(duration)}`, () => {
      expect(() => Deadline.within(Effect.void, duration)).toThrow(/Deadline\.within: duration is/)
      expect(() => Deadline.within(duration)(Effect.void)).toThrow(/Deadline\.within: duration is/)
      expect(() => Deadline.withinStream(Stream.empty, duration)).toThrow(/Deadline\.withinStream: duration is/)
      expect(() => CircuitBreaker.rateOver({ window: duration })).toThrow(/window/)
      expect(() => CircuitBreaker.rate({ slowCall: { threshold: duration, rate: 0.5 } })).toThrow(/slowCall.threshold/)
      expect(() => CircuitBreaker.parked(duration)).toThrow(/retryAfter/)
    })
  }

  it("a walk over no target, and over two of one name", () => {
    const run = Effect.succeed(1)
    const twice = [
      { name: "a", run },
      { name: "b", run },
      { name: "a", run }
    ] as const
    expect(() => Fallback.firstOf([] as never)).toThrow(/targets is empty/)
    expect(() => Fallback.firstStreamOf([] as never)).toThrow(/targets is empty/)
    expect(() => Fallback.firstOf(twice)).toThrow(/targets 0 and 2 is "a"/)
    expect(() => ResilientLanguageModel.layer({ targets: [] as never })).toThrow(/targets is empty/)
    const model = Layer.succeed(LanguageModel.LanguageModel, {} as never)
    const models = [
      { name: "a", model },
      { name: "a", model }
    ] as const
    expect(() => ResilientLanguageModel.layer({ targets: models })).toThrow(/targets 0 and 1 is "a"/)
  })

  it("the options of a policy, of a budget and of one stream", () => {
    expect(() => RetryPolicy.make(null as never)).toThrow(RangeError)
    expect(() => RetryPolicy.make({ retries: 1 } as never)).toThrow(/"retries"/)
    expect(() => RetryBudget.make({ rate: 1 } as never)).toThrow(/"rate"/)
    const stream = Resilience.protectStream(Stream.empty, "t", { deliver: "buffered" } as never)
    const exit = Effect.runSyncExit(Effect.provide(Stream.runDrain(stream), Resilience.layer()))
    expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toMatch(/"deliver"/)
    const named = Resilience.protectStream(Stream.empty, "t", { dialect: "openAiChat" as never })
    const refused = Effect.runSyncExit(Effect.provide(Stream.runDrain(named), Resilience.layer()))
    expect(Exit.isFailure(refused) && Cause.pretty(refused.cause)).toMatch(
      /dialect is "openAiChat", and has to be one of StreamDialect/
    )
  })
})

describe("options of a stream that are of a wrong kind", () => {
  it.effect("a buffer that is a number", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.scoped(Resilience.make({ stream: { buffer: 3 as never } })))
      expect(Exit.isFailure(exit) && String(Cause.squash(exit.cause))).toMatch(/buffer is 3/)
    })
  )
})
