import { describe, expect, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Random } from "effect"
import * as Simulation from "effect-resilience/testing/Simulation"
import { limited, mostWithin, place } from "./instances.js"

// Ten a second, and twenty saved up, for four who always have two calls to send.
const perSecond = 10
const burst = 20
const processes = 4
const options = { requests: { limit: 60 * perSecond, burst }, maxWait: "10 minutes" } as const

type Happening =
  /** One dies, and gives nothing back; another begins. */
  | { readonly _tag: "Killed"; readonly who: number }
  /** Nobody is answered for so long. */
  | { readonly _tag: "Away"; readonly millis: number }
  /** For so long, what was asked is done, and one of so many answers to it is lost. */
  | { readonly _tag: "Lost"; readonly millis: number; readonly every: number }
  /** For so long, answers take so long. */
  | { readonly _tag: "Slow"; readonly millis: number; readonly takes: number }
  /** All that was kept is gone. */
  | { readonly _tag: "Flushed" }

const millis = fc.integer({ min: 20, max: 5_000 })

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ _tag: fc.constant("Killed" as const), who: fc.nat(processes - 1) }),
  fc.record({ _tag: fc.constant("Away" as const), millis }),
  fc.record({ _tag: fc.constant("Lost" as const), millis, every: fc.integer({ min: 2, max: 10 }) }),
  fc.record({ _tag: fc.constant("Slow" as const), millis, takes: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ _tag: fc.constant("Flushed" as const) })
)

const sequences = fc.array(fc.tuple(happening, fc.integer({ min: 0, max: 6_000 })), { minLength: 1, maxLength: 8 })

/** What was sent when, while all that happens, and how often something did that may let more through. */
const play = (happenings: ReadonlyArray<readonly [Happening, number]>) =>
  Effect.gen(function* () {
    const where = yield* place
    const sent: Array<ReadonlyArray<number>> = []
    const begun = Effect.tap(limited(where.backend, options), (one) =>
      Effect.sync(() => sent.push(one.sent)).pipe(Effect.zipRight(one.press(2)))
    )
    const fleet = yield* Effect.replicateEffect(begun, processes)
    yield* Effect.sleep("6 seconds")
    for (const [what, pause] of happenings) {
      switch (what._tag) {
        case "Killed":
          yield* fleet[what.who]!.die
          fleet[what.who] = yield* begun
          break
        case "Away":
          where.answers = false
          yield* Effect.sleep(what.millis)
          where.answers = true
          break
        case "Lost":
          where.losesEvery = what.every
          yield* Effect.sleep(what.millis)
          where.losesEvery = undefined
          break
        case "Slow":
          where.millis = () => what.takes
          yield* Effect.sleep(what.millis)
          where.millis = () => 0
          break
        case "Flushed":
          yield* where.erase
      }
      yield* Effect.sleep(pause)
    }
    yield* Effect.sleep("5 seconds")
    return sent.flat()
  })

describe("a limit of a fleet, whatever happens to it", () => {
  it("K4 K5: in no time more is sent than the limit and what is stated beyond it", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, fc.nat(1_000), async (happenings, seed) => {
        const sent = (await Effect.runPromise(
          Effect.withRandom(Simulation.virtually(play(happenings), "1 day"), Random.make(seed))
        ))!
        const of = (tag: Happening["_tag"]) => happenings.filter(([{ _tag }]) => _tag === tag).length
        for (const window of [1_000, 5_000, 20_000, 60_000]) {
          const limit = (perSecond * window) / 1_000 + burst
          // A new bucket is full; up to three calls for each who is not answered in time.
          const beyond = of("Flushed") * burst + 3 * processes
          // Whoever has never been answered has a tenth.
          const newcomers = of("Killed") * 0.1 * limit
          expect(mostWithin(sent, window)).toBeLessThanOrEqual(limit + beyond + newcomers)
        }
      }),
      { numRuns: 6, seed: 20_261_129 }
    )
  })
})
