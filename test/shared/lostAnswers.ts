/** A fleet over a place that loses answers, beside the reference of the breaker: whatever is lost, each thing counts once. */
import { Clock, Context, Duration, Effect, Exit, FastCheck as fc, Layer, Random, Scope } from "effect"
import { CircuitBreaker, LlmError, SharedState } from "effect-resilience"
import * as Simulation from "effect-resilience/testing/Simulation"
import { Reference } from "../internal/breaker/reference.js"

export type Happening =
  /** So many calls through one instance, one after the other. */
  | { readonly _tag: "Calls"; readonly at: number; readonly fail: boolean; readonly count: number }
  /** Each instance sees so many fail, and nobody waits for the others. */
  | { readonly _tag: "Failures"; readonly each: ReadonlyArray<number> }
  | { readonly _tag: "Reset" | "Isolate" | "Rejoin"; readonly at: number }
  | { readonly _tag: "Wait"; readonly seconds: number }

const instances = 3
const at = fc.nat(instances - 1)

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constant("Calls" as const),
      at,
      fail: fc.boolean(),
      count: fc.integer({ min: 1, max: 3 })
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constant("Failures" as const),
      each: fc.array(fc.nat(2), { minLength: instances, maxLength: instances })
    })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Reset" as const), at }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constantFrom("Isolate" as const, "Rejoin" as const), at }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Wait" as const), seconds: fc.constantFrom(1, 700) }) }
)

export const runs = fc.record({
  failures: fc.integer({ min: 2, max: 6 }),
  successes: fc.integer({ min: 1, max: 2 }),
  /** The share of changes whose answer is lost, and whether the place has them all from the first, or only later. */
  lost: fc.constantFrom(0, 0.3, 0.6),
  fromTheFirst: fc.boolean(),
  seed: fc.nat(),
  happenings: fc.array(happening, { minLength: 1, maxLength: 10, size: "max" })
})

export type Run = typeof runs extends fc.Arbitrary<infer A> ? A : never

const openFor = 600_000

/** The place does what it is asked to, or does not, or only a moment after it has said that it does not. */
const losing = (backend: SharedState.Backend, lost: { share: number }): SharedState.Backend => {
  const fails = Effect.fail(new SharedState.SharedStateError({ message: "the answer is lost" }))
  return {
    ...backend,
    swap: (key, swap) =>
      Effect.flatMap(Effect.all([Random.next, Random.next, Random.nextIntBetween(1, 150)]), ([chance, how, millis]) => {
        // Everybody hears everything, however little of a news it is.
        const done = Effect.delay(backend.swap(key, { ...swap, tell: "all" }), 1)
        if (chance >= lost.share || !key.startsWith("circuit/")) return done
        if (how < 1 / 3) return fails
        if (how < 2 / 3) return Effect.zipRight(done, fails)
        return Effect.zipRight(Effect.forkDaemon(Effect.delay(done, millis)), fails)
      })
  }
}

const instance = (backend: SharedState.Backend, { failures, successes }: Run) =>
  Effect.map(
    Layer.build(
      CircuitBreaker.layer({
        tripPolicy: CircuitBreaker.consecutive(failures),
        openDuration: openFor,
        halfOpen: { successes }
      }).pipe(Layer.provideMerge(SharedState.layer(Effect.succeed(backend))), Layer.fresh)
    ),
    (context) => ({
      breaker: Context.get(context, CircuitBreaker.CircuitBreaker),
      flush: Context.get(context, SharedState.SharedState).flush
    })
  )

const key = "a"
const fails = Effect.fail(new LlmError.ServerError({}))

type Fleet = ReadonlyArray<Effect.Effect.Success<ReturnType<typeof instance>>>

/** All have told and heard everything, and what was late has come. */
const settled = (fleet: Fleet): Effect.Effect<void> =>
  Effect.forEach([400, 400, 0], (millis) =>
    Effect.zipRight(
      Effect.forEach(fleet, ({ flush }) => flush),
      Effect.sleep(millis)
    )
  )

const described = (state: CircuitBreaker.State): string =>
  state._tag === "Closed" ? `Closed ${state.failures}` : state._tag

const describedReference = (reference: Reference, now: number): string => {
  if (reference.isolations > 0) return "Isolated"
  if (reference.phase !== "Closed") return reference.phase
  const failed = reference.window(now).map(({ how }) => how === "failure")
  return `Closed ${failed.length - 1 - failed.lastIndexOf(false)}`
}

const happens = (fleet: Fleet, reference: Reference, run: Run, lost: { share: number }) => {
  const held: Array<Scope.CloseableScope> = []
  const call = (which: number, fail: boolean) =>
    Effect.ignore((fail ? fails : Effect.void).pipe(fleet[which]!.breaker.execute({ key })))
  const expected = (fail: boolean, now: number): void => {
    const verdict = reference.start(now)
    if (!("rejected" in verdict)) reference.end(verdict, fail ? "failure" : "success", 0, now)
  }
  return (happening: Happening) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (happening._tag === "Calls") {
        for (let i = 0; i < happening.count; i++) {
          expected(happening.fail, yield* Clock.currentTimeMillis)
          yield* call(happening.at, happening.fail)
          yield* settled(fleet)
        }
      }
      // Of calls that probe, those of others who have not heard of it yet would be more.
      if (happening._tag === "Failures" && reference.phase === "Closed") {
        for (const count of happening.each) for (let i = 0; i < count; i++) expected(true, now)
        yield* Effect.forEach(happening.each, (count, which) => Effect.replicateEffect(call(which, true), count), {
          concurrency: "unbounded"
        })
      }
      if (happening._tag === "Reset") {
        reference.reset(now)
        yield* fleet[happening.at]!.breaker.reset(key)
      }
      if (happening._tag === "Isolate") {
        reference.isolate(1, now)
        const scope = yield* Scope.make()
        held.push(scope)
        yield* Scope.extend(fleet[happening.at]!.breaker.isolate(key), scope)
      }
      if (happening._tag === "Rejoin" && held.length > 0) {
        reference.isolate(-1, now)
        yield* Scope.close(held.shift()!, Exit.void)
      }
      if (happening._tag === "Wait") yield* Effect.sleep(Duration.seconds(happening.seconds))
      yield* settled(fleet)
      lost.share = run.lost
    })
}

/** The first difference between an instance and the reference, once all have told and heard everything, or nothing. */
export const differenceIn = async (run: Run): Promise<string | undefined> => {
  const reference = new Reference({
    trip: { _tag: "Consecutive", failures: run.failures },
    openFor: [openFor],
    maxRetryAfter: openFor,
    halfOpen: { probes: 1, successes: run.successes, probeTimeout: 30_000 }
  })
  const program = Effect.gen(function* () {
    const memory = yield* SharedState.makeMemoryBackend
    const lost = { share: run.fromTheFirst ? run.lost : 0 }
    const fleet = yield* Effect.replicateEffect(instance(losing(memory, lost), run), instances)
    const happen = happens(fleet, reference, run, lost)
    for (const [index, happening] of run.happenings.entries()) {
      yield* happen(happening)
      const wanted = describedReference(reference, yield* Clock.currentTimeMillis)
      for (const [which, { breaker }] of fleet.entries()) {
        const got = described(yield* breaker.state(key))
        if (got !== wanted) return `after ${index}, ${JSON.stringify(happening)}: ${which} is ${got}, not ${wanted}`
      }
    }
    return "the same"
  }).pipe(Effect.scoped, Effect.withRandom(Random.make(run.seed)))
  const end = await Effect.runPromise(Simulation.virtually(program, "10 days"))
  return end === "the same" ? undefined : (end ?? "it has not come to its end")
}
