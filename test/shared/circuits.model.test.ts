import { Effect, FastCheck as fc } from "effect"
import { SharedState } from "effect-resilience"
import { describe, it } from "vitest"
import { slowCall } from "../../src/internal/breaker/policy.js"
import { SharedCircuits } from "../../src/internal/shared/circuits.js"
import { Link } from "../../src/internal/shared/link.js"
import { sequences } from "../internal/breaker/commands.js"
import { play } from "../internal/breaker/play.js"

// The same sequences, and the same reference, as for a breaker in one process: three instances that share a circuit are
// one breaker, once each has told and heard everything.

const unbounded = { idleTimeToLive: Number.POSITIVE_INFINITY, capacity: Number.POSITIVE_INFINITY }

const fleet = (backend: Effect.Effect<SharedState.Backend>, count: number) =>
  Effect.gen(function* () {
    const quiet = yield* backend
    // Everybody hears everything, however little of a news it is.
    const shared: SharedState.Backend = {
      ...quiet,
      swap: (key, swap) => quiet.swap(key, { ...swap, tell: swap.tell === "seldom" ? "all" : swap.tell })
    }
    return yield* Effect.replicateEffect(
      Effect.gen(function* () {
        const link = yield* Link.make({
          backend: shared,
          patience: 10_000,
          report: {
            lost: (_, error) => {
              throw error
            },
            joined: () => {}
          }
        })
        const circuits = yield* SharedCircuits.make(link, { soon: 50, late: 10_000, many: 200 }, unbounded)
        return { store: circuits.store, settled: circuits.settled }
      }),
      count
    )
  })

describe("a fleet and a simple reference", () => {
  it("B3 B4 B5: do the same over random sequences", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async ([policy, commands]) => {
        // Of calls under way each process knows only its own.
        const count = slowCall(policy.trip) === undefined ? 3 : 1
        const difference = await Effect.runPromise(play(policy, commands, fleet(SharedState.makeMemoryBackend, count)))
        if (difference !== undefined) throw new Error(difference)
      }),
      { numRuns: 100, seed: 20_261_128, endOnFailure: true }
    )
  })
})
