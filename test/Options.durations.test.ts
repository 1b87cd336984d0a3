/** Every option that is a time refuses what is no time, and says which option it was and what stood there. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, type Duration, Effect, Exit, Layer, Redacted, Schema, Stream } from "effect"
import {
  AdaptiveLimit,
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Fallback,
  Hedge,
  KeyRotation,
  RateLimit,
  Resilience,
  ResponseCache,
  RetryBudget,
  RetryPolicy,
  SpendLimit
} from "effect-resilience"
import { layer, Script, Step } from "effect-resilience/testing/MisbehavingProvider"

/** What of these options may be a time. */
type Times<Options> = keyof {
  [Name in keyof Options as Duration.Duration extends Exclude<Options[Name], undefined> ? Name : never]: true
}

/** Makes what has the option, or an effect that does. */
type Uses<Options> = { readonly [Name in Times<Options>]-?: (time: never) => unknown }

const made = (options: Resilience.Options) => Resilience.make(options)
const circuit = (circuitBreaker: Resilience.CircuitBreakerOptions) => made({ circuitBreaker })
const queue = { maxConcurrent: 1, maxQueued: 1 }
const rate = { requests: { limit: 1 } }
const spend = { limit: 1 }
const asked = Effect.succeed(1)
const kept = { key: "k", schema: Schema.Number }
const cached = <A, E, R>(self: Effect.Effect<A, E, R | ResponseCache.ResponseCache>) =>
  Effect.provide(self, ResponseCache.layerMemory())

// The compiler sees to it that no option is missing here.
const backoff = (of: (options: RetryPolicy.Options) => unknown): Uses<RetryPolicy.BackoffOptions> => ({
  initialDelay: (initialDelay) => of({ initialDelay }),
  maxDelay: (maxDelay) => of({ maxDelay })
})
const call = (own: Resilience.CallOptions) => Effect.provide(Resilience.protect(asked, "a", own), Resilience.layer())
const stream = (own: Resilience.StreamOptions<unknown>) =>
  Effect.provide(Stream.runDrain(Resilience.protectStream(Stream.make(1), "a", own)), Resilience.layer())
const streamPolicy = (of: (policy: Resilience.StreamPolicy) => unknown): Uses<Resilience.StreamPolicy> => ({
  firstToken: (firstToken) => of({ firstToken }),
  idle: (idle) => of({ idle }),
  total: (total) => of({ total }),
  settle: (settle) => of({ settle })
})

const everywhere: Readonly<Record<string, Readonly<Record<string, (time: never) => unknown>>>> = {
  Resilience: {
    deadline: (deadline) => made({ deadline }),
    attemptTimeout: (attemptTimeout) => made({ attemptTimeout }),
    rampUp: (rampUp) => made({ rampUp, bulkhead: queue }),
    idleTimeToLive: (idleTimeToLive) => made({ idleTimeToLive })
  } satisfies Uses<Resilience.Options>,
  "a target": {
    deadline: (deadline) => made({ targets: { a: { deadline } } }),
    attemptTimeout: (attemptTimeout) => made({ targets: { a: { attemptTimeout } } }),
    rampUp: (rampUp) => made({ targets: { a: { rampUp, bulkhead: queue } } })
  } satisfies Uses<Resilience.TargetOptions>,
  "one call": {
    deadline: (deadline) => call({ deadline }),
    attemptTimeout: (attemptTimeout) => call({ attemptTimeout })
  } satisfies Uses<Resilience.CallOptions>,
  "one stream": {
    ...streamPolicy(stream),
    deadline: (deadline) => stream({ deadline }),
    attemptTimeout: (attemptTimeout) => stream({ attemptTimeout })
  } satisfies Uses<Resilience.StreamOptions<unknown>>,
  "the streams of a target": streamPolicy((stream) => made({ stream })),
  "the retries of a target": backoff((retry) => made({ retry })),
  RetryPolicy: {
    ...backoff(RetryPolicy.make),
    maxElapsed: (maxElapsed) => RetryPolicy.make({ maxElapsed }),
    maxRetryAfter: (maxRetryAfter) => RetryPolicy.make({ maxRetryAfter })
  } satisfies Uses<RetryPolicy.Options>,
  "RetryPolicy, one kind of failure": backoff(({ initialDelay, maxDelay }) =>
    RetryPolicy.make({ perError: { RateLimited: { initialDelay, maxDelay } } })
  ),
  "the circuit of a target": {
    openDuration: (openDuration) => circuit({ openDuration }),
    maxRetryAfter: (maxRetryAfter) => circuit({ maxRetryAfter })
  } satisfies Uses<Resilience.CircuitBreakerOptions>,
  CircuitBreaker: {
    openDuration: (openDuration) => Layer.build(CircuitBreaker.layerMemory({ openDuration })),
    maxRetryAfter: (maxRetryAfter) => Layer.build(CircuitBreaker.layerMemory({ maxRetryAfter }))
  } satisfies Uses<CircuitBreaker.Options>,
  "CircuitBreaker, half-open": {
    probeTimeout: (probeTimeout) => circuit({ halfOpen: { probeTimeout } })
  } satisfies Uses<CircuitBreaker.HalfOpenOptions>,
  "CircuitBreaker, parking": {
    maxWait: (maxWait) => circuit({ parking: { maxWait } }),
    stagger: (stagger) => circuit({ parking: { stagger } })
  } satisfies Uses<CircuitBreaker.ParkingOptions>,
  "CircuitBreaker, rates": {
    window: (window) => CircuitBreaker.rateOver({ window })
  } satisfies Uses<CircuitBreaker.RateOverOptions>,
  "CircuitBreaker, slow calls": {
    threshold: (threshold) => CircuitBreaker.rate({ slowCall: { threshold, rate: 0.5 } })
  } satisfies Uses<CircuitBreaker.SlowCallOptions>,
  RetryBudget: {
    idleTimeToLive: (idleTimeToLive) => RetryBudget.make({ idleTimeToLive })
  } satisfies Uses<RetryBudget.Options>,
  Bulkhead: {
    idleTimeToLive: (idleTimeToLive) => Bulkhead.make({ ...queue, idleTimeToLive }),
    maxWait: (maxWait) => Bulkhead.make({ ...queue, maxWait })
  } satisfies Uses<Bulkhead.Options>,
  "the bulkhead of a target": { maxWait: (maxWait) => made({ bulkhead: { ...queue, maxWait } }) },
  AdaptiveLimit: {
    idleTimeToLive: (idleTimeToLive) => AdaptiveLimit.make({ idleTimeToLive }),
    maxWait: (maxWait) => AdaptiveLimit.make({ maxWait })
  } satisfies Uses<AdaptiveLimit.Options>,
  "the adaptive limit of a target": { maxWait: (maxWait) => made({ adaptiveLimit: { maxWait } }) },
  RateLimit: {
    maxWait: (maxWait) => Layer.build(RateLimit.layerMemory({ ...rate, maxWait }))
  } satisfies Uses<RateLimit.Options>,
  "RateLimit, one limit": {
    per: (per) => Layer.build(RateLimit.layerMemory({ tokens: { limit: 1, per } }))
  } satisfies Uses<RateLimit.Limit>,
  "the rate limit of a target": {
    maxWait: (maxWait) => made({ rateLimit: { ...rate, maxWait } }),
    per: (per) => made({ rateLimit: { requests: { limit: 1, per } } })
  },
  SpendLimit: {
    per: (per) => Layer.build(SpendLimit.layerMemory({ ...spend, per })),
    maxWait: (maxWait) => Layer.build(SpendLimit.layerMemory({ ...spend, maxWait }))
  } satisfies Uses<SpendLimit.Options>,
  "the spend limit of a target": {
    per: (per) => made({ spendLimit: { ...spend, per } }),
    maxWait: (maxWait) => made({ spendLimit: { ...spend, maxWait } })
  },
  Hedge: {
    after: (after) => Hedge.again(asked, "a", { after })
  } satisfies Uses<Hedge.AgainOptions>,
  "the hedge of a target": { after: (after) => made({ hedge: { after } }) },
  "Hedge, a quantile": { initial: (initial) => Hedge.again(asked, "a", { after: Hedge.quantile(0.9, { initial }) }) },
  "Hedge, its memory": {
    halfLife: (halfLife) => Layer.build(Hedge.layer({ halfLife })),
    idleTimeToLive: (idleTimeToLive) => Layer.build(Hedge.layer({ idleTimeToLive }))
  } satisfies Uses<Hedge.MemoryOptions>,
  ResponseCache: {
    fresh: (fresh) => Layer.build(ResponseCache.layerMemory({ fresh })),
    staleIfError: (staleIfError) => Layer.build(ResponseCache.layerMemory({ staleIfError })),
    staleWhileRevalidate: (staleWhileRevalidate) => Layer.build(ResponseCache.layerMemory({ staleWhileRevalidate })),
    storeTimeout: (storeTimeout) => Layer.build(ResponseCache.layerMemory({ storeTimeout }))
  } satisfies Uses<ResponseCache.CacheOptions>,
  "ResponseCache, one call": {
    fresh: (fresh) => cached(ResponseCache.through(asked, { ...kept, fresh })),
    staleIfError: (staleIfError) => cached(ResponseCache.through(asked, { ...kept, staleIfError })),
    staleWhileRevalidate: (staleWhileRevalidate) =>
      cached(ResponseCache.through(asked, { ...kept, staleWhileRevalidate }))
  },
  Fallback: {
    patience: (patience) =>
      Fallback.firstOf(
        [
          { name: "a", run: asked },
          { name: "b", run: asked }
        ],
        { patience }
      )
  } satisfies Uses<Omit<Fallback.Options, "sticky">>,
  "Fallback, sticky": { keepFor: (keepFor) => Fallback.makeSticky({ keepFor }) },
  KeyRotation: {
    setAsideFor: (setAsideFor) => KeyRotation.make({ name: "a", keys: [Redacted.make("k")], setAsideFor }),
    restFor: (restFor) => KeyRotation.make({ name: "a", keys: [Redacted.make("k")], restFor })
  } satisfies Uses<KeyRotation.Options>,
  operators: {
    duration: (duration) => Deadline.within(asked, duration),
    "duration of maxElapsed": (duration) => RetryPolicy.maxElapsed(RetryPolicy.standard, duration),
    delay: (delay) => RetryPolicy.fixed(delay),
    retryAfter: (retryAfter) => CircuitBreaker.parked(retryAfter)
  }
}

/** What is said of what this makes. */
const refusal = (make: () => unknown): string => {
  const exit = Effect.runSyncExit(
    Effect.scoped(
      Effect.suspend(() => {
        const made = make()
        return Effect.isEffect(made) ? (made as Effect.Effect<unknown>) : Effect.void
      })
    )
  )
  return Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "nothing"
}

/** What is no time, and how it is shown. */
const bad: ReadonlyArray<readonly [time: unknown, shown: string]> = [
  [Number.NaN, "is NaN,"],
  [-1, "is -1,"],
  [-1n, "is -1,"],
  ["-1 seconds", 'is "-1 seconds",'],
  ["  -1 seconds", 'is "  -1 seconds",'],
  ["x", 'is "x",'],
  ["5", 'is "5",'],
  ["", 'is "",'],
  [{}, "is an object,"],
  [[-1, 0], "is a list,"],
  [() => 5, "is a function,"]
]

describe("an option that is a time", () => {
  for (const [where, uses] of Object.entries(everywhere)) {
    for (const [name, use] of Object.entries(uses)) {
      it(`${where}: ${name}`, () => {
        const field = name.split(" ")[0] as string
        for (const [time, shown] of bad) {
          const said = refusal(() => use(time as never))
          expect(said).toContain("RangeError: ")
          expect(said).toContain(field)
          expect(said).toContain(shown)
          expect(said).toContain("a duration of zero or more")
        }
      })
    }
  }

  it("of the testing provider too, in words of its own", () => {
    for (const [time] of bad) {
      const script = Script.inOrder([Step.answer({ delay: time as never })], { afterwards: "answer" })
      const said = refusal(() => Effect.scoped(Layer.build(layer({ script }))))
      expect(said).toContain("delay")
      expect(said).toContain("a finite duration")
    }
  })
})
