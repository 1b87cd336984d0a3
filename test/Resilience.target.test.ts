/** A target as a constant: its name is typed once, and its options stand beside it. */
import { describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Stream } from "effect"
import { Fallback, LlmError, Resilience } from "effect-resilience"
import { expectTypeOf } from "vitest"
import { failureOf, target, toEnd } from "./targets.js"

const down = target("down", Effect.fail(new LlmError.ServerError({})))

const plain = { retry: { initialDelay: "1 second", jitter: "none", maxAttempts: 3 } } as const

const large = Resilience.target("acme/large", plain)
const small = Resilience.target("acme/small", { retry: false })
const other = Resilience.target("acme/other")

const defectOf = <A, E>(exit: Exit.Exit<A, E>): string =>
  Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "none"

type FailureOf<A> = A extends Effect.Effect<unknown, infer E, unknown> ? E : never

describe("a target as a constant", () => {
  it.effect("has its options by the layer that it is given to, and the others have theirs", () =>
    Effect.gen(function* () {
      const asked = (one: Resilience.Target) =>
        Effect.gen(function* () {
          const { asked, run } = yield* down
          yield* toEnd(one.protect(run))
          return yield* asked
        })
      expect(yield* asked(large)).toHaveLength(3)
      expect(yield* asked(small)).toHaveLength(1)
      expect(yield* asked(other)).toHaveLength(2)
    }).pipe(Effect.provide(Resilience.layer({ retry: { maxAttempts: 2 }, targets: [large, small] })))
  )

  it.effect("its calls and streams are those of LlmCall, under its name and policies", () =>
    Effect.gen(function* () {
      let times = 0
      const refused = async () => {
        times += 1
        throw Object.assign(new Error("no"), { status: 503 })
      }
      const call = yield* toEnd(large.call(refused))
      expect(failureOf(call.exit)).toMatchObject({ target: "acme/large", status: 503 })
      expect(times).toBe(3)
      yield* toEnd(large.call({ try: refused }, { retry: false }))
      expect(times).toBe(4)
      const { circuitBreaker } = yield* Resilience.Resilience
      yield* circuitBreaker.reset("acme/large")
      const stream = yield* toEnd(Stream.runDrain(large.stream(refused)))
      expect(failureOf(stream.exit)).toMatchObject({ target: "acme/large", status: 503 })
      expect(times).toBe(7)
      yield* toEnd(Stream.runDrain(large.stream({ try: refused }, { retry: false })))
      expect(times).toBe(8)
      yield* toEnd(large.call(refused, { retry: false }))
      expect((yield* circuitBreaker.state("acme/large"))._tag).toBe("Open")
      expect((yield* circuitBreaker.state("acme/small"))._tag).toBe("Closed")
    }).pipe(Effect.provide(large.layer))
  )

  it.effect("is an operator of effects and streams, with and without options", () =>
    Effect.gen(function* () {
      const { asked, run } = yield* down
      yield* toEnd(run.pipe(large.protect))
      yield* toEnd(run.pipe((call) => large.protect(call, { retry: false })))
      yield* toEnd(large.protect(run, { retry: { maxAttempts: 2 } }))
      expect(yield* asked).toHaveLength(3 + 1 + 1)
      const { circuitBreaker } = yield* Resilience.Resilience
      yield* circuitBreaker.reset("acme/large")
      const elements = Stream.fromEffect(run)
      yield* toEnd(Stream.runDrain(elements.pipe(large.protectStream)))
      yield* toEnd(Stream.runDrain(large.protectStream(elements, { retry: false })))
      expect(yield* asked).toHaveLength(5 + 3 + 1)
    }).pipe(Effect.provide(large.layer))
  )

  it.effect("with options that the layer was not told of it says so; without any there is nothing to tell", () =>
    Effect.gen(function* () {
      const call = yield* toEnd(large.call(async () => 1))
      expect(defectOf(call.exit)).toMatch(/target "acme\/large" has options of its own.*targets: \[/)
      const stream = yield* toEnd(Stream.runDrain(large.protectStream(Stream.empty)))
      expect(defectOf(stream.exit)).toMatch(/target "acme\/large" has options of its own/)
      expect(yield* other.call(async () => 1)).toBe(1)
      expect(yield* small.call(async () => 1)).toBe(1)
    }).pipe(Effect.provide(small.layer))
  )

  it.effect("policies that somebody wrapped are not asked what they were told", () =>
    Effect.gen(function* () {
      expect(yield* large.call(async () => 1)).toBe(1)
    }).pipe(
      Effect.provide(
        Layer.map(large.layer, (context) => context).pipe(
          Layer.flatMap(() =>
            Layer.scoped(
              Resilience.Resilience,
              Effect.map(Resilience.make(), (policies) => ({ ...policies }))
            )
          )
        )
      )
    )
  )

  it("what makes no sense is refused where it stands", () => {
    expect(() => Resilience.target("a", { retries: 3 } as never)).toThrow(/Resilience\.target has no option "retries"/)
    expect(() => Resilience.target(undefined as never)).toThrow(/the target is undefined, and has to be a name/)
    const refused = (targets: unknown) =>
      defectOf(Effect.runSyncExit(Effect.scoped(Resilience.make({ targets } as Resilience.Options))))
    expect(refused([large, Resilience.target("acme/large")])).toContain('targets names "acme/large" twice')
    expect(refused([large, "acme/small"])).toContain(
      'targets[1] is "acme/small", and has to be made by Resilience.target'
    )
    expect(refused([Resilience.target("bad", { deadline: -1 })])).toMatch(/target "bad".*deadline is -1/)
  })

  it("the types: one constant, its name, and the failures of a protected call", () => {
    expectTypeOf(large.name).toEqualTypeOf<"acme/large">()
    expectTypeOf(large).toMatchTypeOf<Resilience.Target>()
    // @ts-expect-error a misspelt option
    expect(() => Resilience.target("a", { retries: 3 })).toThrow()
    type Failure = LlmError.LlmError | Resilience.Failures
    const call = large.call(async () => "42")
    expectTypeOf(call).toEqualTypeOf<Effect.Effect<string, Failure, Resilience.Resilience>>()
    const piped = Effect.fail("no" as const).pipe(large.protect)
    expectTypeOf<FailureOf<typeof piped>>().toEqualTypeOf<"no" | Resilience.Failures>()
    const read = large.protect(Effect.fail("no" as const), { classify: () => Option.none() })
    expectTypeOf<FailureOf<typeof read>>().toEqualTypeOf<"no" | Failure>()
    const stream = Stream.make(1).pipe(large.protectStream)
    expectTypeOf(stream).toEqualTypeOf<Stream.Stream<number, Resilience.StreamFailures, Resilience.Resilience>>()
    const chunks = large.stream(async () => [] as unknown as AsyncIterable<{ readonly choices: [] }>, {
      delivery: "restartable"
    })
    expectTypeOf<Stream.Stream.Success<typeof chunks>>().toEqualTypeOf<
      { readonly choices: [] } | Resilience.Restarted
    >()
    const walk = Fallback.firstOf([
      { name: large.name, run: call },
      { name: small.name, run: small.call(async () => 1) }
    ])
    expectTypeOf<Effect.Effect.Success<typeof walk>>().toEqualTypeOf<string | number>()
  })
})

describe("the parts of the service", () => {
  it.effect("its budget can be looked at, and shared with whatever else repeats calls", () =>
    Effect.gen(function* () {
      const { protect, retryBudget } = yield* Resilience.Resilience
      expect(yield* retryBudget?.available("a") ?? Effect.succeed(Number.NaN)).toBe(2)
      yield* toEnd(protect("a", Effect.fail(new LlmError.ServerError({})), plain))
      expect(yield* retryBudget?.take("a") ?? Effect.succeed(false)).toBe(true)
    }).pipe(Effect.provide(Resilience.layer({ circuitBreaker: false, retryBudget: { share: 0, minimumPerSecond: 2 } })))
  )

  it.effect("there is none where the options have none", () =>
    Effect.gen(function* () {
      expect((yield* Resilience.Resilience).retryBudget).toBeUndefined()
    }).pipe(Effect.provide(Resilience.layer()))
  )
})
