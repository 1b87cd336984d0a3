/** A fleet over a place for shared state, beside the reference of the breaker. */
import { Effect, type Scope } from "effect"
import type { SharedState } from "effect-resilience"
import type { Policy } from "../../src/internal/breaker/policy.js"
import { slowCall } from "../../src/internal/breaker/policy.js"
import { SharedCircuits } from "../../src/internal/shared/circuits.js"
import { Link } from "../../src/internal/shared/link.js"
import type { Command } from "../internal/breaker/commands.js"
import { play } from "../internal/breaker/play.js"

const unbounded = { idleTimeToLive: Number.POSITIVE_INFINITY, capacity: Number.POSITIVE_INFINITY }

const fleet = (backend: Effect.Effect<SharedState.Backend, never, Scope.Scope>, count: number) =>
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
          patience: 30_000,
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

/** Throws the first difference. */
export const expectAgreement = async (
  policy: Policy,
  commands: ReadonlyArray<Command>,
  backend: Effect.Effect<SharedState.Backend, never, Scope.Scope>
): Promise<void> => {
  // Of calls under way each process knows only its own.
  const count = slowCall(policy.trip) === undefined ? 3 : 1
  const difference = await Effect.runPromise(play(policy, commands, fleet(backend, count)))
  if (difference !== undefined) throw new Error(difference)
}
